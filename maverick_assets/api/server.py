"""The process of `maverick serve`: service and API in one event loop."""

import asyncio
from collections.abc import Callable

import uvicorn

from maverick_assets.api.app import create_app
from maverick_assets.api.door import ApiRules
from maverick_assets.api.tokens import TokenBook
from maverick_assets.serving.service import ChatService
from maverick_assets.settings import Settings

_GRACE_SECONDS = 30  # in which answers under way end after Ctrl-C


async def run_server(
    settings: Settings,
    rules: ApiRules,
    host: str,
    port: int,
    on_ready: Callable[[ChatService], None],
) -> None:
    """Serve until SIGINT or SIGTERM. `on_ready` is called once all that is released is loaded.

    Raises `MaverickError` when the base cannot be loaded.
    """
    service = ChatService(settings)
    await service.open()
    watching = asyncio.create_task(service.watch())
    try:
        app = create_app(service, rules, TokenBook(settings.home / "keys"))
        on_ready(service)
        await uvicorn.Server(
            uvicorn.Config(
                app,
                host=host,
                port=port,
                log_level="warning",
                access_log=False,
                proxy_headers=False,  # a connection's peer is who connects, not who a header names
                server_header=False,
                lifespan="off",
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        ).serve()
    finally:
        watching.cancel()
        await service.close()
