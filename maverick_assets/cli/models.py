"""`maverick models`: list, show, release and roll back versions."""

import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.table import Table as RichTable

from maverick_assets.cli.console import (
    AsJson,
    PersonalityName,
    TerminalLog,
    cell,
    print_result,
    print_table,
)
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.settings import Settings, load_settings

ExistingVersion = Annotated[
    str, typer.Argument(help="A version, such as v1.0, or `final`, the one in service.")
]


class Precision(StrEnum):
    """Of a merged model."""

    F16 = "f16"
    Q8_0 = "q8_0"


models_app = typer.Typer(help="List, show, release and roll back versions.", no_args_is_help=True)


@models_app.command("list")
def models_list(
    personality: Annotated[str | None, typer.Argument(help="Only this personality.")] = None,
    as_json: AsJson = False,
) -> None:
    """List every version with its state and its perplexity on held-out examples."""
    show_versions(list(Registry(load_settings().models).list(personality)), as_json)


@models_app.command("show")
def models_show(
    personality: PersonalityName, version: ExistingVersion = "final", as_json: AsJson = False
) -> None:
    """Verify a version's files and show its manifest."""
    registry = Registry(load_settings().models)
    manifest = registry.get(personality, version)
    registry.verify(personality, version)
    content = manifest.model_dump(mode="json")
    brief = manifest.model_dump(mode="json", exclude={"training": {"losses"}})
    print_result(content, json.dumps(brief, indent=2, ensure_ascii=False), as_json)


@models_app.command("release")
def models_release(
    personality: PersonalityName,
    version: ExistingVersion,
    reason: Annotated[
        str | None,
        typer.Option(help="Why; required for a version that its gate refused or never saw."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put a version in service, on every node of the fleet."""
    from maverick_assets.pipeline.deploy import follow_registry, require_level
    from maverick_assets.pipeline.release import release_by_operator
    from maverick_assets.pipeline.run_context import RunContext

    run = RunContext(load_settings(), "release", TerminalLog())
    show_versions([release_by_operator(run, personality, version, reason)], as_json)
    require_level(follow_registry(run, personality))


@models_app.command("export")
def models_export(
    personality: PersonalityName,
    version: ExistingVersion = "final",
    *,
    merged: Annotated[
        Precision, typer.Option(help="Precision of the merged model: f16, or q8_0 (8 bits).")
    ],
    as_json: AsJson = False,
) -> None:
    """Write base and adapter of a version as one GGUF file, for programs without adapters."""
    from maverick_assets.pipeline.release import merge_version
    from maverick_assets.pipeline.run_context import RunContext

    run = RunContext(load_settings(), "export", TerminalLog())
    manifest = merge_version(run, personality, version, merged.value)
    name = f"merged-{merged.value}.gguf"
    path = run.registry.directory(personality, manifest.version) / name
    content: dict[str, Any] = {
        "personality": personality,
        "version": str(manifest.version),
        "file": str(path),
    }
    content |= {"sha256": manifest.files[name], "bytes": path.stat().st_size}
    print_result(content, f"{path}\nsha256 {manifest.files[name]}", as_json)


@models_app.command("rollback")
def models_rollback(
    personality: PersonalityName,
    to: Annotated[
        str | None,
        typer.Option(help="A version; without it, the next lower release."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Put an earlier version back in service, on every node of the fleet."""
    from maverick_assets.pipeline.deploy import follow_registry, require_level
    from maverick_assets.pipeline.run_context import RunContext

    run = RunContext(load_settings(), "rollback", TerminalLog())
    show_versions([run.registry.rollback(personality, to)], as_json)
    require_level(follow_registry(run, personality))


def show_versions(manifests: Iterable[Manifest], as_json: bool) -> None:
    """Print versions with their perplexities, one per line."""
    rows = [summary(manifest) for manifest in manifests]
    table = RichTable("personality", "version", "state", "base", "adapter", "ratio")
    table.caption = "perplexity of completions of held-out examples"
    for row in rows:
        figures = (row["perplexity_base"], row["perplexity_adapter"], row["ratio"])
        shown = ("" if figure is None else f"{figure:.2f}" for figure in figures)
        table.add_row(*map(cell, (row["personality"], row["version"], row["state"])), *shown)
    print_table(rows, table, as_json)


def summary(manifest: Manifest) -> dict[str, Any]:
    """A version as `--json` prints it; figures are None before its evaluation."""
    metrics = manifest.metrics
    return {
        "personality": manifest.personality,
        "version": str(manifest.version),
        "state": manifest.state,
        "perplexity_base": metrics.base.perplexity if metrics else None,
        "perplexity_adapter": metrics.adapter.perplexity if metrics else None,
        "ratio": metrics.ratio if metrics else None,
    }


def versions_in_service(settings: Settings) -> list[Manifest]:
    """The version in service of each personality that has one."""
    registry = Registry(settings.models)
    return [
        manifest
        for name in registry.personalities()
        if (manifest := registry.in_service(name)) is not None
    ]
