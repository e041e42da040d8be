"""`maverick ui`: Dagster, until Ctrl-C."""

from typing import Annotated

import typer

from maverick_assets.cli.services import running_services
from maverick_assets.cli.supervisor import run_ui
from maverick_assets.settings import load_settings


def ui(
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen at.")] = 3000,
) -> None:
    """Serve Dagster's web pages and run its schedules, until Ctrl-C."""
    with running_services(load_settings()):
        run_ui(host, port)
