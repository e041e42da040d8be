"""The line to one node for questions: what it has now, and an answer as it is computed there."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from maverick_assets.errors import MaverickError
from maverick_assets.serving.nodes.endpoints import Endpoint, socket_of
from maverick_assets.serving.nodes.ollama_api import (
    errors_of_transport,
    model_digests,
    parsed,
    refusal,
)
from maverick_assets.serving.nodes.patience import Patience
from maverick_assets.serving.nodes.problems import NodeDown, NodeProblem, NodeRefused

_LONGEST_LINE = 1 << 20  # bytes
_LARGEST_LIST = 8 << 20


@dataclass(frozen=True)
class AskingPatience:
    """Seconds that a caller's question may wait on a node before another one gets it."""

    connect: float = 2
    first: float = 60  # until the first word: the model may have to be loaded
    next: float = 30  # between two words
    look: float = 5  # between two looks at what a node has
    rest: float = 15  # for which a node that failed is not asked


@dataclass(eq=False)
class NodeLine:
    """One node. Everything happens in one event loop."""

    endpoint: Endpoint
    patience: AskingPatience
    models: Mapping[str, str] = field(default_factory=dict)  # digests by name, as last seen
    running: int = 0  # answers under way, as whoever asks counts them
    _rests_until: float = 0.0
    _http: Any = None
    _tunnel: ExitStack = field(default_factory=ExitStack)

    def has(self, name: str, digest: str | None) -> bool:
        """Whether it has this very model, and may be asked."""
        rests = time.monotonic() < self._rests_until
        return digest is not None and not rests and self.models.get(name) == digest

    def rest(self) -> None:
        """Not to be asked for a while."""
        self._rests_until = time.monotonic() + self.patience.rest

    async def follow(self) -> None:
        """Look at what it has, again and again, until cancelled."""
        try:
            while True:
                try:
                    await self._connect()
                    self.models = await self._list()
                except (MaverickError, OSError):
                    self.models = {}
                    if not self.running:
                        await self._disconnect()
                await asyncio.sleep(self.patience.look)
        finally:
            await asyncio.shield(self._disconnect())

    async def answer(self, request: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """The lines of an answer; the last one is `done`. Raises `NodeProblem`.

        A generator that is closed closes the connection, which has the node end the answer.
        """
        if self._http is None:
            raise NodeDown("it is not connected")
        with errors_of_transport():
            async with self._http.stream(
                "POST", self.endpoint.url + "/api/generate", json=dict(request)
            ) as response:
                async for line in _lines(response):
                    content = parsed(line)
                    if "error" in content:
                        raise refusal(str(content["error"]))
                    yield content
                    if content.get("done") is True:
                        return
        raise NodeDown("the answer broke off")

    async def _connect(self) -> None:
        if self._http is not None:
            return
        import httpx2

        near = Patience(connect=self.patience.connect)
        context = socket_of(self.endpoint, near)
        socket = await asyncio.to_thread(self._tunnel.enter_context, context)
        transport = httpx2.AsyncHTTPTransport(uds=str(socket) if socket else None, trust_env=False)
        self._http = httpx2.AsyncClient(
            transport=transport,
            timeout=httpx2.Timeout(self.patience.first, connect=self.patience.connect),
            headers={"Accept-Encoding": "identity"},
            trust_env=False,
            follow_redirects=False,
        )

    async def _disconnect(self) -> None:
        if self._http is not None:
            await self._http.aclose()
            self._http = None
        await asyncio.to_thread(self._tunnel.close)
        self._tunnel = ExitStack()

    async def _list(self) -> dict[str, str]:
        content = b""
        with errors_of_transport():
            async with self._http.stream(
                "GET", self.endpoint.url + "/api/tags", timeout=self.patience.connect + 3
            ) as response:
                if response.status_code != 200:
                    raise NodeRefused(f"HTTP status {response.status_code}")
                async for chunk in response.aiter_raw():
                    content += chunk
                    if len(content) > _LARGEST_LIST:
                        raise NodeRefused("its list of models does not end")
        return model_digests(parsed(content))


async def _lines(response: Any) -> AsyncGenerator[bytes, None]:
    if response.status_code != 200:
        raise refusal(await _reason(response))
    rest = b""
    async for chunk in response.aiter_raw():
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise NodeRefused("a line of its answer does not end")
        for line in lines:
            if line.strip():
                yield line


async def _reason(response: Any) -> str:
    content = b""
    async for chunk in response.aiter_raw():
        content += chunk
        if len(content) > _LONGEST_LINE:
            break
    try:
        return str(parsed(content).get("error", json.dumps(response.status_code)))
    except NodeProblem:
        return f"HTTP status {response.status_code}"
