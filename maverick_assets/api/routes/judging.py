"""`/api/judging`: answers to judge blind, for the owner and for who has a token of scope `rate`.

What people said so far is the owner's: from counts before and after a judgement of his, a judge
could tell who wrote what, and judge again.
"""

import asyncio
import secrets
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from maverick_assets.api.asking import may_talk_to, require_scope
from maverick_assets.api.door import TOKEN
from maverick_assets.api.judging_shapes import (
    BlindQuestionList,
    Judgeable,
    JudgeableList,
    JudgementKept,
    JudgingResults,
)
from maverick_assets.api.replies import Problem, problem_of
from maverick_assets.api.routes.chat import Short
from maverick_assets.api.shapes import answers
from maverick_assets.api.tokens import Token
from maverick_assets.datasets.pseudonyms.unlisted_names import owner_names
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.evaluation.people.asked_again import OldDecisions
from maverick_assets.evaluation.people.blind import BlindQuestions
from maverick_assets.evaluation.people.judgements import JudgementFile, judged
from maverick_assets.evaluation.people.line_file import OWNER
from maverick_assets.pipeline.production.feedback import read_feedback
from maverick_assets.pipeline.production.opinions import people_figures
from maverick_assets.registry.catalog import FINAL, Catalog
from maverick_assets.registry.manifest import Manifest
from maverick_assets.serving.allanbot.decide import decides
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
                    "question_id": "3f2a9c",
                    "seed": 7,
                    "ratings": [8, 4],
                    "taken_for_owner": 0,
                }
            ]
        },
    )

    personality: Short
    version: Short
    question_id: Short
    seed: int = Field(ge=0, lt=1 << 32, description="as the question has it")
    ratings: list[Annotated[int, Field(ge=1, le=10)]] = Field(
        min_length=2, max_length=3, description="1 to 10, in the order of the answers"
    )
    taken_for_owner: int | None = Field(
        None, ge=0, le=2, description="place of the answer that the owner wrote; null: cannot tell"
    )


@router.get("/api/judging", responses=answers(JudgeableList))
def judgeable(request: Request) -> JSONResponse:
    """The versions in service that this token may judge, and how much there is to judge of each."""
    token: Token = request.scope[TOKEN]
    if token.scopes.isdisjoint({"rate", "owner"}):
        require_scope(request, "rate")
    catalog: Catalog = request.app.state.catalog
    settings: Settings = request.app.state.settings
    try:
        in_service = [catalog.in_service(name) for name in catalog.personalities()]
    except MaverickError as error:
        raise problem_of(error) from None
    readable = [each for each in in_service if each and may_read_examples(token, each)]
    entries = [_entry(settings, catalog, manifest, token) for manifest in readable]
    return JSONResponse([each.model_dump() for each in entries if each.questions or each.decisions])


def _entry(settings: Settings, catalog: Catalog, manifest: Manifest, token: Token) -> Judgeable:
    by_owner, blind, old = "owner" in token.scopes, 0, 0
    if "rate" in token.scopes:
        with suppress(MaverickError):  # a version without a report: nothing to judge blind
            blind = len(BlindQuestions(catalog, manifest, settings.home / "keys"))
    if by_owner and decides(manifest.recipe):
        with suppress(MaverickError):
            old = len(OldDecisions(settings.lake, manifest.personality, datetime.now(UTC)))
    name = " ".join(next(iter(owner_names(settings.owner_emails)), ["the owner"]))
    return Judgeable(
        personality=manifest.personality,
        title=manifest.recipe.title,
        version=str(manifest.version),
        owner=name.title() if name != "the owner" else name,
        is_owner=by_owner,
        questions=blind,
        decisions=old,
    )


@router.get("/api/judging/{personality}/results", responses=answers(JudgingResults))
async def results(request: Request, personality: str) -> JSONResponse:
    """What people said so far of the version in service."""
    token = require_scope(request, "owner")
    manifest = await released(request, token, personality)
    settings: Settings = request.app.state.settings
    version = str(manifest.version)

    def read() -> dict[str, Any]:
        figures = people_figures(settings, read_feedback(settings.lake), personality, version)
        return figures.model_dump(mode="json")

    try:
        said = await asyncio.to_thread(read)
    except MaverickError as error:
        raise problem_of(error) from None
    return JSONResponse({"personality": personality, "version": version} | said)


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
                "question_id": each.question_id,
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
        question = await asyncio.to_thread(found.question, body.question_id, body.seed)
        judgement = judged(question, body.ratings, body.taken_for_owner, who)
        await asyncio.to_thread(JudgementFile(settings.judgements).add, judgement)
    except MaverickError as error:
        raise problem_of(error) from None
    return JSONResponse({"kept": True}, HTTPStatus.CREATED)


async def _questions(
    request: Request, token: Token, personality: str, version: str
) -> BlindQuestions:
    """The questions of a version. Raises `Problem` where the token may not read all of them."""
    catalog: Catalog = request.app.state.catalog
    settings: Settings = request.app.state.settings
    manifest = await released(request, token, personality, version)
    try:
        return await asyncio.to_thread(BlindQuestions, catalog, manifest, settings.home / "keys")
    except MaverickError as error:
        raise problem_of(error) from None


async def released(
    request: Request, token: Token, personality: str, version: str = FINAL
) -> Manifest:
    """A version whose examples the token may read. Raises `Problem` for others."""
    catalog: Catalog = request.app.state.catalog
    try:
        manifest = await asyncio.to_thread(catalog.usable, personality, version)
    except BadInput:
        manifest = None
    if manifest is None or not may_read_examples(token, manifest):
        raise Problem(HTTPStatus.NOT_FOUND, "no version of that name to judge")
    return manifest


def may_read_examples(token: Token, manifest: Manifest) -> bool:
    """Whether a token has the scopes for all modes: examples are of whatever mode."""
    modes = (None, *manifest.recipe.modes)
    return all(may_talk_to(token, manifest.recipe, mode) for mode in modes)
