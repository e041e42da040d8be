"""Rows of `crm_emails`, and where the mails that they are made of lie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256


@dataclass(frozen=True)
class Place:
    """Where a message lies, and what its mailbox says of it beside the message itself."""

    name: str  # by which the user finds it
    folder: str | None = None  # below what is imported, with "/" between
    flags: tuple[str, ...] = ()  # draft, flagged, passed, replied, seen, trashed, ...
    stored_at: datetime | None = None  # where the message has no usable date of its own


@dataclass(frozen=True)
class MailRow:
    """A row of `crm_emails`."""

    id: str  # hash of the content, so that copies under several Message-IDs are one row
    thread_id: str | None  # Gmail's
    message_id: str | None
    in_reply_to: str | None
    sender_email: str
    recipients: str  # addresses of To, Cc and Bcc, comma-separated
    subject: str
    body: str
    sent_at: datetime
    headers: Mapping[str, Sequence[str]] = field(default_factory=dict)  # as `kept_headers` returns
    folder: str | None = None  # one a line where copies lie in several
    flags: Sequence[str] = ()


def row_id(sender: str, sent_at: datetime, subject: str, body: str) -> str:
    """Hash of a mail's content.

    Copies of a mail differ in their seconds and in how they are wrapped, so neither counts.
    """
    minute = sent_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
    content = "\0".join([sender, minute, subject, " ".join(body.split())])
    return sha256(content.encode()).hexdigest()[:32]
