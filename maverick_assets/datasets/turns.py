"""Turns: every utterance of the raw tables, cleaned, threaded, attributed and protected."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pyarrow as pa

from maverick_assets.datasets.cleaning import clean_mail, clean_text
from maverick_assets.datasets.privacy import Person, protect
from maverick_assets.datasets.threads import Mail, link_threads
from maverick_assets.errors import MaverickError
from maverick_assets.lake import read_table

Row = dict[str, Any]


@dataclass(frozen=True)
class Owner:
    """Who the owner is: address patterns (`fnmatch`, lower case) and user ids."""

    emails: tuple[str, ...]
    user_ids: tuple[str, ...]

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


def build_turns(raw: dict[str, list[Row]], owner: Owner) -> list[Turn]:
    """All turns of the raw tables (name -> live rows), ordered by id; empty texts are left out."""
    turns = [
        *_mail_turns(raw["crm_emails"], owner),
        *_chat_turns(raw["conversations"], raw["messages"], owner),
        *_deal_turns(raw["crm_deals"], owner),
        *_note_turns(raw["sticky_notes"], owner),
        *_sample_turns(raw["personality_samples"], owner),
    ]
    return sorted((turn for turn in turns if turn.text), key=lambda turn: turn.turn_id)


def turn_rows(turns: Iterable[Turn]) -> list[Row]:
    return [asdict(turn) for turn in turns]


def read_turns(table: Path) -> list[Turn]:
    """The turns of a Delta table, ordered by id; `MaverickError` when there is none yet."""
    rows = read_table(table, columns=TURN_SCHEMA.names)
    if rows is None:
        raise MaverickError(f"{table} holds no turns yet; materialize clean/turns first")
    return sorted((Turn(**row) for row in rows.to_pylist()), key=lambda turn: turn.turn_id)


def _mail_turns(rows: Sequence[Row], owner: Owner) -> list[Turn]:
    mails = [_mail(row) for row in rows]
    links = link_threads(mails)
    people: defaultdict[str, set[str]] = defaultdict(set)
    for mail in mails:
        people[links[mail.id].thread_id].update((mail.sender, *mail.recipients))
    turns = []
    for mail in mails:
        link = links[mail.id]
        others = [Person(address) for address in sorted(people[link.thread_id])]
        others = [person for person in others if not owner.wrote(person.address)]
        turn = Turn(
            turn_id=f"crm_emails:{mail.id}",
            source="crm_emails",
            source_ids=[mail.id],
            thread_id=f"mail:{link.thread_id}",
            reply_to=f"crm_emails:{link.parent_id}" if link.parent_id else None,
            author=mail.sender,
            is_owner=owner.wrote(mail.sender),
            occurred_at=mail.sent_at,
            title=mail.subject,
            text=mail.text,
            context=mail.quoted,
        )
        turns.append(_protected(turn, owner, others))
    return turns


def _mail(row: Row) -> Mail:
    mail = clean_mail(row["body"] or "")
    recipients = (part.strip().lower() for part in (row["recipients"] or "").split(","))
    return Mail(
        id=row["id"],
        message_id=row["message_id"],
        in_reply_to=row["in_reply_to"],
        thread_id=row["thread_id"],
        sender=(row["sender_email"] or "").strip().lower(),
        recipients=tuple(part for part in recipients if part),
        subject=(row["subject"] or "").strip(),
        sent_at=row["sent_at"],
        text=mail.text,
        quoted=None if mail.forwarded else mail.quoted,
    )


def _chat_turns(conversations: Sequence[Row], messages: Sequence[Row], owner: Owner) -> list[Turn]:
    """Role `user` speaks for the conversation's own user; every other role is the other side."""
    users = {row["id"]: row["user_id"] for row in conversations}
    turns = []
    previous: dict[str, str] = {}
    for row in sorted(messages, key=lambda row: (row["created_at"], row["id"])):
        thread = row["conversation_id"]
        is_owner = row["role"] == "user" and users.get(thread) in owner.user_ids
        turn = Turn(
            turn_id=f"messages:{row['id']}",
            source="messages",
            source_ids=[row["id"]],
            thread_id=f"chat:{thread}",
            reply_to=previous.get(thread),
            author=users.get(thread) or "user" if row["role"] == "user" else row["role"],
            is_owner=is_owner,
            occurred_at=row["created_at"],
            title="",
            text=clean_text(row["content"] or ""),
        )
        previous[thread] = turn.turn_id
        turns.append(_protected(turn, owner))
    return turns


def _deal_turns(rows: Sequence[Row], owner: Owner) -> list[Turn]:
    """A deal's first paragraph of notes states its facts; what follows is the owner's call."""
    turns = []
    for row in rows:
        facts, _, call = clean_text(row["notes"] or "").partition("\n\n")
        amount = "" if row["amount"] is None else f"\nAmount: ${row['amount']:,.0f}"
        headline = f"{row['deal_name'] or ''}{amount}"
        context = f"{headline}\n{facts}" if call else f"{headline}\nStage: {row['stage'] or ''}"
        turn = Turn(
            turn_id=f"crm_deals:{row['id']}",
            source="crm_deals",
            source_ids=[row["id"]],
            thread_id=f"deal:{row['id']}",
            reply_to=None,
            author=row["owner_email"] or "",
            is_owner=owner.wrote(row["owner_email"]),
            occurred_at=row["created_at"],
            title=row["deal_name"] or "",
            text=call or facts,
            context=context,
        )
        turns.append(_protected(turn, owner))
    return turns


def _note_turns(rows: Sequence[Row], owner: Owner) -> list[Turn]:
    return [
        _protected(
            Turn(
                turn_id=f"sticky_notes:{row['id']}",
                source="sticky_notes",
                source_ids=[row["id"]],
                thread_id=f"note:{row['id']}",
                reply_to=None,
                author=row["user_id"] or "",
                is_owner=row["user_id"] in owner.user_ids,
                occurred_at=row["created_at"],
                title=row["title"] or "",
                text=clean_text(row["content"] or ""),
            ),
            owner,
        )
        for row in rows
    ]


def _sample_turns(rows: Sequence[Row], owner: Owner) -> list[Turn]:
    return [
        _protected(
            Turn(
                turn_id=f"personality_samples:{row['id']}",
                source="personality_samples",
                source_ids=[row["id"]],
                thread_id=f"sample:{row['id']}",
                reply_to=None,
                author=row["personality"] or "",
                is_owner=False,
                occurred_at=row["created_at"],
                title="",
                text=clean_text(row["response"] or ""),
                context=clean_text(row["prompt"] or ""),
                personality=row["personality"],
                mood=row["mood"],
                mode=row["mode"],
            ),
            owner,
        )
        for row in rows
    ]


def _protected(turn: Turn, owner: Owner, people: Sequence[Person] = ()) -> Turn:
    def safe(text: str) -> str:
        return protect(text, people, keep=owner.emails)

    return replace(
        turn,
        title=safe(turn.title),
        text=safe(turn.text),
        context=None if turn.context is None else safe(turn.context),
    )
