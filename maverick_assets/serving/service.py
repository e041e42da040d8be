"""Conversations with all personalities at once, while versions come and go.

A new version is taken in beside the old one: a second llama.cpp is loaded, new requests go there,
and the first one is freed when its last answer is complete. Both map the same file of the base.
"""

import asyncio
import logging
import platform
import secrets
import threading
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.lake.served import Journal, Served, minute_of, topic_of
from maverick_assets.registry.catalog import Catalog
from maverick_assets.registry.manifest import Manifest
from maverick_assets.serving.names.at_the_door import Outgoing
from maverick_assets.serving.names.book import NameBook
from maverick_assets.serving.released import (
    Base,
    Engine,
    Released,
    load,
    open_base,
    released_versions,
)
from maverick_assets.serving.runtime import Answer, Runtime, Sampling
from maverick_assets.serving.turns import Turns
from maverick_assets.settings import Settings

_log = logging.getLogger(__name__)
Result = TypeVar("Result")
# What an engine's thread computes, for a version that it has; it ends soon after the event is set.
Work = Callable[[Runtime, Manifest, threading.Event], Result]

_WATCH_SECONDS = 0.5  # how soon a release is taken in, and a revoked version falls silent


@dataclass(frozen=True)
class Question:
    """What a personality is asked. `messages` begin with its system prompt."""

    personality: str
    messages: Sequence[Message]
    sampling: Sampling
    outgoing: Callable[[], Outgoing] | None = None  # makes what puts names into the answer
    by_owner: bool = False  # who asks it


@dataclass(frozen=True)
class Reply:
    """The end of an answer: the whole of it, and who gave it."""

    answer: Answer
    personality: str
    version: str
    node: str


@dataclass(frozen=True)
class Timing:
    """How long an answer took, from its request on, in seconds."""

    first: float  # until its first word, or its end where it has none
    total: float


@dataclass
class Answered:
    """How much was answered."""

    answers: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def add(self, answer: Answer) -> None:
        self.answers += 1
        self.prompt_tokens += answer.prompt_tokens
        self.completion_tokens += answer.completion_tokens


@dataclass(eq=False)
class _Loaded:
    """An engine with its slots, and the answers that it computes."""

    engine: Engine
    turns: Turns
    threads: ThreadPoolExecutor
    running: set["_Run"] = field(default_factory=set)
    retired: bool = False


@dataclass(eq=False)
class _Run:
    """An answer from its request to its last token."""

    manifest: Manifest
    cancelled: threading.Event = field(default_factory=threading.Event)
    revoked: BadInput | None = None


class ChatService:
    """Answers of every version in service, within one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._catalog = Catalog(settings.models)
        self._base: Base | None = None
        self._loaded: _Loaded | None = None
        self._retired: set[_Loaded] = set()
        self._failed: Released | None = None  # what could not be loaded, not to be tried again
        self._journal = Journal(settings.served)
        self.names = NameBook(settings)
        self.node = platform.node()
        # Complete answers, by personality and version.
        self.answered: defaultdict[tuple[str, str], Answered] = defaultdict(Answered)

    @property
    def ready(self) -> bool:
        """Whether at least one personality answers."""
        return self._loaded is not None and bool(self._loaded.engine.released.manifests)

    @property
    def released(self) -> Released:
        """The versions that answer, and why others do not."""
        return self._loaded.engine.released if self._loaded else Released({})

    @property
    def engines(self) -> int:
        """Engines in memory: two while a version is taken in."""
        return len(self._retired) + (self._loaded is not None)

    @property
    def answers(self) -> int:
        """Answers that are computed or wait."""
        engines = (self._loaded, *self._retired)
        return sum(len(loaded.running) for loaded in engines if loaded is not None)

    async def count(self, question: Question, reply: Reply, timing: Timing) -> None:
        """Count a complete answer, wherever it was computed, and note it without its text."""
        self.answered[reply.personality, reply.version].add(reply.answer)
        try:
            await asyncio.to_thread(self._journal.note, _served(question, reply, timing))
        except OSError as error:  # an answer is worth more than its row
            _log.warning("an answer is not in the production metrics: %s", error.strerror or error)

    @property
    def waiting(self) -> int:
        """Answers that wait for a slot."""
        engines = (self._loaded, *self._retired)
        return sum(loaded.turns.waiting for loaded in engines if loaded is not None)

    @property
    def context(self) -> int:
        """Tokens of prompt and answer together."""
        return self._settings.serving_context

    async def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has by itself."""
        assert self._loaded is not None
        server = self._loaded.engine.runtime.server
        return await asyncio.to_thread(
            lambda: [len(server.tokenize(text, add_special=False)) for text in texts]
        )

    async def open(self) -> None:
        """Load the base, what is released, and the names of the lake.

        Raises `MaverickError` when llama.cpp fails.
        """
        await asyncio.to_thread(self.names.refresh)
        self._base = await asyncio.to_thread(open_base, self._settings)
        await self._take_in(await asyncio.to_thread(self._read))

    async def watch(self) -> None:
        """Follow the registry until cancelled."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            try:
                await self.refresh()
            except (MaverickError, OSError) as error:
                # What answers goes on doing so. No words of the error: it may name a path.
                _log.warning("new versions are not taken in: %s", type(error).__name__)

    async def refresh(self) -> None:
        """Take in what was released, and silence what was revoked."""
        released = await asyncio.to_thread(self._read)
        await self._silence_revoked()
        known = self._loaded.engine.asked_for if self._loaded else None
        if released.fingerprint == known or released == self._failed:
            return
        try:
            await self._take_in(released)
        except MaverickError:
            self._failed = released
            raise

    async def close(self) -> None:
        """Cancel all answers and free the engines."""
        for loaded in (self._loaded, *self._retired):
            if loaded is not None:
                for run in loaded.running:
                    run.cancelled.set()
                await asyncio.to_thread(loaded.threads.shutdown)
        self._loaded = None
        self._retired.clear()

    async def stream(self, question: Question) -> AsyncGenerator[str | Reply, None]:
        """Pieces of the answer as they are computed, then the `Reply`.

        An abandoned iterator cancels the answer. Raises `BadInput` for a personality that does not
        answer, or whose version is revoked meanwhile, `Busy`, and what `Runtime.answer` raises.
        """
        loaded, run = await self._admitted(question.personality)
        pieces: asyncio.Queue[str | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def on_text(piece: str) -> None:
            loop.call_soon_threadsafe(pieces.put_nowait, piece)

        answer = partial(
            loaded.engine.runtime.answer,
            question.messages,
            question.personality,
            question.sampling,
            on_text,
            run.cancelled,
        )
        computed = self._compute(loaded, run, answer)
        computed.add_done_callback(lambda _: pieces.put_nowait(None))
        try:
            while (piece := await pieces.get()) is not None:
                yield piece
            reply = await computed
        finally:
            run.cancelled.set()
        if run.revoked is not None:
            raise run.revoked
        version = str(run.manifest.version)
        yield Reply(reply, question.personality, version, self.node)

    async def compute(self, personality: str, work: Work[Result]) -> Result:
        """The result of `work`, which waits for its turn as an answer does.

        Raises `BadInput` and `Busy` as `stream` does, and what `work` raises. Once the caller is
        cancelled, or the version is revoked, the event of `work` is set.
        """
        loaded, run = await self._admitted(personality)
        task = partial(work, loaded.engine.runtime, run.manifest, run.cancelled)
        computed = self._compute(loaded, run, task)
        try:
            # The slot is free when the thread has ended, not when nobody waits for it any more.
            return await asyncio.shield(computed)
        except MaverickError:
            if run.revoked is not None:
                raise run.revoked from None
            raise
        finally:
            run.cancelled.set()

    async def base_answer(self, messages: Sequence[Message], sampling: Sampling) -> Answer:
        """The answer of the base model alone. Raises `BadInput` without an engine, and `Busy`."""
        loaded = self._loaded
        if loaded is None:
            raise BadInput("nothing is loaded; release a version first")
        await loaded.turns.enter(None)
        try:
            answer = partial(loaded.engine.runtime.answer, messages, None, sampling)
            return await asyncio.to_thread(answer)
        finally:
            loaded.turns.leave()

    async def _admitted(self, personality: str) -> tuple[_Loaded, _Run]:
        """A slot of the engine that answers for a personality, and the run that is to use it."""
        # Both before the loop goes on: a release meanwhile must not put another version's name to
        # the answer, nor free the engine.
        loaded, manifest = self._answering(personality)
        run = _Run(manifest)
        loaded.running.add(run)
        try:
            await asyncio.to_thread(self._catalog.usable, personality, manifest.version)
            await loaded.turns.enter(personality)
        except BaseException:
            self._ended(loaded, run)
            raise
        return loaded, run

    def _answering(self, personality: str) -> tuple[_Loaded, Manifest]:
        """The engine that answers for a personality, and the version that it has of it."""
        manifests = self.released.manifests
        if self._loaded is None or personality not in manifests:
            listed = ", ".join(manifests) or "none"
            raise BadInput(f"no personality of that name answers; those that do: {listed}")
        return self._loaded, manifests[personality]

    def _compute(
        self, loaded: _Loaded, run: _Run, work: Callable[[], Result]
    ) -> asyncio.Future[Result]:
        """Have a thread do the work of an admitted run, and give its slot back after it."""
        computed = asyncio.get_running_loop().run_in_executor(loaded.threads, work)

        def ended(future: asyncio.Future[Result]) -> None:
            if not future.cancelled():
                future.exception()  # an abandoned answer's error is nobody's
            loaded.turns.leave()
            self._ended(loaded, run)

        computed.add_done_callback(ended)
        return computed

    def _ended(self, loaded: _Loaded, run: _Run) -> None:
        loaded.running.discard(run)
        if loaded.retired and not loaded.running:
            self._free(loaded)

    def _free(self, loaded: _Loaded) -> None:
        """Forget an engine without answers under way: with its last reference its memory goes."""
        loaded.threads.shutdown(wait=False)
        self._retired.discard(loaded)

    async def _take_in(self, released: Released) -> None:
        assert self._base is not None
        engine = await asyncio.to_thread(
            load, self._catalog, self._base, released, self.released, self._settings
        )
        slots = self._settings.serving_slots
        before, self._loaded = (
            self._loaded,
            _Loaded(
                engine,
                Turns(slots, self._settings.serving_queue),
                ThreadPoolExecutor(slots, thread_name_prefix="answer"),
            ),
        )
        if before is not None:
            before.retired = True
            self._retired.add(before)
            if not before.running:
                self._free(before)
        for name, version in self.served().items():
            _log.info("%s %s answers", name, version)
        for reason in engine.released.left_out.values():
            _log.warning("%s", reason)

    def served(self) -> dict[str, str]:
        """The version of each personality that answers."""
        return {name: str(m.version) for name, m in self.released.manifests.items()}

    async def _silence_revoked(self) -> None:
        """Cancel the answers of revoked versions that are under way."""
        for loaded in (self._loaded, *self._retired):
            for run in tuple(loaded.running if loaded else ()):
                try:
                    await asyncio.to_thread(
                        self._catalog.usable, run.manifest.personality, run.manifest.version
                    )
                except BadInput as error:
                    run.revoked = error
                    run.cancelled.set()

    def _read(self) -> Released:
        assert self._base is not None
        return released_versions(self._catalog, self._base.digest)


def _served(question: Question, reply: Reply, timing: Timing) -> Served:
    answer = reply.answer
    return Served(
        id=secrets.token_hex(16),
        served_at=minute_of(datetime.now(UTC)),
        personality=reply.personality,
        version=reply.version,
        node=reply.node,
        caller="owner" if question.by_owner else "guest",
        first_token_ms=round(timing.first * 1000),
        total_ms=round(timing.total * 1000),
        prompt_tokens=answer.prompt_tokens,
        completion_tokens=answer.completion_tokens,
        stop=answer.finish_reason,
        characters=len(answer.text),
        topic=topic_of(question.messages[-1]["content"]),
    )
