"""`maverick ui`: Dagster, until Ctrl-C."""

from typing import Annotated

import typer

from maverick_assets.cli.services import running_services
from maverick_assets.cli.supervisor import run_ui
from maverick_assets.settings import load_settings


def ui(
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    port: Annotated[int, typer.Option()] = 3000,
) -> None:
    """Dagster's webserver and daemon, until Ctrl-C."""
    with running_services(load_settings()):
        run_ui(host, port)
