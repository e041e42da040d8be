"""Bytes become text as mail programs decode them.

Labels mean what the WHATWG Encoding Standard says: `iso-8859-1` and `us-ascii` are windows-1252,
`gb2312` is gb18030, `ks_c_5601-1987` is cp949. Bytes that are UTF-8 are read as UTF-8, without a
label and against one: programs that write UTF-8 under another label are common, and text that is
valid UTF-8 by accident is not.
"""

import codecs
import re
from collections.abc import Iterator

import webencodings

# Labels that the standard leaves out, because a page could attack with them; mail has them.
_MAIL_ONLY = {
    **{"utf-7": "utf-7", "unicode-1-1-utf-7": "utf-7", "hz-gb-2312": "hz", "hz": "hz"},
    **{"iso-2022-kr": "iso2022_kr", "csiso2022kr": "iso2022_kr"},
    **{"iso-2022-jp-1": "iso2022_jp_1", "iso-2022-jp-2": "iso2022_jp_2"},
    **{"iso-2022-jp-3": "iso2022_jp_3", "iso-2022-jp-2004": "iso2022_jp_2004"},
}
_MANY_BYTES = {"gb18030", "big5hkscs", "euc_jp", "cp932", "cp949"}
_ASCII_IS_NOT_ITSELF = {
    *("utf-7", "hz", "iso2022_kr", "iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_3"),
    *("iso2022_jp_2004", "utf-16-le", "utf-16-be"),
}
# Placeholders, and codecs of Python that no mail means
_NO_LABELS = {
    *("", "unknown", "unknown-8bit", "x-unknown", "8bit", "7bit", "binary", "default", "none"),
    *("undefined", "unicode_escape", "unicode-escape", "raw_unicode_escape", "punycode", "idna"),
    *("mbcs", "oem"),
}
_UTF8_SEQUENCE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]{1,3}")
# What the 32 bytes 0x80 to 0x9f are in windows-1252; five of them are control characters
_WINDOWS_1252 = str.maketrans(
    {byte: bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(0x80, 0xA0)}
)
# <meta charset="koi8-r">, <meta http-equiv=... content="text/html; charset=koi8-r">
_META = re.compile(rb"<meta[^>]{1,300}?charset\s*=\s*[\"']?\s*([\w:.-]{2,40})", re.IGNORECASE)
_META_BYTES = 2_000
# In ISO-2022-JP, "ESC $ B" begins characters of two bytes, "ESC ( B" those of one
_ESCAPE = re.compile(rb"\x1b(\$\(?[@-D]|\([A-J])")


def decode_bytes(data: bytes, label: str | None = None) -> str:
    """The text of bytes whose header names the charset `label`, None where it names none.

    What no charset explains becomes U+FFFD.
    """
    for bom, name in ((codecs.BOM_UTF8, "utf-8"), (b"\xff\xfe", "utf-16-le")):
        if data.startswith(bom):
            return data[len(bom) :].decode(name, "replace")
    codec = _codec(label)
    if data.isascii() and codec not in _ASCII_IS_NOT_ITSELF:
        # Japanese without a label, or under that of ASCII, shows by its escapes
        return "".join(_japanese(data)) if b"\x1b$" in data else data.decode("ascii")
    if codec in ("utf-16-le", "utf-16-be") and b"\0" not in data[:200]:  # nobody's UTF-16
        codec = None
    if not data.isascii() and _is_utf8(data, codec):
        return data.decode("utf-8")
    if codec in (None, "utf-8"):
        return _without_label(data)
    return _decoded(data, codec)


def decode_html(data: bytes, label: str | None) -> str:
    """As `decode_bytes` for a page, which may name its charset itself."""
    meta = _META.search(data, 0, _META_BYTES) if _codec(label) is None else None
    return decode_bytes(data, meta[1].decode("ascii") if meta else label)


def _codec(label: str | None) -> str | None:
    """Python's name of the charset that a label means; None where nobody knows."""
    name = (label or "").strip(" \t\r\n\"'").lower()
    if name in _NO_LABELS:
        return None
    if name in _MAIL_ONLY:
        return _MAIL_ONLY[name]
    encoding: webencodings.Encoding | None = webencodings.lookup(name)
    if encoding is not None and encoding.name not in ("replacement", "x-user-defined"):
        return "gb18030" if encoding.name == "gbk" else str(encoding.codec_info.name)
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    return info.name if info._is_text_encoding else None


def _is_utf8(data: bytes, codec: str | None) -> bool:
    """Whether bytes with some outside ASCII are UTF-8, whatever their label says."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    if codec not in _MANY_BYTES:
        return True
    # Two characters of two bytes each may be valid UTF-8 by accident.
    return len(data) - len(text) > 6 or not _fits(data, codec or "")


def _fits(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def _without_label(data: bytes) -> str:
    """Bytes that are not valid UTF-8: damaged UTF-8 where some of it is, else windows-1252."""
    sequences = len(_UTF8_SEQUENCE.findall(data))
    text = data.decode("utf-8", "replace")
    if sequences > text.count("\ufffd"):
        return text
    return _decoded(data, "cp1252")


def _decoded(data: bytes, codec: str) -> str:
    if codec == "cp1252":
        return data.decode("latin-1").translate(_WINDOWS_1252)
    if codec == "iso2022_jp":
        return "".join(_japanese(data))
    return data.decode(codec, "replace")


def _japanese(data: bytes) -> Iterator[str]:
    """ISO-2022-JP with what Windows adds to it: circled digits, half-width katakana."""
    start, escape = 0, b"(B"
    for match in [*_ESCAPE.finditer(data), None]:
        piece = data[start : match.start() if match else len(data)]
        if escape in (b"$@", b"$B"):
            # With the high bits set, as in EUC, then as the same character of Shift_JIS
            yield b"".join(map(_shifted, piece[::2], piece[1::2])).decode("cp932", "replace")
        elif escape == b"(I":
            yield bytes(byte | 0x80 for byte in piece).decode("cp932", "replace")
        elif escape.startswith(b"$"):
            yield (b"\x1b" + escape + piece + b"\x1b(B").decode("iso2022_jp_2", "replace")
        else:
            yield piece.decode("cp932", "replace")
        if match:
            start, escape = match.end(), match[1]


def _shifted(first: int, second: int) -> bytes:
    """A character of JIS X 0208 as Shift_JIS has it."""
    row, cell = first - 0x21, second - 0x21
    if not (0 <= row < 94 and 0 <= cell < 94):
        return b"?"
    lead = row // 2 + (0x81 if row < 62 else 0xC1)
    offset = (0x40 if cell < 63 else 0x41) if row % 2 == 0 else 0x9F
    return bytes([lead, cell + offset])
