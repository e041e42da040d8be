"""`/api/judging/.../decisions`: old decisions of the owner, on which he alone decides once more."""

import asyncio
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from maverick_assets.api.asking import require_scope
from maverick_assets.api.judging_shapes import DecisionQuestionList, JudgementKept
from maverick_assets.api.replies import Problem, problem_of
from maverick_assets.api.routes.chat import Short
from maverick_assets.api.routes.judging import released
from maverick_assets.api.shapes import answers
from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.people.asked_again import (
    MOST,
    NO_OLD_DECISION,
    OldDecisions,
    RepeatedDecisionFile,
)
from maverick_assets.figures.decisions import Stance
from maverick_assets.serving.names.owner_view import owner_view
from maverick_assets.serving.service import ChatService
from maverick_assets.settings import Settings

router = APIRouter(tags=["feedback"])
Result = TypeVar("Result")


class DecideAgainRequest(BaseModel):
    """What the owner decides on an old decision of his."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "personality": "allan-maverick",
                    "example_id": "3f2a9c",
                    "seed": 7,
                    "option": "decline",
                }
            ]
        },
    )

    personality: Short
    example_id: Short
    seed: int = Field(ge=0, lt=1 << 32, description="as the question has it")
    option: Stance = Field(description="one of the question's options")


@router.get("/api/judging/{personality}/decisions", responses=answers(DecisionQuestionList))
async def decisions(
    request: Request, personality: str, count: Annotated[int, Query(ge=1, le=100)] = MOST
) -> JSONResponse:
    """Old decisions without what was decided, those first that were not asked again yet."""
    token = require_scope(request, "owner")
    await released(request, token, personality)
    service: ChatService = request.app.state.service
    settings: Settings = request.app.state.settings

    def drawn() -> list[dict[str, object]]:
        old = OldDecisions(settings.lake, personality, datetime.now(UTC))
        said = RepeatedDecisionFile(settings.judgements).read(personality)
        answered = {each.example_id for each in said}
        show = owner_view(settings, service.names.names)
        return [
            {
                "personality": each.personality,
                "example_id": each.example_id,
                "seed": each.seed,
                "kind": each.kind,
                "text": show(each.text),
                "options": list(each.options),
            }
            for each in old.draw(count, secrets.randbits(32), answered)
        ]

    questions = await _in_thread(drawn)
    if not questions:
        raise Problem(HTTPStatus.NOT_FOUND, f"{personality} {NO_OLD_DECISION}")
    return JSONResponse(questions)


@router.post("/api/judging/decisions", status_code=201, responses=answers(JudgementKept, 201))
async def decide_again(request: Request, body: DecideAgainRequest) -> JSONResponse:
    """Keep what the owner decides now. Of several on one decision, the last one counts."""
    token = require_scope(request, "owner")
    await released(request, token, body.personality)
    settings: Settings = request.app.state.settings

    def keep() -> None:
        old = OldDecisions(settings.lake, body.personality, datetime.now(UTC))
        decided = old.decided(body.example_id, body.seed, body.option)
        RepeatedDecisionFile(settings.judgements).add(decided)

    await _in_thread(keep)
    return JSONResponse({"kept": True}, HTTPStatus.CREATED)


async def _in_thread(work: Callable[[], Result]) -> Result:
    """The result of work that reads tables. Raises `Problem`."""
    try:
        return await asyncio.to_thread(work)
    except MaverickError as error:
        raise problem_of(error) from None
