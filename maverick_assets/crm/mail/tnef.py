"""The words in Outlook's `winmail.dat` ([MS-OXTNEF]), in which it hides a mail from others.

The libraries for it count up to what a damaged file says, which is four billion, and read nothing
in a code page that they do not know.
"""

import struct
from collections.abc import Iterator

from maverick_assets.crm.html_text import html_to_text
from maverick_assets.crm.mail.charsets import decode_bytes
from maverick_assets.crm.mail.rtf import decompress_rtf, rtf_to_text

_SIGNATURE = struct.pack("<I", 0x223E9F78)
_HEADER_BYTES = 6  # signature and key
_MESSAGE_LEVEL = 1
_BODY, _PROPERTIES, _CODEPAGE = 0x800C, 0x9003, 0x9007
_MAX_PROPERTIES = 10_000

_PLAIN, _HTML, _RTF, _INTERNET_CODEPAGE = 0x1000, 0x1013, 0x1009, 0x3FDE
_TEXT, _UNICODE, _BINARY = 0x001E, 0x001F, 0x0102
_VARIABLE = (_TEXT, _UNICODE, _BINARY, 0x000D, 0x0000)
_SIZES = {  # of values, in bytes, filled up to four
    **{0x0002: 4, 0x0003: 4, 0x0004: 4, 0x000A: 4, 0x000B: 4},
    **{0x0005: 8, 0x0006: 8, 0x0007: 8, 0x0014: 8, 0x0040: 8, 0x0048: 16},
}
_MULTIPLE, _NAMED = 0x1000, 0x8000


def tnef_text(data: bytes) -> str:
    """The text of a `winmail.dat`: plain, or made of HTML or RTF; empty where it holds none.

    Raises `ValueError` for one that is damaged.
    """
    try:
        return _text(data)
    except (struct.error, OverflowError) as error:
        raise ValueError("a winmail.dat that is damaged") from error


def _text(data: bytes) -> str:
    label = "windows-1252"
    texts: dict[int, str] = {}
    for name, value in _objects(data):
        if name == _CODEPAGE:
            label = _label(struct.unpack_from("<I", value)[0])
        elif name == _BODY:
            texts.setdefault(_PLAIN, decode_bytes(value, label))
        else:
            texts |= _body_properties(value, label)
    shown = (text.strip("\0") for kind, text in sorted(texts.items()) if kind != _HTML)
    page = texts.get(_HTML, "").strip("\0")
    plain = texts.get(_PLAIN, "").strip("\0")
    if plain.strip():
        return plain
    return html_to_text(page) if page.strip() else "".join(shown)


def _label(codepage: int) -> str:
    names = {65001: "utf-8", 20127: "us-ascii", 20866: "koi8-r", 936: "gb18030", 932: "shift_jis"}
    names |= {949: "ks_c_5601-1987", 950: "big5", 1200: "utf-16le", 50220: "iso-2022-jp"}
    if 28591 <= codepage <= 28605:
        return f"iso-8859-{codepage - 28590}"
    return names.get(codepage, f"cp{codepage}")


def _objects(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Names and values of what says the words of the message, without those of attachments."""
    if data[:4] != _SIGNATURE:
        raise ValueError("no winmail.dat")
    at = _HEADER_BYTES
    while at + 11 <= len(data):
        level, name, _, length = struct.unpack_from("<BHHI", data, at)
        if level == _MESSAGE_LEVEL and name in (_BODY, _PROPERTIES, _CODEPAGE):
            yield name, data[at + 9 : at + 9 + length]
        at += 11 + length


def _body_properties(data: bytes, label: str) -> dict[int, str]:
    """Texts by the property that holds them, as far as the properties can be read."""
    texts: dict[int, str] = {}
    try:
        for name, kind, value in _properties(data):
            if name == _INTERNET_CODEPAGE:
                label = _label(struct.unpack("<I", value)[0])
            elif name in (_PLAIN, _HTML) and kind in (_TEXT, _UNICODE, _BINARY):
                texts[name] = decode_bytes(value, "utf-16le" if kind == _UNICODE else label)
            elif name == _RTF and kind == _BINARY:
                texts[name] = rtf_to_text(decompress_rtf(value))
    except (struct.error, ValueError):
        if not texts:
            raise
    return texts


def _properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Name, type and value of each property; of one with several values the last."""
    at = 4
    for _ in range(min(struct.unpack_from("<I", data)[0], _MAX_PROPERTIES)):
        kind, name = struct.unpack_from("<HH", data, at)
        at += 4
        if name >= _NAMED:
            at += 16
            is_text, length = struct.unpack_from("<II", data, at)
            at += 8 + (_padded(length) if is_text else 0)
        count = 1
        is_multiple = bool(kind & _MULTIPLE)
        kind &= ~_MULTIPLE
        if is_multiple or kind in _VARIABLE:
            count = min(struct.unpack_from("<I", data, at)[0], _MAX_PROPERTIES)
            at += 4
        for _ in range(count):
            length = _SIZES.get(kind, 0)
            if kind in _VARIABLE:
                length = struct.unpack_from("<I", data, at)[0]
                at += 4
            elif not length:
                raise ValueError("a property of an unknown type")
            if at + length > len(data):
                raise ValueError("a property that is cut off")
            value = data[at : at + length]
            at += _padded(length)
        if count:
            yield name, kind, value


def _padded(length: int) -> int:
    return length + -length % 4
