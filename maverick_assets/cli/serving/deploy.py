"""`maverick deploy`: versions in service on the Ollama servers of the fleet."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table as RichTable

from maverick_assets.cli.console import AsJson, TerminalLog, cell, note, print_table
from maverick_assets.fleets import load_fleet
from maverick_assets.settings import load_settings

if TYPE_CHECKING:
    from maverick_assets.pipeline.deploy import Deployment


def deploy(
    personality: Annotated[
        list[str] | None, typer.Argument(help="Only these personalities.", show_default=False)
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(
            help="Why a node may answer otherwise than the version's files do here; the version "
            "is put in service there all the same."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Bring every Ollama of the fleet level with the versions in service."""
    from maverick_assets.pipeline.deploy import deploy as deploy_all
    from maverick_assets.pipeline.deploy import require_level
    from maverick_assets.pipeline.run_context import RunContext

    settings = load_settings()
    run = RunContext(settings, "deploy", TerminalLog())
    deployments = deploy_all(run, personality or (), reason=reason)
    if not deployments and not as_json:
        note(f"nothing to deploy: no node of the fleet {load_fleet(settings.fleet).name} has an")
        note("`ollama` and serves a personality that has a version (docs/deploy.md)")
    _show(deployments, as_json)
    require_level(deployments)


def _show(deployments: Sequence["Deployment"], as_json: bool) -> None:
    """Print a line for each personality and node."""
    table = RichTable("personality", "version", "node", "state", "answers with", "seconds")
    rows = _rows(deployments)
    for row in rows:
        words = [row[key] or "" for key in ("personality", "version", "node", "state", "serves")]
        if row["override"]:
            words[3] += ", overridden"
        table.add_row(*map(cell, words), f"{row['seconds']:.1f}")
    print_table(rows, table, as_json)


def _rows(deployments: Sequence["Deployment"]) -> list[dict[str, Any]]:
    return [
        {
            "personality": deployment.personality,
            "version": deployment.version,
            "node": node.node,
            "state": node.state,
            "serves": node.serves,
            "seconds": node.seconds,
            "problem": node.problem,
            "override": node.override,
        }
        for deployment in deployments
        for node in deployment.nodes
    ]
