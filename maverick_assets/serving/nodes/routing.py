"""Conversations on the nodes of a fleet, with the embedded engine for what no node can answer.

A node is asked by the name of the version in service, never by the moving tag, and only where it
lists the very model that a deployment had compared and asked. It gets the prompt as the base's
template renders it (`raw`), if llama.cpp reads that text as the tokens of training.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from maverick_assets.base_model.prepare import ensure_base
from maverick_assets.base_model.sampling import REPEAT_PENALTY
from maverick_assets.base_model.tokenizer import ChatTokenizer, Message
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.fleets import Fleet, load_fleet
from maverick_assets.registry.manifest import Manifest
from maverick_assets.serving.nodes.endpoints import Endpoint, endpoints_of
from maverick_assets.serving.nodes.node_line import AskingPatience, NodeLine
from maverick_assets.serving.nodes.ollama_api import model_name
from maverick_assets.serving.nodes.problems import NodeDown, NodeProblem
from maverick_assets.serving.nodes.state import read_state
from maverick_assets.serving.runtime import Answer, Pieces, Sampling
from maverick_assets.serving.service import ChatService, Question, Reply
from maverick_assets.serving.turns import Busy
from maverick_assets.settings import Settings


@dataclass(eq=False)
class _RemoteRun:
    """An answer that a node computes."""

    manifest: Manifest
    revoked: BadInput | None = None
    stopped: asyncio.Event = field(default_factory=asyncio.Event)


def chat_service(settings: Settings) -> ChatService:
    """The service that the settings ask for: with the fleet's nodes where it has any.

    Raises `BadInput` for a fleet that cannot be read.
    """
    fleet = load_fleet(settings.fleet)
    if any(node.ollama for node in fleet.nodes):
        return NodeService(settings, fleet)
    return ChatService(settings)


class NodeService(ChatService):
    """Answers of every version in service, by nodes that have it, or by the engine here."""

    def __init__(
        self, settings: Settings, fleet: Fleet, patience: AskingPatience | None = None
    ) -> None:
        super().__init__(settings)
        self._fleet = fleet
        self._patience = patience or AskingPatience()
        self._lines: dict[Endpoint, NodeLine] = {}
        self._following: list[asyncio.Task[None]] = []
        self._remote: set[_RemoteRun] = set()
        self._tokenizer: ChatTokenizer | None = None

    @property
    def answers(self) -> int:
        return super().answers + len(self._remote)

    async def open(self) -> None:
        await super().open()
        directory = (await asyncio.to_thread(ensure_base, self._settings)).directory
        self._tokenizer = await asyncio.to_thread(ChatTokenizer, directory)
        self._follow_nodes()

    async def close(self) -> None:
        for task in self._following:
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)
        for run in self._remote:
            run.stopped.set()
        await super().close()

    async def stream(self, question: Question) -> AsyncGenerator[str | Reply, None]:
        """What `ChatService.stream` yields. A node that fails before its first word is passed over.

        Raises `MaverickError` when one breaks off later: what was said cannot be taken back.
        """
        manifest = self.released.manifests.get(question.personality)
        lines = self._able(manifest) if manifest else []
        prompt = await asyncio.to_thread(self._raw_prompt, question.messages) if lines else None
        while lines and manifest is not None and prompt is not None:
            line = min(lines, key=lambda each: each.running)
            lines.remove(line)
            has_spoken = False
            try:
                async with aclosing(self._ask(line, manifest, prompt, question)) as parts:
                    async for part in parts:
                        has_spoken = True
                        yield part
                return
            except NodeProblem as error:
                line.rest()
                if has_spoken:
                    raise MaverickError(
                        f"node {line.endpoint.name} broke off; ask again"
                    ) from error
        async with aclosing(super().stream(question)) as own_parts:
            async for part in own_parts:
                yield part

    def _able(self, manifest: Manifest) -> list[NodeLine]:
        """The lines to nodes that have a version."""
        name = model_name(manifest.personality, str(manifest.version))
        able = []
        for endpoint in endpoints_of(self._fleet, manifest.personality):
            held = read_state(self._settings, endpoint.name).held(manifest.personality)
            line = self._lines.get(endpoint)
            if line is not None and line.has(name, held.verified.get(str(manifest.version))):
                able.append(line)
        return able

    def _raw_prompt(self, messages: Sequence[Message]) -> str | None:
        """The prompt as a text that llama.cpp reads as training's tokens; None where there is none.

        Those that do not fit the context are the engine's, too, which says so.
        """
        assert self._tokenizer is not None and self._loaded is not None
        ids = self._tokenizer.encode_prompt(list(messages))
        if len(ids) >= self.context:
            return None
        text = self._tokenizer.prompt_text(list(messages))
        server = self._loaded.engine.runtime.server
        # llama.cpp puts the start token first where the file of the base says so.
        for written in (text, text.removeprefix(self._tokenizer.token(ids[0]))):
            if server.tokenize(written, add_special=True) == ids:
                return written
        return None

    async def _ask(
        self, line: NodeLine, manifest: Manifest, prompt: str, question: Question
    ) -> AsyncGenerator[str | Reply, None]:
        if len(self._remote) >= self._settings.serving_queue:
            raise Busy(f"{len(self._remote)} answers are under way; try again later")
        run = _RemoteRun(manifest)
        self._remote.add(run)
        line.running += 1
        try:
            await asyncio.to_thread(self._catalog.usable, manifest.personality, manifest.version)
            request = self._request(manifest, prompt, question.sampling)
            pieces, last = Pieces(), {}
            async with aclosing(line.answer(request)) as lines:
                async for last in self._in_time(lines, run):
                    if words := pieces.add(str(last.get("response", ""))):
                        yield words
            yield Reply(
                _answer_of(pieces.text, last),
                manifest.personality,
                str(manifest.version),
                line.endpoint.name,
            )
        finally:
            line.running -= 1
            self._remote.discard(run)

    async def _in_time(
        self, lines: AsyncIterator[dict[str, Any]], run: _RemoteRun
    ) -> AsyncGenerator[dict[str, Any], None]:
        """The lines, until one does not come in time. Raises why the version was revoked, too."""
        seconds = self._patience.first
        while True:
            line = asyncio.ensure_future(anext(lines, None))
            stopped = asyncio.ensure_future(run.stopped.wait())
            try:
                await asyncio.wait(
                    {line, stopped}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
                )
                if run.stopped.is_set():
                    raise run.revoked or NodeDown("the service ends")
                if not line.done():
                    raise NodeDown(f"no word came in {seconds:g} s")
                content = line.result()
            finally:
                for task in (line, stopped):
                    task.cancel()
                    with suppress(asyncio.CancelledError, NodeProblem):
                        await task
            if content is None:
                return
            yield content
            seconds = self._patience.next

    def _request(self, manifest: Manifest, prompt: str, sampling: Sampling) -> dict[str, Any]:
        assert self._tokenizer is not None
        options: dict[str, Any] = {
            "num_predict": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "repeat_penalty": REPEAT_PENALTY,
            # These take the place of the model's own.
            "stop": [*self._tokenizer.stop_tokens, *sampling.stop],
        }
        if sampling.seed is not None:
            options["seed"] = sampling.seed
        return {
            "model": model_name(manifest.personality, str(manifest.version)),
            "prompt": prompt,
            "raw": True,
            "stream": True,
            "truncate": False,  # an Ollama that knows these would else cut the prompt in silence
            "shift": False,
            "options": options,
        }

    def _follow_nodes(self) -> None:
        for name in self._catalog.personalities():
            for endpoint in endpoints_of(self._fleet, name):
                if endpoint not in self._lines:
                    line = self._lines[endpoint] = NodeLine(endpoint, self._patience)
                    self._following.append(asyncio.create_task(line.follow()))

    async def refresh(self) -> None:
        await super().refresh()
        self._follow_nodes()  # of a personality that was released for the first time

    async def _silence_revoked(self) -> None:
        await super()._silence_revoked()
        for run in tuple(self._remote):
            try:
                await asyncio.to_thread(
                    self._catalog.usable, run.manifest.personality, run.manifest.version
                )
            except BadInput as error:
                run.revoked = error
                run.stopped.set()


def _answer_of(text: str, last: dict[str, Any]) -> Answer:
    """The answer whose last line is `last`."""
    reason: Literal["stop", "length"] = "length" if last.get("done_reason") == "length" else "stop"
    counts = [last.get(name) for name in ("prompt_eval_count", "eval_count")]
    prompt, completion = (count if isinstance(count, int) else 0 for count in counts)
    return Answer(text, reason, prompt, completion)
