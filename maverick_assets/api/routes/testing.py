"""`POST /api/test`: one prompt to all who could answer it, beside what the owner really wrote."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from maverick_assets.api.asking import last_part, may_talk_to, parts, question, require_scope
from maverick_assets.api.replies import problem_of
from maverick_assets.api.routes.chat import LONGEST, Short
from maverick_assets.api.shapes import TrialAnswer, answers
from maverick_assets.api.tokens import Token
from maverick_assets.datasets.outgoing import outgoing_text
from maverick_assets.errors import MaverickError
from maverick_assets.recipes import Recipe
from maverick_assets.registry.catalog import Catalog
from maverick_assets.serving.asked import Ask, asked
from maverick_assets.serving.candidate import candidate_answer, newest_candidate
from maverick_assets.serving.names.at_the_door import Incoming, restored
from maverick_assets.serving.nearest import nearest_texts
from maverick_assets.serving.runtime import Sampling
from maverick_assets.serving.service import ChatService
from maverick_assets.settings import Settings

router = APIRouter(tags=["training"])


class TrialRequest(BaseModel):
    """A prompt to compare versions by."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"prompt": "Can you do 10 % off?", "personality": "allan-maverick"}]
        },
    )

    prompt: str = Field(min_length=1, max_length=LONGEST)
    personality: Short = "allan-maverick"
    max_tokens: int = Field(100, ge=1, le=1 << 20)
    temperature: float = Field(0, ge=0, le=2, description="0: the likeliest tokens")
    seed: int | None = Field(None, ge=0, lt=1 << 32)

    def sampling(self) -> Sampling:
        return Sampling(self.max_tokens, self.temperature, seed=self.seed)


@router.post("/api/test", responses=answers(TrialAnswer))
async def compare(request: Request, body: TrialRequest) -> JSONResponse:
    """Answer with base, released version and candidate; a personality without a candidate has null.

    With scope `owner` also the owner's own texts to prompts like it, with the ids of their rows.
    """
    token = require_scope(request, "train")
    service: ChatService = request.app.state.service
    settings: Settings = request.app.state.settings
    sampling = body.sampling()
    ask = await question(service, token, body.personality, Ask(body.prompt), sampling)
    recipe = service.released.manifests[body.personality].recipe
    names = service.names.names.incoming(by_owner="owner" in token.scopes)
    try:
        base = await service.base_answer(ask.messages, sampling)
        base_names = ask.outgoing or names.outgoing
        released = await last_part(parts(service, ask))
        # It needs memory for a model of its own: one at a time.
        async with request.app.state.one_candidate:
            candidate = await asyncio.to_thread(_candidate, settings, token, body, names)
        nearest = None
        if "owner" in token.scopes:
            nearest = await asyncio.to_thread(_nearest, settings, token, recipe, body.prompt)
            nearest = [
                near | {key: restored(names.outgoing(), near[key]) for key in ("prompt", "text")}
                for near in nearest
            ]
    except MaverickError as error:
        raise problem_of(error) from None
    return JSONResponse(
        {
            "personality": body.personality,
            "base": {"response": restored(base_names(), base.text)},
            "released": {"version": released.version, "response": released.answer.text},
            "candidate": candidate,
            "nearest": nearest,
        }
    )


def _candidate(
    settings: Settings, token: Token, body: TrialRequest, names: Incoming
) -> dict[str, str] | None:
    manifest = newest_candidate(Catalog(settings.models), body.personality)
    if manifest is None or not may_talk_to(token, manifest.recipe):
        return None
    messages = asked(manifest.recipe, Ask(body.prompt), names)
    answer = candidate_answer(settings, manifest, messages, body.sampling())
    shown = restored(names.outgoing(), answer.text)
    return {"version": str(manifest.version), "response": shown}


def _nearest(settings: Settings, token: Token, recipe: Recipe, prompt: str) -> list[dict[str, Any]]:
    """The owner's texts without secrets and third parties, whatever the dataset holds."""
    outgoing = outgoing_text(settings.lake, settings.owner_emails)
    texts = nearest_texts(
        settings.lake, recipe.name, prompt, lambda mode: may_talk_to(token, recipe, mode)
    )
    return [
        {
            "prompt": outgoing.clean(near.prompt),
            "text": outgoing.clean(near.text),
            "table": near.source,
            "row_ids": list(near.row_ids),
            "score": round(near.score, 2),
        }
        for near in texts
    ]
