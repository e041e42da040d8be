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

import lxml.html
from lxml.etree import ParserError


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
_BLOCKS = (
    "address article blockquote body center dd div dl dt footer form h1 h2 h3 h4 h5 h6 header hr li"
    " ol p pre section table tr ul"
)
_INVISIBLE = frozenset(["script", "style", "head", "title", "template", "noscript"])


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


def html_to_text(html: str) -> str:
    """The visible text of an HTML mail; quoted blocks get `>` marks as in plain text."""
    try:
        root = lxml.html.document_fromstring(html.encode("utf-8", "replace"), parser=_parser())
    except (ParserError, ValueError):
        return ""
    return _tidy(_rendered(root).replace("\u00a0", " "))


def _parser() -> lxml.html.HTMLParser:
    return lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)


def _rendered(root: lxml.html.HtmlElement) -> str:
    """Text with lines where a browser shows them: blocks begin and end lines, paragraphs keep a
    blank line between them, a break in an otherwise empty block is one."""
    out: list[str] = []
    _render(root, out)
    return "".join(out)


def _render(element: lxml.html.HtmlElement, out: list[str]) -> None:
    tag = element.tag
    if tag in _INVISIBLE:
        return
    if tag == "br":
        out.append("\n")
        return
    edge = 0 if tag not in _BLOCKS.split() else 2 if tag == "p" and not _tight(element) else 1
    if edge:
        _break_line(out, edge)
    if _heads_quoted_mail(element):
        out.append("-----Original Message-----\n")
    inner: list[str] = [] if tag == "blockquote" else out
    _add(inner, (element.text or "") if tag == "pre" else _collapsed(element.text or ""))
    for child in element:
        _render(child, inner)
        _add(inner, _collapsed(child.tail or ""))
    if tag == "blockquote":
        quoted = _tidy("".join(inner)).split("\n")
        out.append("\n" + "".join(f"> {line}".rstrip() + "\n" for line in quoted))
    if tag in ("td", "th"):
        out.append("\t")
    if edge:
        _break_line(out, edge)


def _add(out: list[str], text: str) -> None:
    """Space between blocks is layout, not text."""
    if text and not (text == " " and _ends_line(out)):
        out.append(text)


def _break_line(out: list[str], edge: int) -> None:
    """So that the text ends with `edge` newlines at least, where there is a text."""
    if not out:
        return
    if not _ends_line(out):
        out.append("\n")
    if edge == 2 and not "".join(out[-2:]).endswith("\n\n"):
        out.append("\n")


def _ends_line(out: list[str]) -> bool:
    return not out or out[-1].endswith("\n")


def _tight(paragraph: lxml.html.HtmlElement) -> bool:
    """Outlook's paragraphs are lines: their margin is zero."""
    style = (paragraph.get("style") or "").replace(" ", "")
    return "Mso" in (paragraph.get("class") or "") or bool(
        re.search(r"margin:0(?:px|cm|in|;|$)", style)
    )


def _heads_quoted_mail(element: lxml.html.HtmlElement) -> bool:
    """Outlook's header of the answered mail, which has no separator of its own."""
    if element.tag != "div":
        return False
    style = (element.get("style") or "").replace(" ", "").lower()
    return element.get("id") == "divRplyFwdMsg" or (
        "border:none" in style and "border-top:solid" in style and "1.0pt" in style
    )


def _tidy(text: str) -> str:
    """Without spaces around lines, and at most one blank line in a row."""
    lines = [line.lstrip(" ").rstrip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _collapsed(text: str) -> str:
    return re.sub(r"[ \t\r\n]+", " ", text)


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
