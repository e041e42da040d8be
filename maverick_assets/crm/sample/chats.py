"""Chat conversations: a few short exchanges with one contact about one product."""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from maverick_assets.crm.sample.expander import Expander, load_bank
from maverick_assets.crm.sample.world import (
    OWNER_ID,
    SampleContact,
    contacts,
    day_slots,
    draw_moment,
    draw_project,
    products,
    project_slots,
)

CONVERSATIONS = 80
MESSAGES = 800
CHATTINESS = 0.9  # probability that a short message gets something added
CHANNELS = ("whatsapp", "slack", "sms")


def chat_rows(seed: int, factor: int) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Rows of `conversations` and of `messages`, both in order of time."""
    rng = random.Random(f"{seed}-chats")
    expander = Expander(rng)
    starts = sorted(draw_moment(rng) for _ in range(CONVERSATIONS * factor))
    length = MESSAGES / CONVERSATIONS
    conversations: list[dict[str, object]] = []
    messages: list[dict[str, object]] = []
    for number, start in enumerate(starts, start=1):
        contact = rng.choice(contacts())
        key = f"conversation-{number:04d}"
        channel = "slack" if contact.company == "TestPilot" else rng.choice(CHANNELS)
        metadata = {"channel": channel, "contact": contact.name}
        conversations.append({"id": key, "user_id": OWNER_ID, "metadata": metadata})
        wanted = round(number * length) - len(messages)
        lines = _conversation(contact, start, wanted, expander)
        messages += _message_rows(key, start, lines, len(messages), rng)
    return conversations, messages


def _conversation(
    contact: SampleContact, start: datetime, wanted: int, expander: Expander
) -> list[tuple[str, str]]:
    """About `wanted` pairs of role and text: an opening, exchanges and a closing."""
    bank, rng = load_bank("chats"), expander.rng
    brand = contact.company if contact.company in products() else None
    slots = project_slots(draw_project(rng, brand), rng) | day_slots(start, rng)
    slots["first"] = contact.first
    suited = [name for name, ex in bank["exchanges"].items() if contact.kind in ex["with"].split()]
    rng.shuffle(suited)
    lines = []
    if rng.random() < 0.6:
        lines += _spoken(expander.pick(bank["opening"].splitlines()), slots, expander)
    while suited and len(lines) < wanted - 2:
        exchange = bank["exchanges"][suited.pop()]
        chattiness = 0.0 if exchange.get("small_talk") else CHATTINESS
        lines += _spoken(exchange["lines"], slots, expander, chattiness)
    if len(lines) < wanted:
        lines += _spoken(expander.pick(bank["closing"].splitlines()), slots, expander)
    return lines


def _spoken(
    script: str,
    slots: Mapping[str, str],
    expander: Expander,
    chattiness: float = 0.0,
) -> list[tuple[str, str]]:
    """The script's lines as pairs of role and text, new texts as long as the bank has any."""
    spoken = []
    for line in script.replace("\\n", "\n").strip().splitlines():
        speaker, template = line.split(" ", 1)
        message = partial(_message, speaker, template, slots, expander, chattiness)
        spoken.append(("user" if speaker == "a" else "contact", expander.fresh(message)))
    return spoken


def _message(
    speaker: str,
    template: str,
    slots: Mapping[str, str],
    expander: Expander,
    chattiness: float,
) -> str:
    """One message. A short one, or one that Allan sent before, gets something added in passing."""
    text = expander.text(template, slots)
    short = len(text.split()) < 10 and not text.endswith("?")
    chatty = short and expander.rng.random() < chattiness
    repeated = speaker == "a" and text in expander.seen
    if not chatty and not repeated:
        return text
    tails = load_bank("chats")["tails"]
    return f"{text} {expander.text(tails[speaker if chattiness else 'small'], slots)}"


def _message_rows(
    key: str, start: datetime, lines: list[tuple[str, str]], n_before: int, rng: random.Random
) -> list[dict[str, object]]:
    """Rows of one conversation; `n_before` counts the messages of earlier ones."""
    rows: list[dict[str, object]] = []
    moment = start
    for number, (role, text) in enumerate(lines, start=n_before + 1):
        rows.append(
            {
                "id": f"message-{number:05d}",
                "conversation_id": key,
                "role": role,
                "content": text,
                "created_at": moment,
            }
        )
        moment += timedelta(seconds=rng.randrange(15, 420))
    return rows
