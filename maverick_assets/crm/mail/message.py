"""A message (RFC 5322) as a row, or the reason for leaving it out."""

from email.message import EmailMessage

from maverick_assets.crm.foreign_input import SkippedInput
from maverick_assets.crm.mail.body import shown_text
from maverick_assets.crm.mail.bounded_policy import parse_structure
from maverick_assets.crm.mail.dates import sent_time
from maverick_assets.crm.mail.envelopes import UnreadableMail
from maverick_assets.crm.mail.headers import (
    Headers,
    addresses,
    answered_id,
    decoded,
    mailboxes,
    read_headers,
)
from maverick_assets.crm.mail.kept_headers import kept_headers, status_flags
from maverick_assets.crm.mail.parameters import mime_header
from maverick_assets.crm.mail.row import MailRow, Place, row_id

# Who sent a mail, the first that says it: a copy of an export may have lost its From.
_SENDERS = ("from", "sender", "x-original-from", "resent-from", "reply-to", "return-path")
_NOBODY = "mailer-daemon"  # what exports of Outlook write where an address is missing


def parse_message(place: Place, data: bytes) -> MailRow | SkippedInput:
    """Parse the message that lies at `place` into its row, or the reason for leaving it out."""
    try:
        message = parse_structure(data)
        charset = mime_header(message, "content-type").parameters.get("charset")
        headers = read_headers(message.raw_items(), charset)
        sender = _sender(headers)
        if not sender:
            return SkippedInput(place.name, "no sender address (From)")
        return _row(place, message, headers, sender)
    except UnreadableMail as error:
        return SkippedInput(place.name, str(error))
    except Exception as error:  # the stdlib's parser fails in many ways on broken messages
        return SkippedInput(place.name, f"not a readable message: {error or type(error).__name__}")


def _row(
    place: Place, message: EmailMessage, headers: Headers, sender: str
) -> MailRow | SkippedInput:
    sent_at = sent_time(headers, place.stored_at)
    if sent_at is None:
        written = headers.get("date", [""])[0]
        reason = f"unreadable Date {written[:60]!r}" if written else "no Date"
        return SkippedInput(place.name, reason)
    body = shown_text(message)
    subject = " ".join(decoded(headers.get("subject", [""])[0]).split())
    recipients = [address for field in ("to", "cc", "bcc") for address in addresses(headers, field)]
    return MailRow(
        id=row_id(sender, sent_at, subject, body),
        thread_id=headers.get("x-gm-thrid", [None])[0],
        message_id=(headers.get("message-id", [""])[0].strip() or None),
        in_reply_to=answered_id(headers),
        sender_email=sender,
        recipients=", ".join(dict.fromkeys(recipients)),
        subject=subject,
        body=body,
        sent_at=sent_at,
        headers=kept_headers(message, headers),
        folder=place.folder,
        flags=tuple(dict.fromkeys([*place.flags, *status_flags(headers)])),
    )


def _sender(headers: Headers) -> str:
    """The sender's address in lower case; a name or an Exchange name where there is no address."""
    for field in _SENDERS:
        if found := addresses(headers, field):
            return found[0]
        for box in (box for value in headers.get(field, ()) for box in mailboxes(value)):
            # readpst: '"Allan Reyes" <MAILER-DAEMON>', '</O=TESTPILOT/OU=.../CN=ALLAN>'
            if "/cn=" in box.address.lower():
                return box.address.lower()
            if box.name and box.address.lower() in ("", _NOBODY):
                return box.name
    return ""
