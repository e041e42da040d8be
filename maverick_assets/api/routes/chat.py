"""`POST /api/chat`: one message to a personality."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from maverick_assets.api.asking import last_part, parts, question, require_scope, until_gone
from maverick_assets.api.replies import Problem
from maverick_assets.api.routes.deciding import decision_on
from maverick_assets.api.routes.sessions import OpenSession, Sessions
from maverick_assets.api.shapes import ChatAnswer, answers
from maverick_assets.api.tokens import Token
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.serving.asked import Ask, AskedBefore
from maverick_assets.serving.runtime import Sampling
from maverick_assets.serving.service import ChatService, Question, Reply
from maverick_assets.serving.sessions.history import messages_to_drop, most_messages
from maverick_assets.serving.sessions.session import Exchange

router = APIRouter()
LONGEST = 100_000  # characters; the context holds fewer
Short = Annotated[str, Field(max_length=100)]


class ChatRequest(BaseModel):
    """A message to a personality."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"message": "Shall we meet on Tuesday?", "personality": "allan-maverick"},
                {
                    "message": "Should we give the new client a 30% discount?",
                    "personality": "allan-maverick",
                    "context": {"deal_amount": 50000, "deal_stage": "negotiation"},
                },
            ]
        },
    )

    message: str = Field("", max_length=LONGEST, description="may be empty beside a context")
    personality: Short
    context: dict[str, Any] | None = Field(
        None,
        max_length=20,
        description="what the message is about: deal_name, deal_stage, deal_amount, "
        "deal_age_days, deal_notes; mail (from, subject, body); new_mail (to, subject, relation, "
        "deal_stage); or note_title",
    )
    mood: Short | None = None
    mode: Short | None = None
    session: Short | None = Field(
        None,
        description="`new` begins a session, an id carries one on; without it nothing is kept",
    )
    replaces: Short | None = Field(
        None,
        description="id of a message of the user in that session: it goes with all that follows",
    )
    device: str | None = Field(
        None,
        pattern=r"^[\w.-][\w .-]{0,39}$",
        description="where the message was written, such as `phone`; kept with the session",
    )
    stream: bool = Field(False, description="whether the answer comes as server-sent events")
    max_tokens: int = Field(Sampling.max_tokens, ge=1, le=1 << 20)
    temperature: float = Field(Sampling.temperature, ge=0, le=2)
    seed: int | None = Field(None, ge=0, lt=1 << 32)


_STREAM = 'data: {"text": "Tue works."}\n\ndata: {"response": "Tue works.", "version": "v1.0"}\n\n'


@router.post("/api/chat", responses=answers(ChatAnswer, events=_STREAM))
async def chat(request: Request, body: ChatRequest) -> Response:
    """The answer, with the version and the node that gave it.

    Where the message asks a twin for a decision ("Should we ...?"), that is beside it as
    `decision`, in the shape of `POST /api/decide`. As server-sent events: `{"text": ...}` for each
    piece, then the same as without streaming.
    """
    token = require_scope(request, "chat")
    if body.replaces is not None and body.session is None:
        raise Problem(HTTPStatus.BAD_REQUEST, "`replaces` needs the `session` of the message")
    service: ChatService = request.app.state.service
    turn = _Turn(service, token, body)
    await turn.question([])  # before anything waits: what cannot be asked is refused at once
    if body.session is not None:
        recipe = service.released.manifests[body.personality].recipe
        sessions: Sessions = request.app.state.sessions
        turn.kept_in = await sessions.open(token, recipe, body.session, body.replaces)
    ask = Ask(body.message, body.context)  # a decision is apart from moods and what was said before
    decided = partial(decision_on, request, token, body.personality, ask)
    try:
        first, stream = await until_gone(request, turn.begin())
        if not body.stream:
            reply = await until_gone(request, last_part(stream, first))
            content = await turn.end(reply)
            return JSONResponse(content | await until_gone(request, decided()))
    except BaseException:
        turn.close()
        raise
    return _ClosingStream(turn, _events(turn, first, stream, decided))


class _Turn:
    """A message on its way to its answer, in a session or alone."""

    def __init__(self, service: ChatService, token: Token, body: ChatRequest) -> None:
        self.kept_in: OpenSession | None = None
        self._service = service
        self._token = token
        self._body = body
        self._dropped = 0  # messages of the session that do not fit into the context
        self._text = ""  # of the answer so far

    async def question(self, history: Sequence[Message | AskedBefore]) -> Question:
        """The question to ask after some messages. Raises `Problem`."""
        body = self._body
        return await question(
            self._service,
            self._token,
            body.personality,
            Ask(body.message, body.context, body.mood, body.mode, history),
            Sampling(body.max_tokens, body.temperature, seed=body.seed),
        )

    async def begin(self) -> tuple[str | Reply, AsyncGenerator[str | Reply, None]]:
        """The first part of the answer, and the others.

        The oldest turns of the session are left out where the context is too small for all.
        """
        history = self.kept_in.history if self.kept_in else []
        if history:
            self._dropped = await self._too_many(history)
        while True:
            stream = parts(self._service, await self.question(history[self._dropped :]))
            try:
                return await anext(stream), stream
            except Problem as problem:
                # The tokens of single messages are not quite those of the whole.
                if problem.code != "context_length_exceeded" or self._dropped >= len(history):
                    raise
                self._dropped += 2

    async def _too_many(self, history: Sequence[Message | AskedBefore]) -> int:
        """How many of the oldest messages are left out."""
        context = self._service.context
        skipped = max(0, len(history) - most_messages(context))
        system, *_, asked = (await self.question(history)).messages
        texts = [_counted(message) for message in (system, asked, *history[skipped:])]
        sizes = await self._service.count_tokens(texts)
        return skipped + messages_to_drop(sizes[2:], sizes[:2], context, self._body.max_tokens)

    def take(self, piece: str) -> None:
        """Note a piece of the answer that the caller gets: it is kept even if he hangs up."""
        self._text += piece
        if self.kept_in is not None:
            served = self._service.served()
            self.kept_in.so_far(self._exchange(self._text, served.get(self._body.personality, "")))

    def discard(self) -> None:
        """Keep nothing of an answer that failed. The caller sees the error, and may ask again."""
        if self.kept_in is not None:
            self.kept_in.so_far(None)

    async def end(self, reply: Reply) -> dict[str, Any]:
        """The content of the whole answer, once it is kept. Raises `Problem`."""
        content = _content(reply)
        if self.kept_in is not None:
            content |= await self.kept_in.keep(self._exchange(reply.answer.text, reply.version))
            content["dropped_messages"] = self._dropped
            self.close()
        return content

    def close(self) -> None:
        if self.kept_in is not None:
            self.kept_in.close()

    def _exchange(self, answer: str, version: str) -> Exchange:
        body = self._body
        return Exchange(
            body.message, answer, version, body.mood, body.mode, body.device, body.context
        )


def _counted(message: Message | AskedBefore) -> str:
    """A text of about as many tokens as the message is asked with."""
    context: Any = message.get("context")
    return message["content"] + (json.dumps(context, ensure_ascii=False) if context else "")


class _ClosingStream(StreamingResponse):
    """Events of a turn, which ends with its connection even if that is gone before the first."""

    def __init__(self, turn: _Turn, content: AsyncIterator[str]) -> None:
        super().__init__(content, media_type="text/event-stream")
        self._turn = turn

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._turn.close()


async def _events(
    turn: _Turn,
    first: str | Reply,
    stream: AsyncIterator[str | Reply],
    decided: Callable[[], Awaitable[dict[str, Any]]],
) -> AsyncIterator[str]:
    part = first
    try:
        while isinstance(part, str):
            turn.take(part)
            yield event({"text": part})
            part = await anext(stream)
        content = await turn.end(part)
        yield event(content | await decided())
    except Problem as problem:
        turn.discard()
        yield event({"error": problem.message})


def event(content: dict[str, Any]) -> str:
    """A server-sent event."""
    return f"data: {json.dumps(content, ensure_ascii=False)}\n\n"


def _content(reply: Reply) -> dict[str, Any]:
    answer = reply.answer
    return {
        "response": answer.text,
        "personality": reply.personality,
        "version": reply.version,
        "node": reply.node,
        "finish_reason": answer.finish_reason,
        "usage": usage(reply),
    }


def usage(reply: Reply) -> dict[str, int]:
    """Tokens of prompt and answer, in OpenAI's words."""
    prompt, completion = reply.answer.prompt_tokens, reply.answer.completion_tokens
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
