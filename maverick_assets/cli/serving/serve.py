"""`maverick serve`: the HTTP API."""

import asyncio
import sys
from typing import Annotated

import typer

from maverick_assets.cli.console import note
from maverick_assets.cli.services import require_free_port
from maverick_assets.private.run_home import open_run_home
from maverick_assets.settings import load_settings

CHAT_PORT, TRAINER_PORT = 8000, 8011


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = CHAT_PORT,
    trainer_port: Annotated[
        int | None,
        typer.Option(
            help="Second port, where programs look for training and releases; unset: "
            f"{TRAINER_PORT} beside {CHAT_PORT}, and none beside another --port."
        ),
    ] = None,
) -> None:
    """Serve the chat page and the HTTP API of all personalities in service, until Ctrl-C.

    Both ports answer the same. Whoever calls it shows a token: the first start makes one,
    `maverick tokens` makes others.
    """
    from maverick_assets.api.app import api_rules
    from maverick_assets.api.server import Address, run_server
    from maverick_assets.api.tokens import TokenBook
    from maverick_assets.serving.service import ChatService
    from maverick_assets.web.origin import in_url

    settings = load_settings()
    rules = api_rules(settings, host)
    if trainer_port is None and port == CHAT_PORT:
        trainer_port = TRAINER_PORT
    ports = (port,) if trainer_port in (None, port) else (port, trainer_port)
    for each in ports:
        require_free_port(host, each)
    open_run_home(settings.home)
    made = TokenBook(settings.home / "keys").ensure_first()

    def say_who_answers(service: ChatService, code: str | None) -> None:
        for name, version in service.served().items():
            note(f"{name} {version} answers")
        for reason in service.released.left_out.values():
            note(f"maverick: {reason}")
        if made is not None:
            note(f"a token for all of the API is in {made}: keep it to yourself")
        typer.echo("The API: " + " and ".join(f"http://{in_url(host)}:{each}" for each in ports))
        page = settings.serving_origin or f"http://{in_url(host)}:{port}"
        # A log would keep the code. The guarded `sys.stdout` is no terminal to whoever asks.
        terminal = sys.__stdout__
        if code is None or terminal is None or not terminal.isatty():
            typer.echo(f"The page: {page}")
        else:
            typer.echo(f"The page: {page}/#login={code}")
            note("  (that address opens it without the token: once, within five minutes)")

    asyncio.run(run_server(settings, rules, Address(host, ports), say_who_answers))
