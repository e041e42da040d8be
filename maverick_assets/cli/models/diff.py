"""`maverick models diff`: what changed from one version to another."""

from typing import Any

from maverick_assets.cli.console import AsJson, PersonalityName, print_result
from maverick_assets.cli.models.versions import ExistingVersion
from maverick_assets.registry.comparing.difference import Difference, difference
from maverick_assets.registry.comparing.figure_list import figure_as_json, shown
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.settings import load_settings


def models_diff(
    personality: PersonalityName,
    before: ExistingVersion,
    after: ExistingVersion,
    as_json: AsJson = False,
) -> None:
    """Compare two versions: recipe, examples, figures and gates."""
    settings = load_settings()
    registry = Registry(settings.models)
    versions = (registry.verified(personality, each) for each in (before, after))
    changed = difference(settings.lake, *versions)
    print_result(_as_json(changed), "\n".join(_lines(changed)), as_json)


def _lines(changed: Difference) -> list[str]:
    before, after = changed.before, changed.after
    names = (f"{each.version} ({each.state})" for each in (before, after))
    lines = [f"{before.personality}: {' -> '.join(names)}"]
    lines += ["recipe"] + [f"    {key}: {a} -> {b}" for key, (a, b) in changed.recipe.items()]
    if not changed.recipe:
        lines[-1] += ": the same"
    if before.base_digest != after.base_digest:
        lines += [f"base: {before.base_digest[:12]} -> {after.base_digest[:12]}"]
    if changed.rows:
        rows = changed.rows
        lines += [f"examples: {rows.added} added, {rows.removed} removed, {rows.moved} moved"]
    else:
        lines += [f"examples: cannot be compared: {changed.no_rows}"]
    note = "" if changed.same_measure else " (measured on other examples: not comparable)"
    lines += [f"figures{note}"]
    lines += [f"    {name}: {shown(a)} -> {shown(b)}" for name, (a, b) in changed.figures.items()]
    for manifest in (before, after):
        lines += [f"gate of {manifest.version}: {_gate(manifest)}"]
        lines += [f"    {reason}" for reason in (manifest.gate.reasons if manifest.gate else ())]
    return lines


def _gate(manifest: Manifest) -> str:
    if manifest.gate is None:
        return "not evaluated"
    return manifest.gate.verdict


def _as_json(changed: Difference) -> dict[str, Any]:
    rows = changed.rows
    return {
        "personality": changed.before.personality,
        "before": str(changed.before.version),
        "after": str(changed.after.version),
        "recipe": {key: list(pair) for key, pair in changed.recipe.items()},
        "base": [changed.before.base_digest, changed.after.base_digest],
        "examples": None if rows is None else vars(rows),
        "examples_problem": changed.no_rows,
        "same_measure": changed.same_measure,
        "figures": {
            n: [figure_as_json(each) for each in pair] for n, pair in changed.figures.items()
        },
        "gates": [
            each.gate and each.gate.model_dump(mode="json")
            for each in (changed.before, changed.after)
        ],
    }
