"""Versions in a table: what `maverick models list`, `demo`, `run` and `status` print."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer
from rich.table import Table as RichTable

from maverick_assets.cli.console import cell, print_table
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.settings import Settings

ExistingVersion = Annotated[
    str, typer.Argument(help="A version, such as v1.0, or `final`, the one in service.")
]


def show_versions(manifests: Iterable[Manifest], as_json: bool) -> None:
    """Print versions with their perplexities, one per line."""
    rows = [summary(manifest) for manifest in manifests]
    table = RichTable("personality", "version", "state", "base", "adapter", "ratio")
    table.caption = "perplexity of completions of held-out examples"
    for row in rows:
        figures = (row["perplexity_base"], row["perplexity_adapter"], row["ratio"])
        shown = ("" if figure is None else f"{figure:.2f}" for figure in figures)
        state = row["state"] + (", pruned" if row["pruned"] else "")
        table.add_row(*map(cell, (row["personality"], row["version"], state)), *shown)
    print_table(rows, table, as_json)


def summary(manifest: Manifest) -> dict[str, Any]:
    """A version as `--json` prints it; figures are None before its evaluation."""
    metrics = manifest.metrics
    return {
        "personality": manifest.personality,
        "version": str(manifest.version),
        "state": manifest.state,
        "pruned": manifest.pruned is not None,
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
