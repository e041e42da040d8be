"""The model card of a pushed version: figures and facts, and no text of any example."""

from collections.abc import Mapping
from typing import Any

import yaml

from maverick_assets.registry.comparing.figure_list import figures_of, shown
from maverick_assets.registry.manifest import Manifest

_PRIVATE = """\
**Private.** It was trained on one person's own records, and weights can repeat what they learned:
keep this repository private, and give nobody access who may not read those records."""
_HOW = """\
`adapter_config.json` and `adapter_model.safetensors` are the adapter for PEFT, `adapter.gguf` is
the same for llama.cpp{ollama}. `model.sig` signs all files (OpenSSF Model Signing):

    model_signing verify key . --signature model.sig --public_key versions.pub \\
        --ignore-paths versions.pub --ignore-paths .gitattributes"""


def model_card(manifest: Manifest, base: str | None, *, has_modelfile: bool) -> str:
    """The text of README.md. `base` is the base's name on the Hub, where it has one."""
    recipe = manifest.recipe
    head: dict[str, Any] = {"library_name": "peft", "pipeline_tag": "text-generation"}
    if base:
        head["base_model"] = base
    head["tags"] = ["lora", "personality"]
    ollama = ", and `Modelfile` is for Ollama" if has_modelfile else ""
    sections = [
        f"---\n{yaml.safe_dump(head, sort_keys=False)}---",
        f"# {recipe.title} {manifest.version}",
        f"{recipe.description}",
        _PRIVATE,
        _facts(manifest, base),
        "## Figures",
        _figures(manifest),
        "## Files",
        _HOW.format(ollama=ollama),
    ]
    return "\n\n".join(sections) + "\n"


def _facts(manifest: Manifest, base: str | None) -> str:
    training = manifest.training
    facts: dict[str, object] = {
        "personality": manifest.personality,
        "version": f"{manifest.version} ({manifest.kind})",
        "base": f"{base or 'a model of its owner'}, sha256 {manifest.base_digest}",
        "dataset": f"version {manifest.dataset_version}, {manifest.dataset_rows} examples",
    }
    if training:
        facts["training"] = (
            f"{training.n_examples} examples, {training.n_supervised} supervised tokens, "
            f"{training.epochs} epochs, {training.steps} steps, seed {training.seed}"
        )
    gate, parity = manifest.gate, manifest.parity
    facts["gate"] = "not evaluated" if gate is None else _decision(gate.passed, gate.override)
    if parity:
        facts["export compared"] = _decision(parity.passed, parity.override)
    return _table(("fact", ""), facts)


def _decision(passed: bool, override: str | None) -> str:
    return "passed" if passed else "refused" + (", released by its operator" if override else "")


def _figures(manifest: Manifest) -> str:
    if manifest.metrics is None:
        return "None: this version was not evaluated."
    measured = f"On {manifest.metrics.n_examples} held-out examples ({manifest.metrics.split})."
    figures = {name: shown(each) for name, each in figures_of(manifest.metrics).items()}
    return f"{measured} Intervals, where there are any, are of 95 %.\n\n" + _table(
        ("figure", "value"), figures
    )


def _table(head: tuple[str, str], rows: Mapping[str, object]) -> str:
    lines = [f"| {head[0]} | {head[1]} |", "|---|---|"]
    return "\n".join(lines + [f"| {name} | {value} |" for name, value in rows.items()])
