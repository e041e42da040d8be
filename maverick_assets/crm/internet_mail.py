"""Rows of `crm_emails` from Internet messages (RFC 5322)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from hashlib import sha256
from typing import cast

from maverick_assets.crm.html_text import html_to_text


@dataclass(frozen=True)
class MailRow:
    """A row of `crm_emails`.

    `id` is made of sender, minute, subject and words, so that copies of a mail under several
    Message-IDs are one row. `recipients`: addresses of To, Cc and Bcc, comma-separated.
    """

    id: str
    thread_id: str | None
    message_id: str | None
    in_reply_to: str | None
    sender_email: str
    recipients: str
    subject: str
    body: str
    sent_at: datetime


@dataclass(frozen=True)
class Skipped:
    """Input that was left out: a file, a message or a line, and why."""

    name: str
    reason: str


_ID = re.compile(r"<[^<>\s]+>")


def parse_message(name: str, data: bytes) -> MailRow | Skipped:
    """The row of one message, or why it is none; `name` tells the user which one."""
    try:
        message = message_from_bytes(data, policy=policy.default)
        headers = _headers(message.raw_items())
        body = _body(message)
    except Exception as error:  # the stdlib's parser fails in many ways on broken messages
        return Skipped(name, f"not a readable message: {error or type(error).__name__}")
    senders = _addresses(headers, "from") or _addresses(headers, "sender")
    if not senders:
        return Skipped(name, "no sender address (From)")
    if "date" not in headers:
        return Skipped(name, "no Date")
    sent_at = _date(headers["date"][0])
    if sent_at is None:
        return Skipped(name, f"unreadable Date {headers['date'][0][:60]!r}")
    subject = " ".join(_decoded(headers.get("subject", [""])[0]).split())
    references = _ID.findall(" ".join(headers.get("references", [])))
    answered = _ID.findall(" ".join(headers.get("in-reply-to", []))) or references[-1:]
    minute = sent_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
    content = "\0".join([senders[0], minute, subject, " ".join(body.split())])
    recipients = [
        *_addresses(headers, "to"),
        *_addresses(headers, "cc"),
        *_addresses(headers, "bcc"),
    ]
    return MailRow(
        id=sha256(content.encode()).hexdigest()[:32],
        thread_id=headers.get("x-gm-thrid", [None])[0],
        message_id=(headers.get("message-id", [""])[0].strip() or None),
        in_reply_to=answered[0] if answered else None,
        sender_email=senders[0],
        recipients=", ".join(dict.fromkeys(recipients)),
        subject=subject,
        body=body,
        sent_at=sent_at,
    )


def storable(text: str) -> str:
    """`text` without what PostgreSQL cannot store: NUL and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _headers(items: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Raw header values by lower-case name; bytes outside ASCII read as UTF-8, else Latin-1."""
    headers: dict[str, list[str]] = {}
    for name, value in items:
        raw = str(value).encode("utf-8", "surrogateescape")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
        headers.setdefault(name.lower(), []).append(storable(text))
    return headers


def _decoded(value: str) -> str:
    try:
        return storable(str(make_header(decode_header(value))))
    except (LookupError, ValueError):
        return value


def _addresses(headers: dict[str, list[str]], name: str) -> list[str]:
    """Lower-case addresses of a header; what is no address (a group, a bare name) is left out."""
    values = [" ".join(value.split()) for value in headers.get(name, [])]
    found = [address for _, address in getaddresses(values)]
    return [address.lower() for address in found if re.fullmatch(r"[^\s@,]+@[^\s@,]+", address)]


def _date(value: str) -> datetime | None:
    try:
        sent_at = parsedate_to_datetime(value)
        aware = sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=UTC)
        aware.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return aware


def _body(message: EmailMessage) -> str:
    """The plain text, else the HTML as text, with `\\n` newlines; empty where there is neither."""
    for kind in ("plain", "html"):
        part = message.get_body(preferencelist=(kind,))
        if part is None:
            continue
        text = _content(cast(EmailMessage, part)).replace("\r\n", "\n").replace("\r", "\n")
        text = storable(html_to_text(text) if kind == "html" else text)
        if text.strip():
            return text.strip("\n")
    return ""


def _content(part: EmailMessage) -> str:
    try:
        return str(part.get_content(errors="replace"))
    except (LookupError, UnicodeError):  # a charset that Python does not know
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else str(payload)
