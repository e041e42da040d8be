"""The body of a message: the words that a mail program shows as its text."""

import base64
import re
from collections.abc import Iterator
from email.message import EmailMessage
from typing import cast

from maverick_assets.crm.foreign_input import storable
from maverick_assets.crm.html_text import TooMuchText, html_to_text
from maverick_assets.crm.mail.bounded_policy import parse_structure
from maverick_assets.crm.mail.charsets import decode_bytes, decode_html
from maverick_assets.crm.mail.envelopes import (
    ENCRYPTED,
    UnreadableMail,
    signed_content,
    without_armor,
)
from maverick_assets.crm.mail.flowed import unflow
from maverick_assets.crm.mail.parameters import mime_header
from maverick_assets.crm.mail.tnef import tnef_text

_MAX_DEPTH = 50  # of parts within parts
_MAX_SIGNED = 3  # envelopes within envelopes
_SMIME = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")
# Texts that programs write for programs
_NOT_SHOWN = ("text/calendar", "text/x-vcard", "text/vcard", "text/rfc822-headers", "text/css")
# "Your mail program does not show HTML." is shorter than any mail that somebody wrote twice.
_STUB_CHARACTERS = 400
_WORD = re.compile(r"\w+")


def shown_text(message: EmailMessage) -> str:
    """The text that a mail program shows, with `\\n` newlines; empty where it shows none.

    Of parts that say the same, plain text comes before HTML: its quotes are marked. A text with a
    name of its own is an attachment, unless there is no other.
    Raises `UnreadableMail` for a mail of which nothing can be read without a key, `TooMuchText` for
    a page that is too long.
    """
    texts = [text for text in _texts(message, 0) if text.strip()]
    if not texts:
        texts = [text for text in _hidden_texts(message) if text.strip()]
    return "\n".join(text.strip("\n") for text in texts)


def _texts(part: EmailMessage, depth: int) -> Iterator[str]:
    """The texts that a part shows, one after the other."""
    if depth > _MAX_DEPTH:
        raise ValueError(f"parts within parts, more than {_MAX_DEPTH} deep")
    kind = part.get_content_type()
    parts = cast(list[EmailMessage], part.get_payload()) if part.is_multipart() else []
    if kind == "multipart/encrypted":
        raise UnreadableMail(ENCRYPTED.format("PGP/MIME"))
    if kind == "multipart/alternative":
        yield from _alternative(parts, depth)
    elif kind in ("multipart/signed", "multipart/report"):
        yield from _texts(parts[0], depth + 1) if parts else ()
    elif kind == "multipart/related":
        yield from _texts(_root(part, parts), depth + 1) if parts else ()
    elif kind.startswith("multipart/") and parts and kind != "multipart/digest":
        yield from _mixed(parts, depth)
    elif kind.startswith(("text/", "multipart/")) and kind not in _NOT_SHOWN:
        # A multipart without any part is shown as the text that it is.
        yield "" if _is_attached(part) else _text(part)


def _alternative(parts: list[EmailMessage], depth: int) -> Iterator[str]:
    """The plain text, unless it says nothing of what the page says."""
    texts: list[tuple[bool, str]] = []  # whether it is a page, and the text
    for part in parts:
        kinds = {leaf.get_content_type() for leaf in part.walk()}
        is_page = "text/plain" not in kinds
        if is_page and any(not page and len(text) > _STUB_CHARACTERS for page, text in texts):
            continue
        try:
            text = "\n".join(filter(str.strip, _texts(part, depth + 1)))
        except TooMuchText:
            if not texts:
                raise
            continue  # it costs itself, as there is the text of it
        if text.strip():
            texts.append((is_page, text))
    plain = next((text for is_page, text in texts if not is_page), None)
    page = next((text for is_page, text in texts if is_page), None)
    if plain is None or (page is not None and _is_stub(plain, page)):
        plain = page
    yield from () if plain is None else (plain,)


def _is_stub(plain: str, page: str) -> bool:
    words = set(_WORD.findall(plain.lower()))
    shared = words & set(_WORD.findall(page.lower()))
    return len(plain) <= _STUB_CHARACTERS and len(shared) * 2 < len(words)


def _root(part: EmailMessage, parts: list[EmailMessage]) -> EmailMessage:
    """What the other parts belong to: the one that `start` names, else the first text."""
    start = mime_header(part, "content-type").parameters.get("start", "")
    for candidate in parts:
        if start and start in [str(value).strip() for value in candidate.get_all("content-id", [])]:
            return candidate
    readable = (each for each in parts if each.get_content_maintype() in ("text", "multipart"))
    return next(readable, parts[0])


def _mixed(parts: list[EmailMessage], depth: int) -> Iterator[str]:
    """All texts without a name, else the first named one that is shown."""
    named: list[EmailMessage] = []
    has_text = False
    for part in parts:
        if _name(part) and not part.is_multipart():
            named.append(part)
            continue
        for text in _texts(part, depth + 1):
            has_text = has_text or bool(text.strip())
            yield text
    if not has_text:
        for part in named:
            texts = [text for text in _texts(part, depth + 1) if text.strip()]
            if texts:
                yield texts[0]
                return


def _name(part: EmailMessage) -> str:
    """The file name of a part."""
    return mime_header(part, "content-disposition").parameters.get("filename", "") or mime_header(
        part, "content-type"
    ).parameters.get("name", "")


def _is_attached(part: EmailMessage) -> bool:
    return mime_header(part, "content-disposition").value == "attachment"


def _text(part: EmailMessage) -> str:
    """The text of a part; bytes outside its charset become U+FFFD."""
    header = mime_header(part, "content-type")
    label = header.parameters.get("charset")
    data = _bytes(part)
    if part.get_content_type() == "text/html":
        return storable(html_to_text(_lines(decode_html(data, label))))
    text = _lines(decode_bytes(data, label))
    if header.parameters.get("format", "").lower() == "flowed":
        text = unflow(text, header.parameters.get("delsp", "").lower() == "yes")
    return storable(without_armor(text))


def _bytes(part: EmailMessage) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _hidden_texts(message: EmailMessage, depth: int = 0) -> Iterator[str]:
    """The texts of a mail that shows none itself: those inside envelopes and in `winmail.dat`.

    Raises `UnreadableMail` for an envelope that cannot be opened.
    """
    for part in message.walk():
        kind, name = part.get_content_type(), _name(part).lower()
        if kind in _SMIME or name.endswith(".p7m"):
            content = signed_content(_der(_bytes(part)))
            inner = parse_structure(content)
            texts = [text for text in _texts(inner, 0) if text.strip()]
            yield from texts or (_hidden_texts(inner, depth + 1) if depth < _MAX_SIGNED else ())
        elif kind in _TNEF or name == "winmail.dat":
            try:
                yield storable(_lines(tnef_text(_bytes(part))))
            except TooMuchText:
                raise
            except ValueError as error:
                raise UnreadableMail(str(error)) from error


def _der(data: bytes) -> bytes:
    """An envelope's bytes; some programs send them as PEM."""
    lines = data.strip().splitlines()
    if not lines or not lines[0].startswith(b"-----BEGIN"):
        return data
    return base64.b64decode(b"".join(line for line in lines if not line.startswith(b"-----")))
