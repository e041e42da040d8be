"""Turns: every utterance of the raw tables, cleaned, threaded, attributed and protected."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from secrets import token_bytes
from typing import Any

import pyarrow as pa

from maverick_assets.datasets.cleaning import clean_text
from maverick_assets.datasets.privacy import Person, ThirdParties
from maverick_assets.datasets.threads import LONG_AGO, Mail, link_threads
from maverick_assets.errors import MaverickError
from maverick_assets.lake import Where, read_table

Row = dict[str, Any]


@dataclass(frozen=True)
class Owner:
    """Who the owner is: address patterns (`fnmatch`, lower case) and user ids.

    `others` knows what stands for everybody else; left out: stand-ins of a key that nobody keeps.
    """

    emails: tuple[str, ...]
    user_ids: tuple[str, ...]
    others: ThirdParties | None = None

    @cached_property
    def third_parties(self) -> ThirdParties:
        return self.others or ThirdParties(token_bytes(32), (), self.emails)

    def wrote(self, address: str | None) -> bool:
        return any(fnmatch((address or "").lower(), pattern) for pattern in self.emails)


@dataclass(frozen=True)
class Turn:
    """One utterance. `context` is what it answers, where the same row holds that."""

    turn_id: str
    source: str
    source_ids: list[str]
    thread_id: str
    reply_to: str | None
    author: str
    is_owner: bool
    occurred_at: datetime
    title: str
    text: str
    context: str | None = None
    personality: str | None = None
    mood: str | None = None
    mode: str | None = None


TURN_SCHEMA = pa.schema(
    [
        ("turn_id", pa.string()),
        ("source", pa.string()),
        ("source_ids", pa.list_(pa.string())),
        ("thread_id", pa.string()),
        ("reply_to", pa.string()),
        ("author", pa.string()),
        ("is_owner", pa.bool_()),
        ("occurred_at", pa.timestamp("us", tz="UTC")),
        ("title", pa.string()),
        ("text", pa.string()),
        ("context", pa.string()),
        ("personality", pa.string()),
        ("mood", pa.string()),
        ("mode", pa.string()),
    ]
)


def turn_rows(turns: Iterable[Turn]) -> list[Row]:
    return [asdict(turn) for turn in turns]


def read_turns(table: Path, where: Where | None = None) -> list[Turn]:
    """The turns of a Delta table, ordered by id; `MaverickError` when there is none yet."""
    rows = read_table(table, columns=TURN_SCHEMA.names, where=where)
    if rows is None:
        raise MaverickError(f"{table} holds no turns yet; materialize clean/turns first")
    return sorted((Turn(**row) for row in rows.to_pylist()), key=lambda turn: turn.turn_id)


def mail_turns(mails: Sequence[Mail], owner: Owner) -> list[Turn]:
    """Turns of cleaned mails; all that are connected with one of them must be there."""
    links = link_threads(mails)
    people: defaultdict[str, set[str]] = defaultdict(set)
    for mail in mails:
        people[links[mail.id].thread_id].update((mail.sender, *mail.recipients))
    turns = []
    for mail in mails:
        link = links[mail.id]
        others = [Person(address) for address in sorted(people[link.thread_id])]
        others = [person for person in others if not owner.wrote(person.address)]
        source, _, row = mail.id.partition(":")
        turn = Turn(
            turn_id=mail.id,
            source=source,
            source_ids=[row],
            thread_id=f"mail:{link.thread_id}",
            reply_to=link.parent_id,
            author=mail.sender,
            is_owner=owner.wrote(mail.sender),
            occurred_at=mail.sent_at,
            title=mail.subject,
            text=mail.text,
            context=mail.quoted,
        )
        turns.append(_protected(turn, owner, others))
    return turns


def chat_turns(
    source: str, conversations: Sequence[Row], messages: Sequence[Row], owner: Owner
) -> list[Turn]:
    """Turns of whole conversations. Role `user` speaks for the conversation's own user; every
    other role is the other side."""
    users = {row["id"]: row["user_id"] for row in conversations}
    turns = []
    previous: dict[str, str] = {}
    for row in sorted(messages, key=lambda row: (_time(row), row["id"])):
        thread = row["conversation_id"]
        is_owner = row["role"] == "user" and users.get(thread) in owner.user_ids
        turn = Turn(
            turn_id=f"{source}:{row['id']}",
            source=source,
            source_ids=[row["id"]],
            thread_id=f"chat:{thread}",
            reply_to=previous.get(thread),
            author=users.get(thread) or "user" if row["role"] == "user" else row["role"],
            is_owner=is_owner,
            occurred_at=_time(row),
            title="",
            text=clean_text(row["content"] or ""),
        )
        previous[thread] = turn.turn_id
        turns.append(_protected(turn, owner))
    return turns


def deal_turn(source: str, row: Row, owner: Owner) -> Turn:
    """A deal's first paragraph of notes states its facts; what follows is the owner's call."""
    facts, _, call = clean_text(row["notes"] or "").partition("\n\n")
    amount = "" if row["amount"] is None else f"\nAmount: ${row['amount']:,.0f}"
    headline = f"{row['deal_name'] or ''}{amount}"
    turn = Turn(
        turn_id=f"{source}:{row['id']}",
        source=source,
        source_ids=[row["id"]],
        thread_id=f"deal:{row['id']}",
        reply_to=None,
        author=row["owner_email"] or "",
        is_owner=owner.wrote(row["owner_email"]),
        occurred_at=_time(row),
        title=row["deal_name"] or "",
        text=call or facts,
        context=f"{headline}\n{facts}" if call else f"{headline}\nStage: {row['stage'] or ''}",
    )
    return _protected(turn, owner)


def note_turn(source: str, row: Row, owner: Owner) -> Turn:
    """Whose note it is may be told by a user id or by an address."""
    turn = Turn(
        turn_id=f"{source}:{row['id']}",
        source=source,
        source_ids=[row["id"]],
        thread_id=f"note:{row['id']}",
        reply_to=None,
        author=row["user_id"] or "",
        is_owner=row["user_id"] in owner.user_ids or owner.wrote(row["user_id"]),
        occurred_at=_time(row),
        title=row["title"] or "",
        text=clean_text(row["content"] or ""),
    )
    return _protected(turn, owner)


def sample_turn(source: str, row: Row, owner: Owner) -> Turn:
    turn = Turn(
        turn_id=f"{source}:{row['id']}",
        source=source,
        source_ids=[row["id"]],
        thread_id=f"sample:{row['id']}",
        reply_to=None,
        author=row["personality"] or "",
        is_owner=False,
        occurred_at=_time(row),
        title="",
        text=clean_text(row["response"] or ""),
        context=clean_text(row["prompt"] or ""),
        personality=row["personality"],
        mood=row["mood"],
        mode=row["mode"],
    )
    return _protected(turn, owner)


ROW_TURNS: dict[str, Callable[[str, Row, Owner], Turn]] = {
    "deal": deal_turn,
    "note": note_turn,
    "sample": sample_turn,
}


def _time(row: Row) -> datetime:
    time: datetime | None = row["created_at"]
    return time or LONG_AGO


def _protected(turn: Turn, owner: Owner, people: Sequence[Person] = ()) -> Turn:
    def safe(text: str) -> str:
        return owner.third_parties.protect(text, people)

    return replace(
        turn,
        title=safe(turn.title),
        text=safe(turn.text),
        context=None if turn.context is None else safe(turn.context),
    )
