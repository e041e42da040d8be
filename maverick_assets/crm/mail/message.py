"""A message (RFC 5322) as a row, or the reason for leaving it out."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from typing import cast

from maverick_assets.crm.foreign_input import SkippedInput, storable
from maverick_assets.crm.html_text import html_to_text
from maverick_assets.crm.mail.bounded_policy import parse_structure
from maverick_assets.crm.mail.flags import mbox_flags
from maverick_assets.crm.mail.headers import addresses, answered_id, decoded, read_headers
from maverick_assets.crm.mail.kept_headers import kept_headers
from maverick_assets.crm.mail.row import MailRow, Place, row_id


def parse_message(place: Place, data: bytes) -> MailRow | SkippedInput:
    """Parse the message that lies at `place` into its row, or the reason for leaving it out."""
    try:
        message = parse_structure(data)
        headers = read_headers(message.raw_items())
        body = _body(message)
        senders = addresses(headers, "from") or addresses(headers, "sender")
        recipients = [
            address for field in ("to", "cc", "bcc") for address in addresses(headers, field)
        ]
        kept = kept_headers(message, headers)
    except Exception as error:  # the stdlib's parser fails in many ways on broken messages
        return SkippedInput(place.name, f"not a readable message: {error or type(error).__name__}")
    if not senders:
        return SkippedInput(place.name, "no sender address (From)")
    if "date" not in headers:
        return SkippedInput(place.name, "no Date")
    sent_at = _date(headers["date"][0])
    if sent_at is None:
        return SkippedInput(place.name, f"unreadable Date {headers['date'][0][:60]!r}")
    subject = " ".join(decoded(headers.get("subject", [""])[0]).split())
    return MailRow(
        id=row_id(senders[0], sent_at, subject, body),
        thread_id=headers.get("x-gm-thrid", [None])[0],
        message_id=(headers.get("message-id", [""])[0].strip() or None),
        in_reply_to=answered_id(headers),
        sender_email=senders[0],
        recipients=", ".join(dict.fromkeys(recipients)),
        subject=subject,
        body=body,
        sent_at=sent_at,
        headers=kept,
        folder=place.folder,
        flags=tuple(dict.fromkeys([*place.flags, *mbox_flags(headers)])),
    )


def _date(value: str) -> datetime | None:
    """A time with a zone (UTC where the header has none), None where it is unreadable."""
    try:
        sent_at = parsedate_to_datetime(value)
        aware = sent_at if sent_at.tzinfo else sent_at.replace(tzinfo=UTC)
        aware.astimezone(UTC)  # fails where the time in UTC is out of range
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
    """A part's text; bytes outside its charset become U+FFFD."""
    try:
        return str(part.get_content(errors="replace"))
    except (LookupError, UnicodeError):  # a charset that Python does not know
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else str(payload)
