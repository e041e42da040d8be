"""`POST /api/chat`: one message to a personality."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response, StreamingResponse

from maverick_assets.api.asking import (
    last_part,
    next_part,
    parts,
    question,
    require_scope,
    until_gone,
)
from maverick_assets.api.replies import Problem
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.serving.runtime import Sampling
from maverick_assets.serving.service import ChatService, Reply

router = APIRouter()
_LONGEST = 100_000  # characters; the context holds fewer
Short = Annotated[str, Field(max_length=100)]


class ChatRequest(BaseModel):
    """A message to a personality."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"message": "Shall we meet on Tuesday?", "personality": "allan-maverick"}]
        },
    )

    message: str = Field(min_length=1, max_length=_LONGEST)
    personality: Short
    mood: Short | None = None
    mode: Short | None = None
    stream: bool = Field(False, description="whether the answer comes as server-sent events")
    max_tokens: int = Field(200, ge=1, le=1 << 20)
    temperature: float = Field(0.7, ge=0, le=2)
    seed: int | None = Field(None, ge=0, lt=1 << 32)


@router.post("/api/chat")
async def chat(request: Request, body: ChatRequest) -> Response:
    """The answer, with the version and the node that gave it.

    As server-sent events: `{"text": ...}` for each piece, then the same as without streaming.
    """
    token = require_scope(request, "chat")
    service: ChatService = request.app.state.service
    asked = question(
        service,
        token,
        body.personality,
        [Message(role="user", content=body.message)],
        Sampling(body.max_tokens, body.temperature, seed=body.seed),
        mood=body.mood,
        mode=body.mode,
    )
    stream = parts(service, asked)
    if not body.stream:
        return JSONResponse(_content(await until_gone(request, last_part(stream))))
    first = await until_gone(request, next_part(stream))
    return StreamingResponse(_events(first, stream), media_type="text/event-stream")


async def _events(first: str | Reply, stream: AsyncIterator[str | Reply]) -> AsyncIterator[str]:
    yield _event(first)
    try:
        async for part in stream:
            yield _event(part)
    except Problem as problem:
        yield event({"error": problem.message})


def _event(part: str | Reply) -> str:
    return event({"text": part} if isinstance(part, str) else _content(part))


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
