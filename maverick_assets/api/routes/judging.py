"""`/api/judging`: answers to judge blind, for the owner and for who has a token of scope `rate`."""

import asyncio
import secrets
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from maverick_assets.api.asking import may_talk_to, require_scope
from maverick_assets.api.replies import Problem, problem_of
from maverick_assets.api.routes.chat import Short
from maverick_assets.api.shapes import BlindQuestionList, JudgementKept, answers
from maverick_assets.api.tokens import Token
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.evaluation.people.blind import BlindQuestions
from maverick_assets.evaluation.people.judgements import OWNER, JudgementFile, judged
from maverick_assets.registry.catalog import FINAL, Catalog
from maverick_assets.settings import Settings

router = APIRouter(tags=["feedback"])


class JudgementRequest(BaseModel):
    """What a judge says of the answers to one question."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "personality": "allan-maverick",
                    "version": "v1.0",
                    "example_id": "3f2a9c",
                    "seed": 7,
                    "ratings": [8, 4],
                    "taken_for_owner": 0,
                }
            ]
        },
    )

    personality: Short
    version: Short
    example_id: Short
    seed: int = Field(ge=0, lt=1 << 32, description="as the question has it")
    ratings: list[Annotated[int, Field(ge=1, le=10)]] = Field(
        min_length=2, max_length=3, description="1 to 10, in the order of the answers"
    )
    taken_for_owner: int | None = Field(
        None, ge=0, le=2, description="place of the answer that the owner wrote; null: cannot tell"
    )


@router.get("/api/judging/{personality}", responses=answers(BlindQuestionList))
async def questions(
    request: Request, personality: str, count: Annotated[int, Query(ge=1, le=100)] = 10
) -> JSONResponse:
    """Prompts with answers in random order: the owner's own, and those of the released version."""
    token = require_scope(request, "rate")
    found = await _questions(request, token, personality, FINAL)
    drawn = await asyncio.to_thread(found.draw, count, secrets.randbits(32))
    return JSONResponse(
        [
            {
                "personality": each.personality,
                "version": each.version,
                "example_id": each.example_id,
                "seed": each.seed,
                "prompt": each.prompt,
                "answers": list(each.answers),
            }
            for each in drawn
        ]
    )


@router.post("/api/judging", status_code=201, responses=answers(JudgementKept, 201))
async def judge(request: Request, body: JudgementRequest) -> JSONResponse:
    """Keep a judgement. Of several on one question, a judge's last one counts."""
    token = require_scope(request, "rate")
    found = await _questions(request, token, body.personality, body.version)
    settings: Settings = request.app.state.settings
    who = OWNER if "owner" in token.scopes else token.caller
    try:
        question = await asyncio.to_thread(found.question, body.example_id, body.seed)
        judgement = judged(question, body.ratings, body.taken_for_owner, who)
        await asyncio.to_thread(JudgementFile(settings.judgements).add, judgement)
    except MaverickError as error:
        raise problem_of(error) from None
    return JSONResponse({"kept": True}, HTTPStatus.CREATED)


async def _questions(
    request: Request, token: Token, personality: str, version: str
) -> BlindQuestions:
    """The questions of a version. Raises `Problem` where the token may not read all of them.

    They quote examples, of whatever mode.
    """
    catalog: Catalog = request.app.state.catalog
    settings: Settings = request.app.state.settings
    try:
        manifest = await asyncio.to_thread(catalog.usable, personality, version)
    except BadInput:
        manifest = None
    modes = (None, *manifest.recipe.modes) if manifest else ()
    if manifest is None or not all(may_talk_to(token, manifest.recipe, mode) for mode in modes):
        raise Problem(HTTPStatus.NOT_FOUND, "no version of that name to judge")
    try:
        return await asyncio.to_thread(BlindQuestions, catalog, manifest, settings.home / "keys")
    except MaverickError as error:
        raise problem_of(error) from None
