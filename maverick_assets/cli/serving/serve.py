"""`maverick serve`: the HTTP API."""

import asyncio
from typing import Annotated

import typer

from maverick_assets.cli.console import note
from maverick_assets.cli.services import require_free_port
from maverick_assets.private.run_home import open_run_home
from maverick_assets.settings import load_settings


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
) -> None:
    """Serve the HTTP API of all personalities in service, until Ctrl-C.

    Whoever calls it shows a token: the first start makes one, `maverick tokens` makes others.
    """
    from maverick_assets.api.app import api_rules
    from maverick_assets.api.server import run_server
    from maverick_assets.api.tokens import TokenBook
    from maverick_assets.serving.service import ChatService

    settings = load_settings()
    rules = api_rules(settings, host)
    require_free_port(host, port)
    open_run_home(settings.home)
    made = TokenBook(settings.home / "keys").ensure_first()

    def say_who_answers(service: ChatService) -> None:
        for name, version in service.served().items():
            note(f"{name} {version} answers")
        for reason in service.released.left_out.values():
            note(f"maverick: {reason}")
        if made is not None:
            note(f"a token for all of the API is in {made}: keep it to yourself")
        typer.echo(f"The API: http://{host}:{port}")

    asyncio.run(run_server(settings, rules, host, port, say_who_answers))
