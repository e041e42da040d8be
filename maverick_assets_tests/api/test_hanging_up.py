"""A caller who hangs up is not answered any further."""

import asyncio
import json
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import uvicorn

from maverick_assets.api.app import api_rules, create_app
from maverick_assets.api.routes.sessions import Sessions
from maverick_assets.api.tokens import TokenBook
from maverick_assets.serving.service import ChatService
from maverick_assets.serving.sessions.store import SessionStore
from maverick_assets_tests.serving.conftest import MakeHome


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_ends_with_its_connection(
    make_released_home: MakeHome, tmp_path: Path, stream: bool
) -> None:
    # So many tokens that they would take many minutes.
    home = make_released_home(tmp_path, slots=1, context=1 << 16)
    home.release("persona", "v1.0", "adapter-0")
    body = {"message": "Tell me all.", "personality": "persona", "stream": stream}
    body |= {"max_tokens": 60_000, "temperature": 0}
    tokens = TokenBook(home.settings.home / "keys")
    file = tokens.ensure_first()
    assert file is not None
    payload = json.dumps(body).encode()
    head = (
        "POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {file.read_text().strip()}\r\n"
        f"Content-Length: {len(payload)}\r\n\r\n"
    )

    async def scenario() -> None:
        service = ChatService(home.settings)
        await service.open()
        sessions = Sessions(SessionStore(home.settings), "allan")
        app = create_app(
            service, sessions, home.settings, api_rules(home.settings, "127.0.0.1"), tokens
        )
        with socket.create_server(("127.0.0.1", 0)) as listening:
            server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
            serving = asyncio.create_task(server.serve([listening]))
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            writer.write(head.encode() + payload)
            await writer.drain()
            await until(lambda: service.answers == 1)
            if stream:
                await reader.readuntil(b'{"text"')
            writer.close()
            await until(lambda: service.answers == 0)
            server.should_exit = True
            await serving
        await service.close()

    asyncio.run(scenario())


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)
