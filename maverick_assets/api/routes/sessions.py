"""Sessions: conversations that are kept and carried on, and who may see which."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, ParamSpec, TypeVar

from fastapi import APIRouter, Path, Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response

from maverick_assets.api.asking import guarded_scopes, require_scope
from maverick_assets.api.replies import Problem
from maverick_assets.api.shapes import SessionContent, SessionList, answers
from maverick_assets.api.tokens import Token
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.errors import MaverickError
from maverick_assets.recipes import Recipe
from maverick_assets.serving.asked import AskedBefore
from maverick_assets.serving.sessions.session import (
    Exchange,
    NotKept,
    Overtaken,
    Session,
    StoredMessage,
    new_session_id,
)
from maverick_assets.serving.sessions.store import SessionStore

router = APIRouter(tags=["sessions"])
NEW = "new"  # what a request names instead of a session to begin one
_MOST_WAITING = 8  # requests for one session
_log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

SessionId = Annotated[str, Path(max_length=100, examples=["maverick-1f8a0c5e9d3b7a24"])]


async def kept(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What a method of the store returns. Raises `Problem`."""
    try:
        return await asyncio.to_thread(work, *args, **kwargs)
    except Overtaken as error:
        raise Problem(HTTPStatus.CONFLICT, str(error)) from None
    except NotKept as error:
        raise Problem(HTTPStatus.BAD_REQUEST, str(error)) from None
    except (MaverickError, SQLAlchemyError, OSError) as error:
        # No words of the error: a database's quote rows.
        _log.error("sessions cannot be kept: %s", type(error).__name__)
        raise Problem(
            HTTPStatus.SERVICE_UNAVAILABLE, "the database of sessions does not answer"
        ) from None


@dataclass
class _Line:
    """Requests of one session, in the order in which they came."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    requests: int = 0


class Sessions:
    """The sessions of the API, within one event loop: one request of a session at a time."""

    def __init__(self, store: SessionStore, owner_id: str) -> None:
        """`owner_id`: the user id by which the CRM knows the owner."""
        self.store = store
        self._owner_id = owner_id
        self._lines: defaultdict[str, _Line] = defaultdict(_Line)
        self._closing: set[asyncio.Task[None]] = set()

    async def open(
        self, token: Token, recipe: Recipe, session_id: str, replaces: str | None
    ) -> "OpenSession":
        """A session, with the messages that come before the next one; its `close` must be called.

        Raises `Problem`: for one that the token does not see, or of another personality.
        """
        if session_id == NEW:
            if replaces is not None:
                raise Problem(HTTPStatus.BAD_REQUEST, "a new session has nothing to replace")
            return OpenSession(self, self._new(token, recipe), [], None)
        line = self._lines[session_id]
        if line.requests >= _MOST_WAITING:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "too many requests for this session")
        line.requests += 1
        try:
            await line.lock.acquire()
        except BaseException:
            self._left(session_id, line)
            raise
        try:
            session = await self.visible(token, session_id)
            if session.personality != recipe.name:
                raise Problem(
                    HTTPStatus.BAD_REQUEST, "this session is with another personality; begin one"
                )
            said = await kept(self.store.messages, session_id)
            if replaces is not None:
                said = _before(said, replaces)
        except BaseException:
            self.release(session_id)
            raise
        return OpenSession(self, session, said, replaces)

    async def visible(self, token: Token, session_id: str) -> Session:
        """A session that the token sees. Raises `Problem` where it sees none of that id."""
        session = await kept(self.store.find, session_id)
        if session is None or not _sees(token, session):
            raise Problem(HTTPStatus.NOT_FOUND, "no session of that id; GET /api/sessions")
        return session

    async def all_visible(self, token: Token) -> list[Session]:
        caller = None if "owner" in token.scopes else token.caller
        sessions = await kept(self.store.sessions, caller)
        return [session for session in sessions if _sees(token, session)]

    def release(self, session_id: str) -> None:
        """Let the next request of a session begin."""
        line = self._lines.get(session_id)
        if line is not None:
            line.lock.release()
            self._left(session_id, line)

    def finish(self, open_session: "OpenSession") -> None:
        """End a request's part in a session, whether or not its connection still lives."""
        task = asyncio.ensure_future(open_session.finish())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Wait for what is still to be kept."""
        if self._closing:
            await asyncio.wait(self._closing)
        await asyncio.to_thread(self.store.close)

    def _left(self, session_id: str, line: _Line) -> None:
        line.requests -= 1
        if line.requests == 0:
            self._lines.pop(session_id, None)

    def _new(self, token: Token, recipe: Recipe) -> Session:
        # Whoever calls without the scope is somebody else: his words are not the owner's.
        is_owner = "owner" in token.scopes
        return Session(
            id=new_session_id(),
            user_id=self._owner_id if is_owner else f"guest:{token.caller}",
            caller=token.caller,
            personality=recipe.name,
            mood=None,
            mode=None,
            modes=(),
            sensitivity=guarded_scopes(recipe.name, recipe.sensitivity),
            device=None,
            updated_at=datetime.now(UTC),
            length=0,
        )


class OpenSession:
    """A session while one request is answered."""

    def __init__(
        self,
        sessions: Sessions,
        session: Session,
        said: Sequence[StoredMessage],
        replaces: str | None,
    ) -> None:
        self.id = session.id
        self.history = [_message(each) for each in said]
        self._sessions = sessions
        self._session = session
        self._replaces = replaces
        self._saving: asyncio.Task[tuple[str, str]] | None = None
        self._unfinished: Exchange | None = None
        self._is_closed = False

    def so_far(self, exchange: Exchange | None) -> None:
        """What is to be kept when the caller hangs up now."""
        self._unfinished = exchange

    async def keep(self, exchange: Exchange) -> dict[str, str]:
        """Keep the message and its answer; returns their ids, for the caller. Raises `Problem`."""
        store = self._sessions.store
        self._saving = asyncio.ensure_future(
            kept(store.add, self._session, exchange, self._replaces)
        )
        asked, answered = await asyncio.shield(self._saving)
        return {"session": self.id, "user_message_id": asked, "message_id": answered}

    def close(self) -> None:
        """End the request's part in the session; may be called twice."""
        if not self._is_closed:
            self._is_closed = True
            self._sessions.finish(self)

    async def finish(self) -> None:
        try:
            if self._saving is None and self._unfinished is not None:
                await self.keep(self._unfinished)
            elif self._saving is not None:
                await self._saving
        except Problem:
            pass  # `keep` has raised it to the caller, unless he has gone
        finally:
            self._sessions.release(self.id)


def _message(said: StoredMessage) -> Message | AskedBefore:
    message = Message(role=said.role, content=said.text)
    return AskedBefore(**message, context=said.context) if said.context else message


def _sees(token: Token, session: Session) -> bool:
    """Whether a session is the token's, and holds nothing that the token lacks a scope for."""
    needed = guarded_scopes(session.personality, *session.sensitivity, *session.modes)
    is_its_own = "owner" in token.scopes or session.caller == token.caller
    return is_its_own and token.scopes.issuperset(needed)


def _before(said: Sequence[StoredMessage], message_id: str) -> list[StoredMessage]:
    for at, message in enumerate(said):
        if message.id == message_id and message.role == "user":
            return list(said[:at])
    raise Problem(HTTPStatus.NOT_FOUND, "`replaces` names no message of the user in this session")


def _summary(session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "personality": session.personality,
        "mood": session.mood,
        "mode": session.mode,
        "title": session.title,
        "updated_at": session.updated_at.isoformat(),
        "device": session.device,
    }


@router.get("/api/sessions", responses=answers(SessionList))
async def list_sessions(request: Request) -> JSONResponse:
    """The sessions that the token sees, newest first."""
    token = require_scope(request, "chat")
    sessions: Sessions = request.app.state.sessions
    visible = await sessions.all_visible(token)
    return JSONResponse({"sessions": [_summary(session) for session in visible]})


@router.get("/api/sessions/{session_id}", responses=answers(SessionContent))
async def show_session(request: Request, session_id: SessionId) -> JSONResponse:
    """A session with its messages."""
    token = require_scope(request, "chat")
    sessions: Sessions = request.app.state.sessions
    session = await sessions.visible(token, session_id)
    said = await kept(sessions.store.messages, session_id)
    messages = [
        {
            "id": message.id,
            "role": message.role,
            "text": message.text,
            "at": message.at.isoformat(),
            "version": message.version,
            "device": message.device,
            "context": message.context,
        }
        for message in said
    ]
    return JSONResponse({**_summary(session), "messages": messages})


@router.delete("/api/sessions/{session_id}", status_code=204)
async def remove_session(request: Request, session_id: SessionId) -> Response:
    """Delete a session with its messages."""
    token = require_scope(request, "chat")
    sessions: Sessions = request.app.state.sessions
    await sessions.visible(token, session_id)
    await kept(sessions.store.remove, session_id)
    return Response(status_code=204)
