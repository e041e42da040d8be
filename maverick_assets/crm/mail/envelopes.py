"""Signed and encrypted mail: what is signed is read, what is encrypted is named."""

import re
from collections.abc import Iterator


class UnreadableMail(ValueError):
    """A mail whose words nobody can read without a key or a program that is not at hand."""


# The object identifiers of the envelopes (RFC 5652), as they are encoded
_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_ENVELOPED_DATA = (bytes.fromhex("2a864886f70d010703"), bytes.fromhex("2a864886f70d0109100117"))
_SEQUENCE, _OCTETS, _CONTEXT = 0x30, (0x04, 0x24), 0xA0
_MAX_DEPTH = 10

_ARMOR = "-----BEGIN PGP "
_CLEAR_SIGNED = re.compile(
    r"^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\n(?:[\w-]+:[^\n]*\n)*[ \t]*\n"
    r"(?P<text>.*?)"
    r"(?:^-----BEGIN PGP SIGNATURE-----.*?(?:^-----END PGP SIGNATURE-----[ \t]*|\Z)|\Z)",
    re.DOTALL | re.MULTILINE,
)
_BLOCK = re.compile(
    r"^-----BEGIN PGP (MESSAGE|PUBLIC KEY BLOCK|SIGNATURE)-----.*?(?:^-----END PGP \1-----|\Z)",
    re.DOTALL | re.MULTILINE,
)
_DASHES = re.compile(r"^- ", re.MULTILINE)
ENCRYPTED = "encrypted ({}); export it from a mail program that can decrypt it"


def without_armor(text: str) -> str:
    """A text without what PGP wrote around it or into it.

    Raises `UnreadableMail` where all of it is encrypted.
    """
    if _ARMOR not in text:
        return text
    opened = _CLEAR_SIGNED.sub(lambda match: _DASHES.sub("", match["text"]), text)
    rest = _BLOCK.sub("", opened)
    if not rest.strip() and "-----BEGIN PGP MESSAGE-----" in opened:
        raise UnreadableMail(ENCRYPTED.format("PGP"))
    return rest


def signed_content(data: bytes) -> bytes:
    """The message inside an S/MIME envelope that is signed only (`application/pkcs7-mime`).

    Raises `UnreadableMail` for one that is encrypted, or that is none.
    """
    try:
        kind, content = _fields(_content(data, _SEQUENCE), 2)
        if kind[1] in _ENVELOPED_DATA:
            raise UnreadableMail(ENCRYPTED.format("S/MIME"))
        if kind[1] != _SIGNED_DATA:
            raise UnreadableMail("an S/MIME envelope of an unknown kind")
        signed = _fields(_content(content[1], _SEQUENCE), 3)
        wrapped = _fields(signed[2][1], 2)[1]
        return b"".join(_octets(wrapped[1]))
    except (IndexError, ValueError) as error:
        if isinstance(error, UnreadableMail):
            raise
        raise UnreadableMail("an S/MIME envelope that is damaged") from error


def _fields(data: bytes, count: int) -> list[tuple[int, bytes]]:
    """The first `count` values in `data`, with their tags. Raises `ValueError` for fewer."""
    fields = []
    for tag, value in _values(data):
        fields.append((tag, value))
        if len(fields) == count:
            return fields
    raise ValueError("fewer values than that")


def _content(data: bytes, tag: int) -> bytes:
    found, value = _fields(data, 1)[0]
    if found != tag:
        raise ValueError(f"tag {found}, not {tag}")
    return value


def _octets(data: bytes, depth: int = 0) -> Iterator[bytes]:
    """The pieces of a string of octets, which may be written in parts of parts."""
    for tag, value in _values(data):
        if tag not in _OCTETS or depth > _MAX_DEPTH:
            raise ValueError("no octets")
        if tag == _OCTETS[0]:
            yield value
        else:
            yield from _octets(value, depth + 1)


def _values(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tags and values (X.690), one after the other, up to the end mark of an open length."""
    at = 0
    while at < len(data) and data[at : at + 2] != b"\0\0":
        start, length = _header(data, at)
        end = start + length if length is not None else _end_of_open(data, start)
        if end > len(data):
            raise ValueError("cut off")
        yield data[at], data[start:end]
        at = end if length is not None else end + 2


def _header(data: bytes, at: int) -> tuple[int, int | None]:
    """Where a value begins, and its length; None: it goes on to an end mark."""
    if data[at] & 0x1F == 0x1F:
        raise ValueError("a tag of several bytes")
    first = data[at + 1]
    if first < 0x80:
        return at + 2, first
    if first == 0x80:
        return at + 2, None
    size = first & 0x7F
    if size > 4:
        raise ValueError("a length beyond any mail")
    return at + 2 + size, int.from_bytes(data[at + 2 : at + 2 + size], "big")


def _end_of_open(data: bytes, at: int) -> int:
    """Where the end mark of a value of open length stands."""
    depth = 1
    while True:
        if data[at : at + 2] == b"\0\0":
            depth -= 1
            if not depth:
                return at
            at += 2
            continue
        start, length = _header(data, at)
        depth += length is None
        at = start if length is None else start + length
