"""`/v1/...`: what programs for OpenAI's API speak. A model is a personality."""

import secrets
import time
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response, StreamingResponse

from maverick_assets.api.asking import (
    last_part,
    may_talk_to,
    next_part,
    parts,
    question,
    require_scope,
    until_gone,
)
from maverick_assets.api.openai_shapes import Completion, ModelList, OpenAIProblem
from maverick_assets.api.replies import Problem, body_of
from maverick_assets.api.routes.chat import Short, event, usage
from maverick_assets.api.shapes import answers
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.serving.asked import Ask
from maverick_assets.serving.runtime import Sampling
from maverick_assets.serving.service import ChatService, Reply

_PROBLEM: dict[str, Any] = {"model": OpenAIProblem}
router = APIRouter(responses={"4XX": _PROBLEM, "503": _PROBLEM})
_STREAM = 'data: {"object": "chat.completion.chunk", "choices": []}\n\ndata: [DONE]\n\n'
_MOST_TOKENS = 1 << 20


class TextPart(BaseModel):
    """A part of a message's content; pictures and sounds are refused."""

    type: Literal["text"]
    text: str


class ChatMessage(BaseModel):
    """A message of the conversation so far."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart]

    @property
    def text(self) -> str:
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content)


class StreamOptions(BaseModel):
    include_usage: bool = False


class ChatCompletion(BaseModel):
    """OpenAI's request. Fields of it that are not listed have no effect."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": "allan-maverick",
                    "messages": [{"role": "user", "content": "Shall we meet on Tuesday?"}],
                }
            ]
        },
    )

    model: Short
    messages: list[ChatMessage] = Field(min_length=1, max_length=1000)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    stop: Short | Annotated[list[Short], Field(max_length=8)] | None = None
    max_tokens: int | None = Field(None, ge=1, le=_MOST_TOKENS)
    max_completion_tokens: int | None = Field(None, ge=1, le=_MOST_TOKENS)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    seed: int | None = Field(None, ge=-(1 << 63), lt=1 << 63)
    n: Literal[1] | None = None
    mood: Short | None = Field(None, description="not of OpenAI: one of the personality's moods")
    mode: Short | None = Field(None, description="not of OpenAI: one of the personality's modes")
    context: dict[str, Any] | None = Field(
        None, max_length=20, description="not of OpenAI: as for `POST /api/chat`"
    )

    def sampling(self) -> Sampling:
        """The options, with those of the chat where the request has none."""
        usual = Sampling()
        stops = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return Sampling(
            max_tokens=self.max_completion_tokens or self.max_tokens or usual.max_tokens,
            temperature=usual.temperature if self.temperature is None else self.temperature,
            top_p=usual.top_p if self.top_p is None else self.top_p,
            seed=None if self.seed is None else self.seed % (1 << 32),
            stop=tuple(stop for stop in stops if stop),
        )


@router.get("/v1/models", responses=answers(ModelList))
def models(request: Request) -> JSONResponse:
    """The personalities that answer this token."""
    token = require_scope(request, "chat")
    manifests = request.app.state.service.released.manifests
    data = [
        {
            "id": name,
            "object": "model",
            "created": int((manifest.released_at or manifest.created_at).timestamp()),
            "owned_by": "maverick",
            "version": str(manifest.version),
        }
        for name, manifest in sorted(manifests.items())
        if may_talk_to(token, manifest.recipe)
    ]
    return JSONResponse({"object": "list", "data": data})


@router.post("/v1/chat/completions", responses=answers(Completion, events=_STREAM))
async def chat_completions(request: Request, body: ChatCompletion) -> Response:
    """The personality's next message.

    Its own system prompt stands in place of the request's: it was trained with no other.
    """
    token = require_scope(request, "chat")
    service: ChatService = request.app.state.service
    asked = await question(
        service,
        token,
        body.model,
        _ask(body),
        body.sampling(),
    )
    stream = parts(service, asked)
    head = {"id": f"chatcmpl-{secrets.token_hex(12)}", "created": int(time.time())}
    if not body.stream:
        reply = await until_gone(request, last_part(stream))
        return JSONResponse(_completion(head, reply))
    first = await until_gone(request, next_part(stream))
    with_usage = body.stream_options is not None and body.stream_options.include_usage
    chunks = _chunks(head | {"model": body.model}, first, stream, with_usage=with_usage)
    return StreamingResponse(chunks, media_type="text/event-stream")


def _ask(body: ChatCompletion) -> Ask:
    said = [
        Message(role=message.role, content=message.text)
        for message in body.messages
        if message.role in ("user", "assistant")
    ]
    if not said or said[-1]["role"] != "user":
        raise Problem(HTTPStatus.BAD_REQUEST, "the last message must be the user's")
    *earlier, last = said
    return Ask(last["content"], body.context, body.mood, body.mode, earlier)


def _completion(head: dict[str, Any], reply: Reply) -> dict[str, Any]:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": reply.answer.text},
        "logprobs": None,
        "finish_reason": reply.answer.finish_reason,
    }
    return {
        **head,
        "object": "chat.completion",
        "model": reply.personality,
        "choices": [choice],
        "usage": usage(reply),
        **_origin(reply),
    }


async def _chunks(
    head: dict[str, Any],
    first: str | Reply,
    stream: AsyncIterator[str | Reply],
    *,
    with_usage: bool,
) -> AsyncIterator[str]:
    head = {**head, "object": "chat.completion.chunk"}
    yield event({**head, "choices": [_delta({"role": "assistant", "content": ""})]})
    try:
        part = first
        while isinstance(part, str):
            yield event({**head, "choices": [_delta({"content": part})]})
            part = await anext(stream)
    except Problem as problem:
        yield event(body_of("/v1/", problem))
        return
    origin = _origin(part)
    yield event({**head, "choices": [_delta({}, part.answer.finish_reason)], **origin})
    if with_usage:
        yield event({**head, "choices": [], "usage": usage(part), **origin})
    yield "data: [DONE]\n\n"


def _delta(delta: dict[str, str], finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


def _origin(reply: Reply) -> dict[str, str]:
    """Who answered: not of OpenAI, whose clients pass it on."""
    return {
        "system_fingerprint": f"{reply.personality}-{reply.version}",
        "version": reply.version,
        "node": reply.node,
    }
