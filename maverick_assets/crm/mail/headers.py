"""A message's headers as text: its addresses, and the ids of other messages.

They are read from their raw values, because the stdlib's parsed ones raise on what real mailboxes
hold: bytes in any charset, broken addresses.
"""

import re
from collections.abc import Iterable, Iterator
from email.header import decode_header, make_header
from typing import NamedTuple

from maverick_assets.crm.foreign_input import storable

MAX_HEADER_CHARACTERS = 100_000  # of a header that is read: some 3,000 recipients
_ENCODED_CHARACTERS = 10_000  # of a subject that is decoded, in quadratic time
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
# "=?utf-8?q?Cole=2C_Dana?=", which may hold a bare comma
_ENCODED_WORD = r"=\?[^?\s]{1,80}\?[bqBQ]\?[^?]{0,1000}\?="
# What a list of addresses is made of. An opened quote that nobody closes is one character.
_TOKEN = re.compile(
    rf'(?P<word>{_ENCODED_WORD})|"(?P<quoted>(?:[^"\\]|\\.){{0,200}})"|<(?P<address>[^<>]*)>'
    r"|(?P<end>[,;])|(?P<group>:)|(?P<comment>\()|(?P<text>[^,;:\"<>()=]+|.)",
    re.DOTALL,
)


class Mailbox(NamedTuple):
    """Somebody in an address header."""

    name: str  # decoded
    address: str  # as it is written; empty where there is none


def read_headers(items: Iterable[tuple[str, str]]) -> Headers:
    """Raw header values by lower-case name; bytes outside ASCII are UTF-8, or else Latin-1.

    Raises `ValueError` for a header that nobody could read to its end.
    """
    headers: Headers = {}
    for name, value in items:
        raw = str(value).encode("utf-8", "surrogateescape")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
        headers.setdefault(name.lower(), []).append(storable(text))
    for name in _READ:
        if sum(map(len, headers.get(name, []))) > MAX_HEADER_CHARACTERS:
            raise ValueError(f"{name} has more than {MAX_HEADER_CHARACTERS:,} characters")
    return headers


def decoded(value: str) -> str:
    """A header without its encoding (`=?utf-8?q?...?=`); unchanged where that is broken."""
    if len(value) > _ENCODED_CHARACTERS:
        return value
    try:
        return storable(str(make_header(decode_header(value))))
    except (LookupError, ValueError):
        return value


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
