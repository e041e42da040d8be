"""E-mail threads between Allan and his contacts: questions, answers, quotes, forwards."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from maverick_assets.crm.sample.expander import Expander, load_bank
from maverick_assets.crm.sample.world import (
    LAST_DAY,
    OWNER_EMAIL,
    OWNER_NAME,
    SampleContact,
    contacts,
    day_slots,
    draw_moment,
    draw_project,
    in_working_hours,
    products,
    project_slots,
)

THREADS = 200
FORWARD_SHARE = 0.18  # probability that the last mail of a thread is forwarded
SIGNATURE = "-- \nAllan Reyes\nTestPilot | Real kitchens, real answers"
REGISTERS = ("formal", "bubbly", "cautious", "brisk")
CLOSINGS = ("Onward,", "Fair winds,", "Talk soon,")  # the last one where a call is mentioned


@dataclass(frozen=True)
class SampleMail:
    """One message between Allan and a contact."""

    thread: int
    contact: SampleContact
    mine: bool  # whether Allan wrote it
    to: str
    subject: str
    sent_at: datetime
    content: str  # without greeting, closing, signature and quote
    signed: str  # the content with greeting, closing and signature
    body: str  # all of it, with the quote
    parent: "SampleMail | None"  # the mail that it answers or forwards

    @property
    def sender(self) -> str:
        return OWNER_EMAIL if self.mine else self.contact.email

    @property
    def sender_name(self) -> str:
        return OWNER_NAME if self.mine else self.contact.name

    @property
    def receiver_name(self) -> str:
        return self.contact.name if self.mine else OWNER_NAME

    @property
    def message_id(self) -> str:
        domain = self.sender.split("@")[1]
        return f"<{self.thread:05d}.{self.sent_at:%Y%m%d%H%M%S}@{domain}>"


def email_rows(seed: int, factor: int) -> list[dict[str, object]]:
    """Rows of `crm_emails`, in the order sent."""
    mails = sorted(draw_mails(seed, factor), key=lambda mail: (mail.sent_at, mail.thread))
    return [
        {
            "id": f"email-{number:05d}",
            "thread_id": f"thread-{mail.thread:05d}",
            "message_id": mail.message_id,
            "in_reply_to": mail.parent.message_id if mail.parent else None,
            "sender_email": mail.sender,
            "recipients": mail.to,
            "subject": mail.subject,
            "body": mail.body,
            "sent_at": mail.sent_at,
        }
        for number, mail in enumerate(mails, start=1)
    ]


def draw_mails(seed: int, factor: int = 1) -> list[SampleMail]:
    """All mails, thread by thread."""
    rng = random.Random(f"{seed}-emails")
    bank = load_bank("emails")
    expander = Expander(rng)
    mails: list[SampleMail] = []
    for thread in range(1, THREADS * factor + 1):
        contact, scenario = _cast(expander, bank["scenarios"])
        mails += _thread(thread, contact, scenario, expander)
    return mails


def _cast(expander: Expander, scenarios: Mapping[str, Any]) -> tuple[SampleContact, dict[str, Any]]:
    """A scenario and a contact of the kind it needs."""
    scenario: dict[str, Any] = scenarios[expander.pick(sorted(scenarios))]
    names = sorted(contact.name for contact in contacts() if contact.kind == scenario["with"])
    name = expander.pick(names)
    return next(contact for contact in contacts() if contact.name == name), scenario


def _thread(
    number: int, contact: SampleContact, scenario: Mapping[str, Any], expander: Expander
) -> list[SampleMail]:
    """The mails of one thread, oldest first; at times the last one is a forward."""
    rng = expander.rng
    sent_at = draw_moment(rng, margin_days=16)
    brand = contact.company if contact.company in products() else None
    slots = project_slots(draw_project(rng, brand), rng) | day_slots(sent_at, rng)
    slots = expander.bind(scenario.get("bind", {}), slots)
    subject = expander.text(scenario["subject"], slots)
    turns = [next(iter(turn.items())) for turn in scenario["turns"]]
    if len(turns) > 2 and rng.random() < 0.45:
        turns.pop()
    mails: list[SampleMail] = []
    for speaker, template in turns:
        parent = mails[-1] if mails else None
        if speaker == "allan":
            parts = _fresh_parts(expander, template, slots)
            parts = _allan_extras(parts, scenario, expander, slots, follows=parent is not None)
            content = _paragraphs(parts, rng)
            signed = _allan_layout(content, contact, sent_at, rng)
        else:
            parts = expander.parts(_in_manner(template, contact), slots)
            parts = _padded(parts, contact, expander, slots, opens=parent is None)
            content = _paragraphs(parts, rng) if contact.register == "brisk" else " ".join(parts)
            signed = f"{contact.greeting}\n\n{content}\n\n{_contact_signature(contact)}"
        mine = speaker == "allan"
        mails.append(
            SampleMail(
                thread=number,
                contact=contact,
                mine=mine,
                to=contact.email if mine else OWNER_EMAIL,
                subject=f"Re: {subject}" if parent else subject,
                sent_at=sent_at,
                content=content,
                signed=signed,
                body=_with_quote(signed, parent, mine, contact, rng),
                parent=parent,
            )
        )
        sent_at = in_working_hours(
            sent_at + timedelta(minutes=int(rng.lognormvariate(5.2, 1.1)) + 6)
        )
    forward = _forward(mails[-1], sent_at, expander) if rng.random() < FORWARD_SHARE else None
    if forward:
        mails.append(forward)
    return [mail for mail in mails if mail.sent_at < LAST_DAY + timedelta(days=1)]


def _fresh_parts(expander: Expander, template: str, slots: Mapping[str, str]) -> list[str]:
    """The template's parts, expanded to a text that was not drawn before."""
    text = expander.fresh(lambda: "\n\n".join(expander.parts(template, slots)))
    return text.split("\n\n")


def _allan_extras(
    parts: list[str],
    scenario: Mapping[str, Any],
    expander: Expander,
    slots: Mapping[str, str],
    follows: bool,
) -> list[str]:
    """The parts, with a practical detail if the scenario has one, and at times a postscript."""
    bank = load_bank("emails")
    practical = expander.parts(bank["practical"], slots) if scenario.get("practical") else []
    postscript = follows and expander.rng.random() < 0.3
    tail = expander.parts(bank["postscript"], slots) if postscript else []
    return [*parts[:1], *practical, *parts[1:], *tail]


def _in_manner(template: str, contact: SampleContact) -> str:
    """The template, its first part narrowed to the lines that suit the contact's register."""
    first, *rest = template.strip().split("\n\n")
    lines = first.splitlines()
    if len(lines) >= len(REGISTERS):
        lines = [lines[REGISTERS.index(contact.register)], *lines[len(REGISTERS) :]]
    return "\n\n".join(["\n".join(lines), *rest])


def _padded(
    parts: list[str],
    contact: SampleContact,
    expander: Expander,
    slots: Mapping[str, str],
    opens: bool,
) -> list[str]:
    """The parts between the pleasantries of the contact's register."""
    bank = load_bank("emails")
    manner = bank["registers"][contact.register]
    client_opens = opens and contact.kind == "client"
    context = expander.parts(bank["client_context"], slots) if client_opens else []
    opener, closer = (expander.parts(manner[key], slots) for key in ("opener", "closer"))
    return [*opener, *parts, *context, *closer]


def _with_quote(
    signed: str, parent: SampleMail | None, mine: bool, contact: SampleContact, rng: random.Random
) -> str:
    """The mail above the one that it answers; some answers quote nothing."""
    quotes = parent is not None and rng.random() < 0.8
    return f"{signed}\n\n{_quote(parent, mine, contact, rng)}" if parent and quotes else signed


def _paragraphs(parts: list[str], rng: random.Random) -> str:
    """The parts as short paragraphs; at times two of them share one."""
    text = parts[0]
    for before, part in pairwise(parts):
        joined = "\n" not in before + part and not part.startswith("PS") and rng.random() < 0.35
        text += (" " if joined else "\n\n") + part
    return text


def _allan_layout(
    content: str, contact: SampleContact, sent_at: datetime, rng: random.Random
) -> str:
    """Allan's mail: a greeting by the hour, one of his closings, his signature."""
    greeting = _greeting(contact, sent_at)
    if len(content.split()) < 14 and rng.random() < 0.5:
        return f"{greeting}{content}\n\nA.\n\n{SIGNATURE}"
    talks = any(word in content.lower() for word in ("call", "ring", "phone"))
    closing = CLOSINGS[2] if talks else rng.choice(CLOSINGS[:2])
    return f"{greeting}{content}\n\n{closing}\nAllan\n\n{SIGNATURE}"


def _greeting(contact: SampleContact, sent_at: datetime) -> str:
    return f"Morning {contact.first},\n\n" if sent_at.hour < 12 else f"{contact.first} -\n\n"


def _contact_signature(contact: SampleContact) -> str:
    place = f"{contact.role}, {contact.company}" if contact.company else contact.role
    lines = [contact.closing, contact.name, place]
    return "\n".join(lines) + (f"\n\n{contact.disclaimer}" if contact.disclaimer else "")


def _quote(parent: SampleMail, mine: bool, contact: SampleContact, rng: random.Random) -> str:
    """The answered mail, the way the answering mail program quotes it."""
    original = parent.body if rng.random() < 0.3 else parent.signed
    if not mine and contact.quote == "outlook":
        return (
            f"-----Original Message-----\nFrom: {parent.sender_name} <{parent.sender}>\n"
            f"Sent: {parent.sent_at:%d %B %Y %H:%M}\nTo: {parent.receiver_name}\n"
            f"Subject: {parent.subject}\n\n{original}"
        )
    lines = "\n".join(f"> {line}".rstrip() for line in original.splitlines())
    return f"On {_stamp(parent)}, {parent.sender_name} <{parent.sender}> wrote:\n\n{lines}"


def _stamp(mail: SampleMail) -> str:
    return f"{mail.sent_at:%a}, {mail.sent_at.day} {mail.sent_at:%b %Y} at {mail.sent_at:%H:%M}"


def _forward(mail: SampleMail, sent_at: datetime, expander: Expander) -> SampleMail | None:
    """The mail, forwarded by its receiver, at times with a comment; None if nobody can get it."""
    rng, bank = expander.rng, load_bank("emails")
    mine = not mail.mine
    if mine:
        kinds = ("fieldlead", "analyst")
        targets = [other for other in contacts() if other.kind in kinds]
    else:
        company = mail.contact.company
        targets = [other for other in contacts() if other.company == company]
    targets = [other for other in targets if other != mail.contact]
    if not targets:
        return None
    target = rng.choice(targets)
    comments = bank["forward_comment" if mine else "contact_forward_comment"]
    comment = expander.text(comments, day_slots(sent_at, rng)) if rng.random() < 0.7 else ""
    if mine:
        signed = f"{_greeting(target, sent_at)}{comment}\n\nA.\n\n{SIGNATURE}"
    else:
        signed = f"{comment}\n\n{_contact_signature(mail.contact)}"
    header = (
        f"---------- Forwarded message ---------\nFrom: {mail.sender_name} <{mail.sender}>\n"
        f"Date: {_stamp(mail)}\nSubject: {mail.subject}\nTo: {mail.receiver_name} <{mail.to}>"
    )
    return SampleMail(
        thread=mail.thread,
        contact=target if mine else mail.contact,
        mine=mine,
        to=target.email if mine else f"{target.email}, {OWNER_EMAIL}",
        subject=f"Fwd: {mail.subject.removeprefix('Re: ')}",
        sent_at=sent_at,
        content=comment,
        signed=signed if comment else "",
        body=f"{signed}\n\n{header}\n\n{mail.body}" if comment else f"{header}\n\n{mail.body}",
        parent=mail,
    )
