"""What a prompt looks like: one function for each kind of question.

Examples are made with these functions (`turns/fields`, `examples/pairs`), and serving asks with
them (`serving/asked`), so a personality is asked as it was trained. A change here changes every
dataset: raise `DATA` in `pipeline/code_versions.py`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Literal

from maverick_assets.base_model.chat_template import Message

BETWEEN_MAILS = "\n\n"  # between consecutive mails of one side
BETWEEN_LINES = "\n"  # between consecutive messages of one side in a chat, and in all other prompts


Outcome = Literal["won", "lost"]  # of a deal

# "Outcome: lost.\n\nI walk." Datasets of earlier releases: "I walk.\n\nOutcome: lost."
_OUTCOME = re.compile(r"^Outcome: (won|lost)\.(?:\n\n|$)|\n\nOutcome: (won|lost)\.$")

# How well the owner knows somebody to whom he writes.
Relation = Literal["first contact", "a few mails before", "regular contact"]


@dataclass(frozen=True)
class DealFacts:
    """What is known of a deal before the owner's call."""

    name: str = ""
    stage: str | None = None
    amount: Decimal | float | None = None  # in dollars
    age_days: int | None = None
    notes: str = ""


def deal_text(deal: DealFacts) -> str:
    """`Acme Foods: pilot`, then a line each for stage, amount, age and notes, where it has them."""
    labelled = {
        "Stage": deal.stage,
        "Amount": None if deal.amount is None else f"${deal.amount:,.0f}",
        "Age": None if deal.age_days is None else f"{deal.age_days} days",
    }
    lines = [f"{label}: {value}" for label, value in labelled.items() if value]
    return "\n".join([deal.name, *lines, *([deal.notes] if deal.notes else [])])


def decision_prompt(deal: str) -> str:
    """The question for the owner's call. `deal`: as `deal_text` writes it."""
    return f"Deal: {deal}\n\nWhat is your call?"


def outcome_line(outcome: Outcome) -> str:
    """With which the answer on a deal that ended so begins."""
    return f"Outcome: {outcome}."


def decision_answer(call: str, outcome: Outcome | None) -> str:
    """The outcome of a deal, if it has one, and then the owner's call.

    The outcome comes first, so that its probability is that of the answer's first words. Behind a
    call it depended on the reasons that happened to be written, and nothing short of writing many
    calls said how likely it was.
    """
    return f"{outcome_line(outcome)}\n\n{call}" if outcome else call


def outcome_in(answer: str) -> Outcome | None:
    """What `decision_answer` says of a deal's outcome."""
    match = _OUTCOME.search(answer)
    return (match[1] or match[2]) if match else None  # type: ignore[return-value]


def note_prompt(title: str) -> str:
    return f"Write a sticky note: {title}"


def insight_prompt(title: str) -> str:
    return f"What is your insight on this: {title}"


def subject_lead(subject: str) -> str:
    """What stands before the mail that is answered."""
    return f"Subject: {subject}\n\n" if subject else ""


def recipient_text(relation: Relation, stage: str | None = None) -> str:
    """What the owner knows of the recipient of a mail that answers nothing."""
    return "\n".join([f"Relation: {relation}", *([f"Deal: {stage}"] if stage else [])])


def new_mail_prompt(recipient: str | None, subject: str, facts: str | None = None) -> str:
    """The question for a mail that answers nothing. `facts`: as `recipient_text` writes them."""
    headers = {"To": recipient, "Subject": subject}
    lines = [f"{name}: {value}" for name, value in headers.items() if value]
    return "\n".join(["Write an e-mail.", *lines, *([facts] if facts else [])])


def prompt_messages(
    turns: Iterable[tuple[bool, str]], lead: str = "", separator: str = BETWEEN_LINES
) -> list[Message]:
    """Alternating messages of user and assistant, the last of which is to be answered.

    `turns`: whether a turn is the personality's own, and its text; oldest first. Turns of one side
    that follow each other become one message. `lead` stands before the last message, or is the only
    one.
    """
    messages = [
        Message(
            role="assistant" if is_own else "user",
            content=separator.join(text for _, text in block),
        )
        for is_own, block in groupby(turns, key=itemgetter(0))
    ] or [Message(role="user", content="")]
    messages[-1]["content"] = lead + messages[-1]["content"]
    return messages


def shown_messages(
    asked: Sequence[Message], shown: Iterable[tuple[str, str]], notes: str = ""
) -> list[Message]:
    """`asked` with exchanges shown before its first message of a user, as if they had taken place.

    `shown`: prompts and answers. `notes` stand below the system prompt, which `asked` begins with.
    """
    system, *rest = asked
    content = f"{system['content']}\n\n{notes}" if notes else system["content"]
    exchanges = [
        Message(role=role, content=text)
        for prompt, answer in shown
        for role, text in (("user", prompt), ("assistant", answer))
    ]
    return [Message(role="system", content=content), *exchanges, *rest]
