"""`maverick models show`: a version's manifest, as people read it."""

from typing import Any

from maverick_assets.cli.console import AsJson, PersonalityName, print_result
from maverick_assets.cli.models.versions import ExistingVersion
from maverick_assets.figures.response import ResponseTimes
from maverick_assets.registry.comparing.figure_list import figures_of, shown
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.settings import load_settings


def models_show(
    personality: PersonalityName, version: ExistingVersion = "final", as_json: AsJson = False
) -> None:
    """Verify a version's signature and files, and show its manifest."""
    registry = Registry(load_settings().models)
    manifest = registry.verified(personality, version)
    registry.verify(personality, version)
    signed = registry.signatures.exist
    content: dict[str, Any] = manifest.model_dump(mode="json") | {"signed": signed}
    print_result(content, "\n".join(_lines(registry, manifest, signed)), as_json)


def _lines(registry: Registry, manifest: Manifest, signed: bool) -> list[str]:
    directory = registry.directory(manifest.personality, manifest.version)
    report = next(
        (n for n in manifest.files if n in ("report/report.html", "report/report.md")), None
    )
    signature = (
        f"verified with {registry.signatures.public_key}"
        if signed
        else "none: an earlier release made it; the next change of a version signs all"
    )
    rows = "" if manifest.dataset_rows is None else f", {manifest.dataset_rows:,} rows"
    return [
        f"{manifest.recipe.title}: {manifest.personality} {manifest.version}, {_state(manifest)}",
        _line("kind", manifest.kind),
        _line("made", f"{manifest.created_at:%Y-%m-%d %H:%M} UTC"),
        _line(
            "trained on",
            " <- ".join(str(a.version) for a in reversed(manifest.ancestors)) or "the base",
        ),
        _line("base", manifest.base_digest[:12]),
        _line("dataset", f"version {manifest.dataset_version}{rows}"),
        *_training(manifest),
        *_gate(manifest),
        *_parity(manifest),
        *_node_overrides(manifest),
        *_figures(manifest),
        _line("signature", signature),
        _line("files", f"{len(manifest.files)} verified in {directory}"),
        *(f"    {digest[:12]}  {name}" for name, digest in manifest.files.items()),
        _line("report", directory / report if report else "none"),
    ]


def _line(name: str, value: object) -> str:
    return f"{name:<11} {value}"


def _state(manifest: Manifest) -> str:
    words: str = manifest.state
    if manifest.released_at is not None:
        words += f", last put in service {manifest.released_at:%Y-%m-%d %H:%M} UTC"
    if manifest.revoked is not None:
        words += f": {manifest.revoked.reason}"
    if manifest.pruned is not None:
        words += f"; weights removed by retention on {manifest.pruned.at:%Y-%m-%d}"
    return words


def _training(manifest: Manifest) -> list[str]:
    summary = manifest.training
    if summary is None:
        return []
    text = (
        f"{summary.n_examples:,} examples, {summary.n_tokens:,} tokens, {summary.epochs} epochs in "
        f"{summary.steps} steps, {summary.seconds:.0f} s on {summary.device} ({summary.dtype})"
    )
    return [_line("training", text)]


def _gate(manifest: Manifest) -> list[str]:
    gate = manifest.gate
    if gate is None:
        return [_line("gate", "not evaluated")]
    override = f"; released all the same: {gate.override}" if gate.override else ""
    lines = [_line("gate", gate.verdict + override)]
    return lines + [f"    {reason}" for reason in gate.reasons]


def _parity(manifest: Manifest) -> list[str]:
    parity = manifest.parity
    if parity is None:
        return [_line("parity", "not exported")]
    override = f"; released all the same: {parity.override}" if parity.override else ""
    lines = [_line("parity", ("passed" if parity.passed else "refused") + override)]
    return lines + [f"    {reason}" for reason in parity.reasons] + _speed(parity.response_times)


def _node_overrides(manifest: Manifest) -> list[str]:
    return [
        line
        for each in manifest.node_overrides
        for line in (
            _line("overridden", f"on {each.node} since {each.at:%Y-%m-%d}: {each.reason}"),
            f"    {each.difference}",
        )
    ]


def _speed(times: ResponseTimes | None) -> list[str]:
    if times is None:
        return []
    first, rate = times.first_token_ms, times.tokens_per_second
    text = (
        f"first token {first.p50:.0f} ms, p95 {first.p95:.0f} ms; {rate.p50:.0f} tokens/s, p95 "
        f"{rate.p95:.0f} ({times.machine}, threads: {times.threads})"
    )
    return [_line("speed", text)]


def _figures(manifest: Manifest) -> list[str]:
    if manifest.metrics is None:
        return []
    measured = f"on {manifest.metrics.n_examples} examples of {manifest.metrics.split}"
    figures = figures_of(manifest.metrics).items()
    return [_line("figures", measured), *(f"    {name}: {shown(each)}" for name, each in figures)]
