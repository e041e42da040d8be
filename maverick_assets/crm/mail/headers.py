"""A message's headers as text: its addresses, and the ids of other messages.

They are read from their raw values, because the stdlib's parsed ones raise on what real mailboxes
hold: bytes in any charset, broken addresses.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from maverick_assets.crm.foreign_input import storable
from maverick_assets.crm.mail.charsets import decode_bytes

MAX_HEADER_CHARACTERS = 100_000  # of a header that is read: some 3,000 recipients
_NAME_WORDS = 3  # before an unquoted comma: "Cole, Dana <dana@x.example>"

Headers = dict[str, list[str]]  # values by lower-case name, in the message's order

_READ = (
    *("from", "sender", "to", "cc", "bcc", "date", "subject"),
    *("message-id", "in-reply-to", "references", "x-gm-thrid"),
)
# "<1@x.example>", several of them in References
_ID = re.compile(r"<[^<>\s]+>")
# "dana@x.example"
_ADDRESS = re.compile(r"[^\s@,]+@[^\s@,]+")
# "=?utf-8?q?Cole=2C_Dana?=", "=?utf-8*de?B?...?="; broken ones hold bare commas and spaces, and
# question marks, which nothing but "?=" ends
_ENCODED_WORD = (
    r"=\?[\w.:+-]{1,60}(?:\*[\w-]{0,20})?\?[bqBQ]\?[^?]{0,2000}(?:\?(?!=)[^?]{0,100}){0,5}\?="
)
_WORD_PARTS = re.compile(r"=\?([^?*]+)[^?]*\?(.)\?(.*)\?=", re.DOTALL)
_ENCODED = re.compile(rf"({_ENCODED_WORD})")
_HEX = re.compile(rb"=([0-9A-Fa-f]{2})")
# What a list of addresses is made of. An opened quote that nobody closes is one character.
_TOKEN = re.compile(
    rf'(?P<word>{_ENCODED_WORD})|"(?P<quoted>(?:[^"\\]|\\.){{0,200}})"|<(?P<address>[^<>]*)>'
    r"|(?P<end>[,;])|(?P<group>:)|(?P<comment>\()|(?P<text>[^,;:\"<>()=]+|.)",
    re.DOTALL,
)


class Mailbox(NamedTuple):
    """Somebody in an address header."""

    name: str  # decoded
    address: str  # as written; empty if the header names none


def read_headers(items: Iterable[tuple[str, str]], charset: str | None = None) -> Headers:
    """Raw header values by lower-case name; bytes outside ASCII are in `charset`, the body's.

    Raises `ValueError` for a header that nobody could read to its end.
    """
    headers: Headers = {}
    for name, value in items:
        raw = str(value).encode("utf-8", "surrogateescape")
        headers.setdefault(name.lower(), []).append(storable(decode_bytes(raw, charset)))
    for name in _READ:
        if sum(map(len, headers.get(name, []))) > MAX_HEADER_CHARACTERS:
            raise ValueError(f"{name} has more than {MAX_HEADER_CHARACTERS:,} characters")
    return headers


def decoded(value: str) -> str:
    """A header without its encoding (RFC 2047); what is broken beyond reading stays as it is.

    Words of one charset that follow each other are joined before they are decoded: many programs
    cut between the bytes of a character.
    """
    pieces = _ENCODED.split(value)
    words = [(index % 2 == 1, text) for index, text in enumerate(pieces)]
    # White space between two words is no part of the text.
    kept = [
        (is_word, text)
        for index, (is_word, text) in enumerate(words)
        if is_word or text.strip() or index in (0, len(words) - 1)
    ]
    parts: list[str] = []
    for charset, run in groupby(kept, lambda word: _charset(word[1]) if word[0] else None):
        texts = [text for _, text in run]
        if charset is None:
            parts += texts
        else:
            parts.append(decode_bytes(b"".join(map(_word_bytes, texts)), charset))
    return storable("".join(parts))


def _charset(word: str) -> str:
    match = _WORD_PARTS.fullmatch(word)
    return match[1].lower() if match else ""


def _word_bytes(word: str) -> bytes:
    """The bytes of an encoded word; its own characters where its encoding is broken."""
    match = _WORD_PARTS.fullmatch(word)
    assert match is not None
    raw = match[3].encode("utf-8")
    if match[2] in "qQ":
        return _HEX.sub(lambda hex_: bytes([int(hex_[1], 16)]), raw.replace(b"_", b" "))
    digits = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    whole = digits[: len(digits) - 1] if len(digits) % 4 == 1 else digits
    return base64.b64decode(whole + b"=" * (-len(whole) % 4))


def answered_id(headers: Headers) -> str | None:
    """Message-ID of the answered mail: the first of In-Reply-To, else the last of References."""
    answered = _ID.findall(" ".join(headers.get("in-reply-to", [])))
    references = _ID.findall(" ".join(headers.get("references", [])))
    return next(iter(answered or references[-1:]), None)


def addresses(headers: Headers, name: str) -> list[str]:
    """Lower-case addresses of a header, without groups and bare names."""
    written = [box.address.lower() for value in headers.get(name, []) for box in mailboxes(value)]
    return [address for address in written if _ADDRESS.fullmatch(address)]


def mailboxes(value: str) -> list[Mailbox]:
    """The people in an address header, however it is written.

    `"Cole, Dana" <dana@x.example>, bob@x.example (Bob)`, `Cole, Dana <dana@x.example>`,
    `a@x.example; b@x.example`, `undisclosed-recipients:;`, `"Allan" </O=X/CN=ALLAN>`
    """
    boxes: list[Mailbox] = []
    for name, address, has_comma in _entries(" ".join(value.split())):
        before = boxes[-1] if boxes else None
        is_name = bool(before and not before.address and len(before.name.split()) <= _NAME_WORDS)
        if before and is_name and has_comma and name and address:  # "Cole, Dana <dana@x.example>"
            boxes[-1] = Mailbox(f"{before.name}, {name}", address)
        elif name or address:
            boxes.append(Mailbox(name, address))
    return boxes


def formatted(name: str, address: str) -> str:
    """Somebody as an address header has him, the name decoded: `"Cole, Dana" <dana@x.example>`."""
    if set(name) & set('()<>[]:;@\\,."'):
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        name = f'"{escaped}"'
    return f"{name} <{address}>" if name and address else address or name


def _entries(value: str) -> Iterator[tuple[str, str, bool]]:
    """Name and address of each entry, and whether a comma stands before it."""
    texts: list[str] = []
    address = ""
    has_comma = False
    depth = 0  # of comments
    for match in _TOKEN.finditer(value):
        kind, text = match.lastgroup or "quoted", match[match.lastgroup or 0]
        if depth or kind == "comment":
            depth += (match[0] == "(") - (match[0] == ")")
            texts.append(" " if match[0] in "()" else match[0])
        elif kind == "end":
            yield _entry(texts, address, has_comma)
            texts, address, has_comma = [], "", text == ","
        elif kind == "group":  # its name names nobody: "undisclosed-recipients:;"
            texts = [] if not address else texts
        elif kind == "address":
            address = address or text.strip()
        else:
            texts.append(re.sub(r"\\(.)", r"\1", text) if kind == "quoted" else text)
    yield _entry(texts, address, has_comma)


def _entry(texts: list[str], address: str, has_comma: bool) -> tuple[str, str, bool]:
    words = "".join(texts)
    if not address:  # "Dana Cole dana@x.example"
        address = next((word for word in words.split() if "@" in word), "")
        words = words.replace(address, " ", 1)
    name = " ".join(decoded(words).split())
    if name[:1] == name[-1:] == "'":  # Outlook: "'Dana Cole'"
        name = name[1:-1]
    return name, address.strip("<>'\" "), has_comma
