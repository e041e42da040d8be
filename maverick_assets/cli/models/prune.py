"""`maverick models prune`: the weights of old versions go."""

from typing import Annotated

import typer

from maverick_assets.cli.console import AsJson, TerminalLog, print_result
from maverick_assets.settings import load_settings


def models_prune(
    personality: Annotated[str | None, typer.Argument(help="Only this personality.")] = None,
    *,
    keep: Annotated[
        int | None,
        typer.Option(min=1, help="Versions to keep, in place of MAVERICK_KEEP_VERSIONS."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would go.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete the weights of old versions; their manifests, figures and reports stay."""
    from maverick_assets.pipeline.retention import prune
    from maverick_assets.pipeline.run_context import RunContext

    run = RunContext(load_settings(), "prune", TerminalLog())
    names = [personality] if personality else run.registry.personalities()
    rows = [row for name in names for row in prune(run, name, keep, dry_run=dry_run)]
    result = [
        {"personality": row.personality, "version": row.version, "bytes": row.size} for row in rows
    ]
    verb = "would lose" if dry_run else "lost"
    lines = [
        f"{row.personality} {row.version} {verb} its weights, {row.size / 1e6:.1f} MB"
        for row in rows
    ]
    print_result(result, "\n".join(lines) or "no version has weights that may go", as_json)
