"""Rows of `crm_emails` from Internet messages (RFC 5322), alone or in mailbox files.

The stdlib parses the structure of a message. Headers are read here from their raw values, because
the stdlib's parsed ones raise on what real mailboxes hold: bytes in any charset, broken addresses.

Anybody can send a mail, so what one may cost is bounded: a mail beyond a bound is left out by name.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import getaddresses, parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from maverick_assets.crm.foreign_files import bounded_lines, files_below, read_foreign
from maverick_assets.crm.html_text import html_to_text
from maverick_assets.errors import BadInput

MAX_MAIL_BYTES = 40_000_000  # providers take less than that with all attachments
MAX_LINES = 1_000_000  # as many as that have in base64, and again as many
MAX_PARTS = 1_000
MAX_HEADER_CHARACTERS = 100_000  # of a header that is read: some 3,000 recipients
# The stdlib parses MIME headers in quadratic time, and anew each time one is asked for.
_MIME_HEADER_CHARACTERS = 500  # of one; the rest are names of attached files
_MAX_MIME_CHARACTERS = 100_000  # of all in one mail
_ENCODED_CHARACTERS = 10_000  # of a subject that is decoded, in quadratic time
_LINE_BYTES = 1_000_000

Headers = dict[str, list[str]]  # values by lower-case name, in the message's order


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


@dataclass(frozen=True)
class SkippedInput:
    """Input that was left out."""

    name: str  # of a file, a message or a line, by which the user finds it
    reason: str


_TOO_LARGE = f"larger than {MAX_MAIL_BYTES / 1e6:.0f} MB"
_READ_HEADERS = (
    *("from", "sender", "to", "cc", "bcc", "date", "subject"),
    *("message-id", "in-reply-to", "references", "x-gm-thrid"),
)
# "<1@x.example>", several of them in References
_ID = re.compile(r"<[^<>\s]+>")
# "dana@x.example"
_ADDRESS = re.compile(r"[^\s@,]+@[^\s@,]+")
# Between messages of an mbox: "From dana@x.example Mon Jun  2 09:00:00 2025". Lines of a body have
# none: "From here on we ship."
_FROM_LINE = re.compile(rb"From .*\d{1,2}:\d{2}")
# In a body, mail programs write ">From " for "From ", and ">>From " for ">From ".
_ESCAPED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)


def read_mbox(path: Path) -> Iterator[MailRow | SkippedInput]:
    """The messages of an mbox file, in its order.

    Raises `BadInput` when there is no such file, or it is no mbox.
    """
    if path.is_dir():
        raise BadInput(f"{path} is a folder; give it with --maildir")
    if not path.is_file():
        raise BadInput(f"{path}: no such file; give an mbox file")
    for number, data in enumerate(_mbox_messages(path), start=1):
        name = f"{path.name} message {number}"
        yield SkippedInput(name, _TOO_LARGE) if data is None else parse_message(name, data)


def read_maildir(path: Path) -> Iterator[MailRow | SkippedInput]:
    """The messages of a Maildir, or of any folder tree with one message per file, by path.

    Raises `BadInput` when there is no such folder, or no file in it.
    """
    if path.is_file():
        raise BadInput(f"{path} is a file; give it with --mbox")
    if not path.is_dir():
        raise BadInput(f"{path}: no such folder; give a Maildir or a folder of messages")
    files = _message_files(path)
    if not files:
        raise BadInput(f"{path} has no messages; give a Maildir or a folder of messages")
    for file, refusal in files:
        name = str(file.relative_to(path))
        try:
            if refusal:
                raise ValueError(refusal)
            data = read_foreign(file, MAX_MAIL_BYTES)
        except OSError as error:
            yield SkippedInput(name, f"unreadable: {error.strerror}")
        except ValueError as error:
            yield SkippedInput(name, str(error))
        else:
            yield parse_message(name, data)


def parse_message(name: str, data: bytes) -> MailRow | SkippedInput:
    """Parse one message into its row, or into the reason for leaving it out.

    `name` identifies the message to the user.
    """
    try:
        if data.count(b"\n") > MAX_LINES:
            raise ValueError(f"more than {MAX_LINES:,} lines")
        message = cast(EmailMessage, message_from_bytes(data, policy=_BoundedPolicy()))
        headers = _headers(message.raw_items())
        body = _body(message)
        senders = _addresses(headers, "from") or _addresses(headers, "sender")
        recipients = [
            address for field in ("to", "cc", "bcc") for address in _addresses(headers, field)
        ]
    except Exception as error:  # the stdlib's parser fails in many ways on broken messages
        return SkippedInput(name, f"not a readable message: {error or type(error).__name__}")
    if not senders:
        return SkippedInput(name, "no sender address (From)")
    if "date" not in headers:
        return SkippedInput(name, "no Date")
    sent_at = _date(headers["date"][0])
    if sent_at is None:
        return SkippedInput(name, f"unreadable Date {headers['date'][0][:60]!r}")
    subject = " ".join(_decoded(headers.get("subject", [""])[0]).split())
    return MailRow(
        id=_row_id(senders[0], sent_at, subject, body),
        thread_id=headers.get("x-gm-thrid", [None])[0],
        message_id=(headers.get("message-id", [""])[0].strip() or None),
        in_reply_to=_answered_id(headers),
        sender_email=senders[0],
        recipients=", ".join(dict.fromkeys(recipients)),
        subject=subject,
        body=body,
        sent_at=sent_at,
    )


def storable(text: str) -> str:
    """`text` without what PostgreSQL cannot store: NUL and lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


class _BoundedPolicy(EmailPolicy):
    """The stdlib's default policy for one mail, with bounds on its parts and MIME headers."""

    _counts: Counter[str]
    _parsed: dict[tuple[str, str], Any]  # headers by name and text

    def __init__(self) -> None:
        # The type stubs know no policy for `EmailMessage` that can be inherited from.
        super().__init__(message_factory=self._new_part)  # type: ignore[arg-type]
        # A policy refuses ordinary assignments; the stdlib's own classes get around that like this.
        object.__setattr__(self, "_counts", Counter())
        object.__setattr__(self, "_parsed", {})

    def _new_part(self, policy: EmailPolicy | None = None) -> EmailMessage:
        self._count("parts", 1, MAX_PARTS)
        return EmailMessage(policy)

    def header_fetch_parse(self, name: str, value: str) -> Any:
        text = value
        if len(value) > _MIME_HEADER_CHARACTERS:  # cut after a whole parameter
            start = value[:_MIME_HEADER_CHARACTERS]
            text = start.rpartition(";")[0] or start
        if (name, text) not in self._parsed:
            self._count("characters of MIME headers", len(text), _MAX_MIME_CHARACTERS)
            self._parsed[name, text] = super().header_fetch_parse(name, text)
        return self._parsed[name, text]

    def _count(self, what: str, more: int, limit: int) -> None:
        """Raises `ValueError` where there is too much of something."""
        self._counts[what] += more
        if self._counts[what] > limit:
            raise ValueError(f"more than {limit:,} {what}")


def _mbox_messages(path: Path) -> Iterator[bytes | None]:
    """The messages between separator lines, each the first line or below a blank one.

    None stands for a message larger than `MAX_MAIL_BYTES`.
    """
    message: bytearray | None = None
    size = 0
    after_blank = starts_line = True
    with path.open("rb") as stream:
        for line in bounded_lines(stream, _LINE_BYTES):
            if starts_line and after_blank and _FROM_LINE.match(line):
                if message is not None:
                    yield _unescaped(message, size)
                message, size = bytearray(), 0
            elif message is not None:
                size += len(line)
                message += line if size <= MAX_MAIL_BYTES else b""
            elif line.strip():
                raise BadInput(f"{path} is no mbox: it does not begin with a 'From ' line")
            after_blank = starts_line and not line.strip()
            starts_line = line.endswith(b"\n")
    if message is not None:
        yield _unescaped(message, size)


def _unescaped(message: bytearray, size: int) -> bytes | None:
    return None if size > MAX_MAIL_BYTES else _ESCAPED_FROM.sub(rb"\1", bytes(message))


def _message_files(path: Path) -> list[tuple[Path, str | None]]:
    """Files in folders `cur` and `new` where there are any, else all files that are not hidden.

    Each comes with why it is not read.
    """
    files = list(files_below(path))
    delivered = [file for file in files if file[0].parent.name in ("cur", "new")]
    return delivered or [file for file in files if not file[0].name.startswith(".")]


def _row_id(sender: str, sent_at: datetime, subject: str, body: str) -> str:
    """Hash of a mail's content.

    Copies of a mail differ in their seconds and in how they are wrapped, so neither counts.
    """
    minute = sent_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
    content = "\0".join([sender, minute, subject, " ".join(body.split())])
    return sha256(content.encode()).hexdigest()[:32]


def _answered_id(headers: Headers) -> str | None:
    """Message-ID of the answered mail: the first of In-Reply-To, else the last of References."""
    answered = _ID.findall(" ".join(headers.get("in-reply-to", [])))
    references = _ID.findall(" ".join(headers.get("references", [])))
    return next(iter(answered or references[-1:]), None)


def _headers(items: Iterable[tuple[str, str]]) -> Headers:
    """Raw header values by lower-case name; bytes outside ASCII are UTF-8, or else Latin-1."""
    headers: Headers = {}
    for name, value in items:
        raw = str(value).encode("utf-8", "surrogateescape")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
        headers.setdefault(name.lower(), []).append(storable(text))
    for name in _READ_HEADERS:
        if sum(map(len, headers.get(name, []))) > MAX_HEADER_CHARACTERS:
            raise ValueError(f"{name} has more than {MAX_HEADER_CHARACTERS:,} characters")
    return headers


def _decoded(value: str) -> str:
    """A header without its encoding (`=?utf-8?q?...?=`); unchanged where that is broken."""
    if len(value) > _ENCODED_CHARACTERS:
        return value
    try:
        return storable(str(make_header(decode_header(value))))
    except (LookupError, ValueError):
        return value


def _addresses(headers: Headers, name: str) -> list[str]:
    """Lower-case addresses of a header, without groups and bare names."""
    values = [" ".join(value.split()) for value in headers.get(name, [])]
    addresses = [address.lower() for _, address in getaddresses(values)]
    return [address for address in addresses if _ADDRESS.fullmatch(address)]


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
