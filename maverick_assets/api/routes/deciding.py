"""`POST /api/decide`: which of several options a twin takes."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from threading import Event
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from maverick_assets.api.asking import question, require_scope, until_gone
from maverick_assets.api.replies import Problem, problem_of
from maverick_assets.api.tokens import Token
from maverick_assets.decisions.options import FEWEST, LONGEST, MOST, checked_options
from maverick_assets.decisions.questions import yes_and_no
from maverick_assets.errors import MaverickError
from maverick_assets.registry.manifest import Manifest
from maverick_assets.serving.allanbot.bot import ask_about
from maverick_assets.serving.allanbot.decide import Twin, decide, decides, weights_of
from maverick_assets.serving.allanbot.decision import Decision
from maverick_assets.serving.allanbot.memory import DecisionMemory
from maverick_assets.serving.asked import Ask
from maverick_assets.serving.names.at_the_door import restored
from maverick_assets.serving.runtime import Runtime, Sampling
from maverick_assets.serving.service import ChatService

router = APIRouter()
_LONGEST_CONTEXT = 100_000  # characters; the context of a model holds fewer


class DecideRequest(BaseModel):
    """What is to be decided, and between what."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "context": {"deal_amount": 50000, "deal_stage": "negotiation"},
                    "options": ["accept", "decline", "ask for a deposit"],
                }
            ]
        },
    )

    context: Annotated[str, Field(max_length=_LONGEST_CONTEXT)] | dict[str, Any] = Field(
        description="a message, or the facts of a deal or a mail as `POST /api/chat` takes them"
    )
    options: list[Annotated[str, Field(max_length=LONGEST)]] = Field(
        min_length=FEWEST, max_length=MOST, description="whole phrases; their order means nothing"
    )
    personality: Annotated[str, Field(max_length=100)] | None = Field(
        None, description="unset: the one that learns from decisions"
    )


@router.post("/api/decide")
async def decide_route(request: Request, body: DecideRequest) -> Decision:
    """The option that the twin takes, how likely each one is, and his nearest own decisions."""
    token = require_scope(request, "chat")
    service: ChatService = request.app.state.service
    personality = body.personality or _only_twin(service)
    work = decided(request, token, personality, ask_about(body.context), body.options)
    return await until_gone(request, work)


async def decided(
    request: Request, token: Token, personality: str, ask: Ask, options: Sequence[str]
) -> Decision:
    """The decision of a personality. Raises `Problem`."""
    service: ChatService = request.app.state.service
    memory: DecisionMemory = request.app.state.decisions
    asked = await question(service, token, personality, ask, Sampling())
    names = service.names.names.incoming(by_owner="owner" in token.scopes)

    def show(text: str) -> str:
        return restored(names.outgoing(), text)

    try:
        checked_options(options)  # before anything waits
        known = await asyncio.to_thread(memory.of, personality, names.hide, show)

        def work(runtime: Runtime, manifest: Manifest, cancelled: Event) -> Decision:
            version = str(manifest.version)
            weights = weights_of(manifest)
            twin = Twin(runtime, personality, personality, version, service.node, weights)
            return decide(twin, asked.messages, options, known, cancelled)

        return await service.compute(personality, work)
    except MaverickError as error:
        raise problem_of(error) from None


async def decision_on(request: Request, token: Token, personality: str, ask: Ask) -> dict[str, Any]:
    """`{"decision": ...}` for a message that asks a twin for one; else nothing.

    The answer to the message stands without it: where no decision can be made, it says why.
    """
    service: ChatService = request.app.state.service
    options = yes_and_no(ask.message)
    if options is None or not decides(service.released.manifests[personality].recipe):
        return {}
    try:
        decision = await decided(request, token, personality, ask, options)
    except Problem as problem:
        return {"decision": {"error": problem.message}}
    return {"decision": decision.model_dump(mode="json")}


def _only_twin(service: ChatService) -> str:
    """The personality in service that learns from decisions."""
    manifests = service.released.manifests
    twins = [name for name, manifest in manifests.items() if decides(manifest.recipe)]
    if len(twins) != 1:
        raise Problem(
            HTTPStatus.BAD_REQUEST, "name the personality: not just one learns from decisions"
        )
    return twins[0]
