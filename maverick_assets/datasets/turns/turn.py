"""Turns: every utterance of the raw tables, cleaned, threaded, attributed and protected."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from secrets import token_bytes
from typing import Any

from maverick_assets.datasets.mail.cleaning import clean_text
from maverick_assets.datasets.mail.threads import LONG_AGO, Mail, link_threads
from maverick_assets.datasets.pseudonyms.third_parties import Person, ThirdParties
from maverick_assets.errors import MaverickError
from maverick_assets.lake.delta import Where, read_table
from maverick_assets.lake.schema import schema_of

Row = dict[str, Any]

SESSION_GAP = timedelta(hours=12)  # a longer silence starts another session of a chat
PRAISED = 8  # an answer rated so high is one to learn
REJECTED = 3  # and one rated so low is not


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
    """One utterance. `context` is what it answers, where the same row holds that.

    Of mails, `recipient` is the name of whom they are for first; of the owner's, `facts` is what
    he knew of that person before (`relations`). `rejected`: an answer that feedback calls bad.
    """

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
    recipient: str | None = None
    facts: str | None = None
    rejected: str | None = None


TURN_SCHEMA = schema_of(Turn)


def turn_rows(turns: Iterable[Turn]) -> list[Row]:
    return [asdict(turn) for turn in turns]


def read_turns(table: Path, where: Where | None = None) -> list[Turn]:
    """The turns of a Delta table, ordered by id; `MaverickError` when there is none yet."""
    rows = read_table(table, columns=TURN_SCHEMA.names, where=where)
    if rows is None:
        raise MaverickError(f"{table} holds no turns yet; materialize clean/turns first")
    return sorted((Turn(**row) for row in rows.to_pylist()), key=lambda turn: turn.turn_id)


def mail_turns(
    mails: Sequence[Mail], owner: Owner, facts: Mapping[str, str] | None = None
) -> list[Turn]:
    """Turns of cleaned mails; all that are connected with one of them must be there.

    A program's mail becomes none, though others may answer it. `facts`: by mail id, of the
    owner's mails.
    """
    links = link_threads(mails)
    people: defaultdict[str, set[str]] = defaultdict(set)
    for mail in mails:
        people[links[mail.id].thread_id].update((mail.sender, *mail.recipients))
    turns = []
    for mail in mails:
        if mail.automatic and (mail.automatic != "entry" or owner.wrote(mail.sender)):
            continue  # another's mail to nobody went to the owner blindly
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
            recipient=_name(first_recipient(mail.recipients, owner)),
            facts=(facts or {}).get(mail.id),
        )
        protected = _protected(turn, owner, others)
        if protected.recipient == turn.recipient:  # a name without a stand-in
            protected = replace(protected, recipient=None)
        turns.append(protected)
    return turns


def first_recipient(recipients: Iterable[str], owner: Owner) -> str | None:
    """Whom a mail is for beside the owner; None when there is no other."""
    return next((address for address in recipients if not owner.wrote(address)), None)


def chat_turns(
    source: str,
    conversations: Sequence[Row],
    messages: Sequence[Row],
    owner: Owner,
    gap: timedelta = SESSION_GAP,
) -> list[Turn]:
    """Turns of whole conversations; a silence longer than `gap` starts another thread.

    Role `user` speaks for the conversation's own user; every other role is the other side.
    """
    users = {row["id"]: row["user_id"] for row in conversations}
    turns = []
    last: dict[str, Turn] = {}
    for row in sorted(messages, key=lambda row: (_time(row), row["id"])):
        talk = row["conversation_id"]
        before = last.get(talk)
        if before and _time(row) - before.occurred_at > gap:
            before = None
        is_owner = row["role"] == "user" and users.get(talk) in owner.user_ids
        turn = Turn(
            turn_id=f"{source}:{row['id']}",
            source=source,
            source_ids=[row["id"]],
            thread_id=before.thread_id if before else f"chat:{talk}:{row['id']}",
            reply_to=before.turn_id if before else None,
            author=users.get(talk) or "user" if row["role"] == "user" else row["role"],
            is_owner=is_owner,
            occurred_at=_time(row),
            title="",
            text=clean_text(row["content"] or ""),
        )
        last[talk] = turn
        turns.append(_protected(turn, owner))
    return turns


def deal_turn(source: str, row: Row, owner: Owner) -> Turn:
    """A deal: its facts, and the owner's call with what came of it.

    The first paragraph of the notes states facts, what follows is the call; a single paragraph is
    a call. A stage that says how the deal ended is no fact but the outcome.
    """
    facts, _, call = clean_text(row["notes"] or "").partition("\n\n")
    if not call:
        facts, call = "", facts
    ended = outcome(row["stage"])
    amount = None if row["amount"] is None else f"${row['amount']:,.0f}"
    known = {"Stage": None if ended else row["stage"], "Amount": amount, "Age": _age(row)}
    lines = [
        row["deal_name"] or "",
        *(f"{name}: {value}" for name, value in known.items() if value),
    ]
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
        text=f"{call}\n\nOutcome: {ended}." if call and ended else call,
        context="\n".join([*lines, *([facts] if facts else [])]),
    )
    return _protected(turn, owner)


def outcome(stage: str | None) -> str | None:
    """How a deal ended: `won` or `lost`; None while it is open."""
    name = (stage or "").lower()
    return next((end for end in ("won", "lost") if name.endswith(end)), None)


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


def feedback_turn(source: str, row: Row, owner: Owner) -> Turn:
    """A rated answer: `text` is what should have been said, `rejected` an answer rated low.

    What should have been said is the correction, or the answer where it was praised; else empty.
    """
    rating, response = row["rating"] or 0, clean_text(row["response"] or "")
    praised = response if rating >= PRAISED else ""
    turn = Turn(
        turn_id=f"{source}:{row['id']}",
        source=source,
        source_ids=[row["id"]],
        thread_id=f"feedback:{row['id']}",
        reply_to=None,
        author=row["personality"] or "",
        is_owner=False,
        occurred_at=_time(row),
        title="",
        text=clean_text(row["correction"] or "") or praised,
        context=clean_text(row["prompt"] or ""),
        personality=row["personality"],
        rejected=response if 0 < rating <= REJECTED else None,
    )
    return _protected(turn, owner)


ROW_TURNS: dict[str, Callable[[str, Row, Owner], Turn]] = {
    "deal": deal_turn,
    "note": note_turn,
    "sample": sample_turn,
    "feedback": feedback_turn,
}


def _time(row: Row) -> datetime:
    time: datetime | None = row["created_at"]
    return time or LONG_AGO


def _name(address: str | None) -> str | None:
    """`dana.whitfield@x.example` -> `Dana Whitfield`; None where an address tells no name."""
    words = re.split(r"[._-]+", (address or "").partition("@")[0])
    named = 1 <= len(words) <= 3 and all(len(word) > 1 and word.isalpha() for word in words)
    return " ".join(word.capitalize() for word in words) if named else None


def _age(row: Row) -> str | None:
    """Days from a row's beginning to its last change; None where one is not known."""
    created, updated = row["created_at"], row.get("updated_at")
    return f"{(updated - created).days} days" if created and updated else None


def _protected(turn: Turn, owner: Owner, people: Sequence[Person] = ()) -> Turn:
    def safe(text: str) -> str:
        return owner.third_parties.protect(text, people)

    return replace(
        turn,
        title=safe(turn.title),
        text=safe(turn.text),
        context=None if turn.context is None else safe(turn.context),
        recipient=None if turn.recipient is None else safe(turn.recipient),
        rejected=None if turn.rejected is None else safe(turn.rejected),
    )
