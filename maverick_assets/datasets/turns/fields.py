"""Which columns of a row become which fields of its turn: one function for each shape of table.

To add a shape, name it in `crm.schema.Shape`, write its function here and enter that in
`ROW_FIELDS`. `TurnBuilder` adds the ids, links the threads and replaces third parties.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from maverick_assets.crm.schema import Shape
from maverick_assets.datasets.layout import DealFacts, deal_text, decision_answer
from maverick_assets.datasets.mail.clean_mail import LONG_AGO, CleanMail
from maverick_assets.datasets.mail.cleaning import clean_text, without_meetings
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.turns.chat_roles import USER, ChatRoles
from maverick_assets.datasets.turns.deal_outcome import before_end, deal_end
from maverick_assets.datasets.turns.marks import (
    KnownPersonalities,
    classes_of,
    conversation_marks,
    is_made_by_maverick,
    joined_classes,
    tag_marks,
)

RawRow = Mapping[str, Any]  # a row of a raw table, by column
Fields = dict[str, Any]  # fields of a `Turn`, by name

USER_ALONE = ChatRoles()
MIN_PRAISED_RATING = 8  # an answer rated at least this is one to learn
MAX_REJECTED_RATING = 3  # an answer rated at most this is one to avoid


def mail_fields(mail: CleanMail, owner: Owner) -> Fields:
    """The words of the mail are the text; the words that it quotes are the context."""
    return {
        "author": mail.sender,
        "is_owner": owner.has_email(mail.sender),
        "occurred_at": mail.sent_at,
        "title": mail.subject,
        "text": mail.text,
        "context": mail.quoted,
    }


def message_fields(
    message: RawRow,
    conversation: RawRow | None,
    owner: Owner,
    known: KnownPersonalities,
    roles: ChatRoles = USER_ALONE,
) -> Fields:
    """Only messages of the owner's `roles` are by him; `user` is whoever's conversation it is.

    In a conversation with a personality no other role than `user` is ever his.

    The marks of the conversation are those of all its messages. Its mood and mode are not: they
    are another personality's, and only feedback and samples are trained with theirs.
    """
    by_user = message["role"] == USER
    user = conversation["user_id"] if conversation else None
    metadata = conversation.get("metadata") if conversation else None
    marks = conversation_marks(metadata, known)
    if is_made_by_maverick(metadata):
        is_owner = by_user and user in owner.user_ids
    else:
        is_owner = roles.is_owner(message["role"], user in owner.user_ids)
    return {
        "author": (user or "user") if by_user else message["role"],
        "is_owner": is_owner,
        "occurred_at": created_at(message),
        "text": _cleaned(message["content"]),
        "personality": marks.personality,
        "sensitivity": marks.sensitivity,
    }


def deal_fields(deal: RawRow, owner: Owner, _known: KnownPersonalities) -> Fields:
    """The facts of a deal are the context, the outcome and the owner's call are the text.

    The first paragraph of the notes states facts, and the rest is the call. A single paragraph is
    the call. Nothing among the facts says how the deal ended: it would give the answer away.
    """
    first, _, rest = _cleaned(deal["notes"]).partition("\n\n")
    facts, call = (first, rest) if rest else ("", first)
    end = deal_end(deal)
    name, stage, amount = deal["deal_name"] or "", deal["stage"], deal["amount"]
    known = before_end(DealFacts(name, stage, amount, _age_days(deal), facts), end)
    return {
        "author": deal["owner_email"] or "",
        "is_owner": owner.has_email(deal["owner_email"]),
        "occurred_at": created_at(deal),
        "title": known.name,
        "text": decision_answer(call, end.outcome) if call else "",
        "context": deal_text(known),
    }


def note_fields(note: RawRow, owner: Owner, known: KnownPersonalities) -> Fields:
    """`user_id` may hold a user id or, from a source beside the CRM, an address."""
    user = note["user_id"]
    marks = tag_marks(note["tags"], known)
    return {
        "author": user or "",
        "is_owner": user in owner.user_ids or owner.has_email(user),
        "occurred_at": created_at(note),
        "title": note["title"] or "",
        # The description of a calendar's event holds what the program of its meeting added.
        "text": without_meetings(note["content"] or ""),
        "personality": marks.personality,
        "sensitivity": marks.sensitivity,
    }


def sample_fields(sample: RawRow, _owner: Owner, _known: KnownPersonalities) -> Fields:
    """The prompt is the context, the response is the text."""
    return {
        "author": sample["personality"] or "",
        "is_owner": False,
        "occurred_at": created_at(sample),
        "text": _cleaned(sample["response"]),
        "context": _cleaned(sample["prompt"]),
        "personality": sample["personality"],
        "mood": sample["mood"],
        "mode": sample["mode"],
        "sensitivity": joined_classes(*classes_of([sample["mode"], *(sample["tags"] or ())])),
    }


def feedback_fields(feedback: RawRow, _owner: Owner, _known: KnownPersonalities) -> Fields:
    """`text` is what the personality should have said, `rejected` an answer that was rated low.

    It should have said the correction, or else the answer itself if that was praised; `text` is
    empty where neither exists. Mood and mode are those in which it was asked.
    """
    rating, response = feedback["rating"] or 0, _cleaned(feedback["response"])
    praised = response if rating >= MIN_PRAISED_RATING else ""
    return {
        "author": feedback["personality"] or "",
        "is_owner": False,
        "occurred_at": created_at(feedback),
        "text": _cleaned(feedback["correction"]) or praised,
        "context": _cleaned(feedback["prompt"]),
        "personality": feedback["personality"],
        # Raw tables of earlier releases lack both columns until the next extraction.
        "mood": feedback.get("mood"),
        "mode": feedback.get("mode"),
        "sensitivity": joined_classes(*classes_of([feedback.get("mode")])),
        # Without a rating it is 0, which is neither praise nor rejection.
        "rejected": response if 0 < rating <= MAX_REJECTED_RATING else None,
    }


# Shapes of which each row is a turn by itself. Mails and messages need the rows around them.
ROW_FIELDS: dict[Shape, Callable[[RawRow, Owner, KnownPersonalities], Fields]] = {
    "deal": deal_fields,
    "note": note_fields,
    "sample": sample_fields,
    "feedback": feedback_fields,
}


def created_at(row: RawRow) -> datetime:
    """When a row was created; `LONG_AGO` where it does not say."""
    time: datetime | None = row["created_at"]
    return time or LONG_AGO


def name_of_address(address: str | None) -> str | None:
    """`dana.whitfield@x.example` -> `Dana Whitfield`; None for an address without a name."""
    words = re.split(r"[._-]+", (address or "").partition("@")[0])
    is_name = 1 <= len(words) <= 3 and all(len(word) > 1 and word.isalpha() for word in words)
    return " ".join(word.capitalize() for word in words) if is_name else None


def _cleaned(text: str | None) -> str:
    return clean_text(text or "")


def _age_days(row: RawRow) -> int | None:
    """Days from a row's creation to its last change; None where either is missing."""
    created, updated = row["created_at"], row.get("updated_at")
    return (updated - created).days if created and updated else None
