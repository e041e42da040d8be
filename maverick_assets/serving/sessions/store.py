"""Sessions and ratings, kept and found again."""

import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from maverick_assets.crm.foreign_input import storable
from maverick_assets.crm.schema import MADE_BY, MAVERICK
from maverick_assets.serving.sessions.database import (
    CONVERSATIONS,
    FEEDBACK,
    MESSAGES,
    open_engine,
)
from maverick_assets.serving.sessions.session import (
    Exchange,
    NotKept,
    Overtaken,
    Rating,
    Session,
    StoredMessage,
)
from maverick_assets.settings import Settings

MOST_MESSAGES = 2000  # of a session
MOST_SESSIONS = 5000  # of a caller
_LISTED = 200
_TITLE_CHARACTERS = 80


class SessionStore:
    """Sessions and ratings of a run home. Its methods wait for a database: call them in threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._engine: Engine | None = None
        self._opening = threading.Lock()

    def sessions(self, caller: str | None = None) -> list[Session]:
        """The newest sessions of a caller, or of all, newest first.

        Raises what `open_engine` raises.
        """
        # Times in UTC as ISO 8601 writes them: their order is that of their texts.
        newest = CONVERSATIONS.c.metadata["updated_at"].as_string().desc()
        query = select(CONVERSATIONS).where(*_ours(caller)).order_by(newest).limit(_LISTED)
        with self._begin() as connection:
            rows = connection.execute(query).all()
            found = [session for row in rows if (session := _session(row))]
            return [_titled(connection, session) for session in found]

    def find(self, session_id: str) -> Session | None:
        """A session; None where there is none of that id, or another program made it."""
        if storable(session_id) != session_id:  # no database would compare it
            return None
        with self._begin() as connection:
            found = _find(connection, session_id)
            return found and _titled(connection, found[0])

    def messages(self, session_id: str) -> list[StoredMessage]:
        """The messages of a session, in their order."""
        with self._begin() as connection:
            found = _find(connection, session_id)
            if found is None:
                return []
            about = found[1]
            query = (
                select(MESSAGES)
                .where(MESSAGES.c.conversation_id == session_id)
                .order_by(MESSAGES.c.created_at, MESSAGES.c.id)
            )
            return [
                StoredMessage(
                    row.id,
                    "user" if row.role == "user" else "assistant",
                    row.content,
                    _aware(row.created_at),
                    **about.get(row.id, {}),
                )
                for row in connection.execute(query)
            ]

    def add(
        self, session: Session, exchange: Exchange, replaces: str | None = None
    ) -> tuple[str, str]:
        """Keep a message and its answer; returns their ids.

        `session` is as it was when the message came: a new one, or one that was found. With
        `replaces`, that message and all after it go first. Raises `Overtaken` when another request
        has changed the session since, `NotKept` when it is full.
        """
        with self._begin() as connection:
            found = _find(connection, session.id, lock=True)
            before, about = found or (session, {})
            if before.length != session.length or (found is None) != (session.length == 0):
                raise Overtaken
            if before.length >= MOST_MESSAGES:
                raise NotKept(f"the session has {MOST_MESSAGES} messages; begin another one")
            if found is None:
                _require_room(connection, session.caller)
            if replaces is not None:
                _cut(connection, session.id, replaces, about)
            asked, answered = (f"{session.id}-{before.length + at:05d}" for at in (1, 2))
            now = _after(connection, session.id)
            about[asked] = _known(
                device=exchange.device, context=_storable(exchange.context or None)
            )
            about[answered] = _known(
                version=exchange.version, mood=exchange.mood, mode=exchange.mode
            )
            after = _continued(before, exchange, now)
            _put(connection, after, about, is_new=found is None)
            rows = [
                (asked, "user", exchange.text, now),
                (answered, "assistant", exchange.answer, now + timedelta(microseconds=1)),
            ]
            connection.execute(
                insert(MESSAGES),
                [
                    {
                        "id": key,
                        "conversation_id": session.id,
                        "role": role,
                        "content": storable(text),
                        "created_at": at,
                    }
                    for key, role, text, at in rows
                ],
            )
        return asked, answered

    def remove(self, session_id: str) -> None:
        """Delete a session with its messages."""
        with self._begin() as connection:
            connection.execute(delete(MESSAGES).where(MESSAGES.c.conversation_id == session_id))
            connection.execute(delete(CONVERSATIONS).where(CONVERSATIONS.c.id == session_id))

    def rate(self, rating: Rating) -> str:
        """Keep a rating; returns its id."""
        row = {
            "id": f"maverick-{secrets.token_hex(12)}",
            "created_at": datetime.now(UTC),
            **{
                name: storable(value) if isinstance(value, str) else value
                for name, value in vars(rating).items()
            },
        }
        with self._begin() as connection:
            connection.execute(insert(FEEDBACK), [row])
        return str(row["id"])

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        """A transaction."""
        with self._opening:  # the first requests may come together
            if self._engine is None:
                self._engine = open_engine(self._settings)
        try:
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise Overtaken from None


def _find(
    connection: Connection, session_id: str, *, lock: bool = False
) -> tuple[Session, dict[str, dict[str, Any]]] | None:
    """A session, and what its metadata say about each message."""
    query = select(CONVERSATIONS).where(CONVERSATIONS.c.id == session_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    session = row and _session(row)
    return (session, row.metadata["messages"]) if row and session else None


def _session(row: Row[Any]) -> Session | None:
    """The session of a conversation; None for one that another program made."""
    metadata = row.metadata
    if not isinstance(metadata, dict) or metadata.get(MADE_BY) != MAVERICK:
        return None
    try:
        return Session(
            id=row.id,
            user_id=row.user_id,
            caller=metadata["caller"],
            personality=metadata["personality"],
            mood=metadata.get("mood"),
            mode=metadata.get("mode"),
            modes=tuple(metadata["modes"]),
            sensitivity=tuple(metadata["sensitivity"]),
            device=metadata.get("device"),
            updated_at=datetime.fromisoformat(metadata["updated_at"]),
            length=metadata["length"],
        )
    except (KeyError, TypeError, ValueError):  # it says that it is ours, and is not
        return None


def _storable(value: Any) -> Any:
    """JSON without the characters that databases do not take."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(key): _storable(item) for key, item in value.items()}
    return [_storable(item) for item in value] if isinstance(value, list) else value


def _known(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _titled(connection: Connection, session: Session) -> Session:
    """The session with its first words as title."""
    query = (
        select(MESSAGES.c.content)
        .where(MESSAGES.c.conversation_id == session.id, MESSAGES.c.role == "user")
        .order_by(MESSAGES.c.created_at, MESSAGES.c.id)
        .limit(1)
    )
    words = " ".join((connection.execute(query).scalar() or "").split())
    short = words if len(words) <= _TITLE_CHARACTERS else f"{words[: _TITLE_CHARACTERS - 1]}…"
    return Session(**vars(session) | {"title": short})


def _continued(session: Session, exchange: Exchange, now: datetime) -> Session:
    modes = {*session.modes, *([exchange.mode] if exchange.mode else [])}
    changed = {
        "mood": exchange.mood,
        "mode": exchange.mode,
        "modes": tuple(sorted(modes)),
        "device": exchange.device or session.device,
        "updated_at": now,
        "length": session.length + 2,
    }
    return Session(**vars(session) | changed)


def _put(
    connection: Connection,
    session: Session,
    about: Mapping[str, Mapping[str, Any]],
    *,
    is_new: bool,
) -> None:
    values = {"user_id": session.user_id, "metadata": session.metadata(about)}
    if is_new:
        connection.execute(insert(CONVERSATIONS), [{"id": session.id, **values}])
    else:
        mine = CONVERSATIONS.c.id == session.id
        connection.execute(update(CONVERSATIONS).where(mine).values(values))


def _cut(
    connection: Connection, session_id: str, message_id: str, about: dict[str, dict[str, Any]]
) -> None:
    """Delete a message of the user and what follows it. Raises `NotKept` for any other id."""
    here = MESSAGES.c.conversation_id == session_id
    query = select(MESSAGES.c.role).where(here, MESSAGES.c.id == message_id)
    if connection.execute(query).scalar() != "user":
        raise NotKept("`replaces` names no message of the user in this session")
    # Ids of a session count up.
    connection.execute(delete(MESSAGES).where(here, MESSAGES.c.id >= message_id))
    for gone in [key for key in about if key >= message_id]:
        del about[gone]


def _after(connection: Connection, session_id: str) -> datetime:
    """Now, or just after the last message where the clock has gone back."""
    query = (
        select(MESSAGES.c.created_at)
        .where(MESSAGES.c.conversation_id == session_id)
        .order_by(MESSAGES.c.created_at.desc())
        .limit(1)
    )
    last = connection.execute(query).scalar()
    now = datetime.now(UTC)
    return now if last is None else max(now, _aware(last) + timedelta(microseconds=1))


def _ours(caller: str | None) -> list[ColumnElement[bool]]:
    """Which conversations are sessions of a caller, or of anybody."""
    metadata = CONVERSATIONS.c.metadata
    conditions = [metadata[MADE_BY].as_string() == MAVERICK]
    return conditions + ([metadata["caller"].as_string() == caller] if caller else [])


def _require_room(connection: Connection, caller: str) -> None:
    query = select(func.count()).select_from(CONVERSATIONS).where(*_ours(caller))
    if connection.execute(query).scalar_one() >= MOST_SESSIONS:
        raise NotKept(f"you have {MOST_SESSIONS} sessions; delete some")


def _aware(at: datetime) -> datetime:
    """SQLite stores times in UTC without saying so."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)
