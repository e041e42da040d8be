"""`POST /api/feedback`: what the owner thinks of an answer, and what it should have been."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse

from maverick_assets.api.asking import may_talk_to, require_scope
from maverick_assets.api.replies import Problem
from maverick_assets.api.routes.chat import LONGEST, Short
from maverick_assets.api.routes.sessions import Sessions, kept
from maverick_assets.api.shapes import RatingKept, answers
from maverick_assets.api.tokens import Token
from maverick_assets.errors import BadInput
from maverick_assets.registry.catalog import Catalog
from maverick_assets.registry.manifest import Manifest
from maverick_assets.serving.sessions.session import Rating

router = APIRouter(tags=["feedback"])


class FeedbackRequest(BaseModel):
    """An answer and its rating."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "personality": "allan-maverick",
                    "version": "v1.0",
                    "prompt": "Shall we meet on Tuesday?",
                    "response": "Tuesday is fine.",
                    "rating": 4,
                    "correction": "Tue works, 10am. Allan",
                }
            ]
        },
    )

    personality: Short
    version: Short
    prompt: str = Field(min_length=1, max_length=LONGEST)
    response: str = Field(min_length=1, max_length=LONGEST)
    rating: int = Field(ge=1, le=10, description="1 to 3: avoid such answers; 8 and more: learn it")
    correction: str | None = Field(
        None, max_length=LONGEST, description="what the answer should have been; it is learnt"
    )
    session: Short | None = Field(None, description="the session that the answer stands in")
    message_id: Short | None = Field(None, description="the id of the answer in that session")


@router.post("/api/feedback", status_code=201, responses=answers(RatingKept, 201))
async def feedback(request: Request, body: FeedbackRequest) -> JSONResponse:
    """Keep a rating; the next ingest reads it.

    Scope `owner`: a personality learns what is praised, and corrections word by word.
    """
    token = require_scope(request, "owner")
    sessions: Sessions = request.app.state.sessions
    _require_version(request.app.state.catalog, token, body)
    mood = mode = None
    if body.message_id is not None:
        if body.session is None:
            raise Problem(HTTPStatus.BAD_REQUEST, "`message_id` needs its `session`")
        await sessions.visible(token, body.session)
        said = await kept(sessions.store.messages, body.session)
        found = next((m for m in said if m.id == body.message_id), None)
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, "the session has no message of that id")
        mood, mode = found.mood, found.mode
    rating = Rating(
        body.personality,
        body.version,
        body.prompt,
        body.response,
        body.rating,
        body.correction or None,
        mood,
        mode,
    )
    return JSONResponse({"id": await kept(sessions.store.rate, rating)}, HTTPStatus.CREATED)


def _require_version(catalog: Catalog, token: Token, body: FeedbackRequest) -> Manifest:
    """The version that answered. Raises `Problem` where the token knows no such version."""
    try:
        manifest = catalog.get(body.personality, body.version)
    except BadInput:
        manifest = None
    if manifest is None or not may_talk_to(token, manifest.recipe):
        raise Problem(HTTPStatus.NOT_FOUND, "no such version of such a personality")
    return manifest
