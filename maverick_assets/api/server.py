"""The process of `maverick serve`: service and API in one event loop."""

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from maverick_assets.api.app import create_app
from maverick_assets.api.door import ApiRules
from maverick_assets.api.routes.sessions import Sessions
from maverick_assets.api.tokens import TokenBook
from maverick_assets.serving.nodes.routing import chat_service
from maverick_assets.serving.service import ChatService
from maverick_assets.serving.sessions.store import SessionStore
from maverick_assets.settings import Settings

_GRACE_SECONDS = 30  # in which answers under way end after Ctrl-C


@dataclass(frozen=True)
class Address:
    """Where the API listens: the chat's port, and the trainer's where that is another one."""

    host: str
    ports: tuple[int, ...]

    def listen(self) -> list[socket.socket]:
        """Sockets that accept connections. Raises `OSError`."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        return [socket.create_server((self.host, port), family=family) for port in self.ports]


async def run_server(
    settings: Settings,
    rules: ApiRules,
    address: Address,
    on_ready: Callable[[ChatService, str | None], None],
) -> None:
    """Serve until SIGINT or SIGTERM. `on_ready` is called once all that is released is loaded,
    with a code that logs in at the page.

    Raises `MaverickError` when the base cannot be loaded.
    """
    service = chat_service(settings)
    await service.open()
    sessions = Sessions(SessionStore(settings), settings.owner_user_ids[0])
    watching = [asyncio.create_task(task) for task in (service.watch(), service.names.watch())]
    try:
        tokens = TokenBook(settings.home / "keys")
        app = create_app(service, sessions, settings, rules, tokens)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            proxy_headers=False,  # a connection's peer is who connects, not who a header names
            server_header=False,
            lifespan="off",
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        server = _Server(config)
        server.stop_on_signal()
        listening = address.listen()
        on_ready(service, tokens.new_code())
        await server.serve(sockets=listening)
    finally:
        for task in watching:
            task.cancel()
        await sessions.close()
        await service.close()


class _Server(uvicorn.Server):
    """A server whose process goes on after it has ended, so that what is still to be kept is.

    uvicorn's own sends itself the signal again once it has ended, and the process dies of it.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop_on_signal(self) -> None:
        """End with the answers under way; at the second signal at once."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)

    def _stop(self) -> None:
        self.force_exit = self.should_exit
        self.should_exit = True
