"""From a request to an answer: what a caller may ask, and an end with the caller's connection."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing
from dataclasses import replace
from http import HTTPStatus
from typing import Any, TypeVar

from starlette.requests import Request

from maverick_assets.api.door import TOKEN
from maverick_assets.api.replies import Problem, problem_of
from maverick_assets.api.tokens import Scope, Token
from maverick_assets.errors import MaverickError
from maverick_assets.recipes import Recipe
from maverick_assets.serving.asked import Ask, asked
from maverick_assets.serving.names.at_the_door import NoNames
from maverick_assets.serving.runtime import Sampling
from maverick_assets.serving.service import ChatService, Question, Reply, Timing

Part = TypeVar("Part")

_GUARDED: tuple[Scope, ...] = ("intimate", "health")


def require_scope(request: Request, scope: Scope) -> Token:
    """The caller's token. Raises `Problem` when it lacks a scope."""
    token: Token = request.scope[TOKEN]
    if scope not in token.scopes:
        raise Problem(HTTPStatus.FORBIDDEN, f"this token has no scope {scope}")
    return token


def guarded_scopes(name: str, *subjects: str | None) -> tuple[Scope, ...]:
    """The scopes that a personality of this name needs, with its sensitivity and its modes."""
    return tuple(scope for scope in _GUARDED if scope in {*subjects, *name.split("-")})


def may_talk_to(token: Token, recipe: Recipe, mode: str | None = None) -> bool:
    """Whether a token has the scopes for what a personality may say in a mode.

    Those of its sensitivity, and those that it or the mode is called after.
    """
    return token.scopes.issuperset(guarded_scopes(recipe.name, recipe.sensitivity, mode))


async def question(
    service: ChatService,
    token: Token,
    personality: str,
    ask: Ask,
    sampling: Sampling,
) -> Question:
    """The question to ask, laid out as the examples that the version was trained with.

    A personality that the token may not talk to does not exist for it. Raises `Problem`.
    """
    manifests = service.released.manifests
    recipe = manifests[personality].recipe if personality in manifests else None
    if recipe is None or not may_talk_to(token, recipe, ask.mode):
        raise Problem(
            HTTPStatus.NOT_FOUND,
            "no personality of that name and mode answers you; GET /v1/models lists those that do",
            "model_not_found",
        )
    by_owner = "owner" in token.scopes
    names = service.names.names.incoming(by_owner=by_owner)
    try:
        messages = await asyncio.to_thread(asked, recipe, ask, names)
    except MaverickError as error:
        raise problem_of(error) from None
    return Question(personality, messages, sampling, names.outgoing, by_owner)


async def parts(service: ChatService, asked: Question) -> AsyncGenerator[str | Reply, None]:
    """What `ChatService.stream` yields, with its errors as `Problem`.

    Names are those that the caller may see.
    """
    outgoing = asked.outgoing() if asked.outgoing else NoNames().outgoing()
    text = ""
    started = time.monotonic()
    first: float | None = None
    try:
        async with aclosing(service.stream(asked)) as stream:
            async for part in stream:
                shown = outgoing.feed(part) if isinstance(part, str) else outgoing.end()
                text += shown
                taken = time.monotonic() - started
                if shown:
                    first = taken if first is None else first
                    yield shown
                if isinstance(part, Reply):
                    await service.count(
                        asked, part, Timing(taken if first is None else first, taken)
                    )
                    yield replace(part, answer=replace(part.answer, text=text))
    except MaverickError as error:
        raise problem_of(error) from None


async def until_gone(request: Request, work: Coroutine[Any, Any, Part]) -> Part:
    """The result of `work`, which is cancelled when the caller hangs up.

    Everything of the request must have been received.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_hung_up(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Problem(HTTPStatus.REQUEST_TIMEOUT, "the caller has gone")
        return task.result()
    finally:
        gone.cancel()
        task.cancel()


async def last_part(stream: AsyncIterator[str | Reply], first: str | Reply = "") -> Reply:
    """The end of an answer, of which `first` may have been taken."""
    part = first
    async for part in stream:  # noqa: B007 (the last one is wanted)
        pass
    assert isinstance(part, Reply)
    return part


async def next_part(stream: AsyncIterator[str | Reply]) -> str | Reply:
    """The next part of an answer."""
    return await anext(stream)


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
