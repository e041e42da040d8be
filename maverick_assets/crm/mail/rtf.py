"""Rich text as Outlook keeps mails in it: its compression ([MS-OXRTFCP]), and its words."""

import re
import struct

from maverick_assets.crm.mail.charsets import decode_bytes

_MAX_BYTES = 1_000_000  # of the text when it is unpacked
_PACKED, _PLAIN = 0x75465A4C, 0x414C454D
_WINDOW = 4096
_START = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+"
    rb"|([^\\{}\r\n]+)"
)
# Groups that hold no words of the mail
_HIDDEN = {
    *(b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"header", b"footer"),
    *(b"listtable", b"listoverridetable", b"generator", b"fldinst", b"xmlnstbl", b"themedata"),
}
_CHARACTERS = {
    **{b"par": "\n", b"line": "\n", b"tab": "\t", b"cell": "\t", b"row": "\n", b"bullet": "•"},
    **{b"emdash": "—", b"endash": "\u2013", b"lquote": "\u2018", b"rquote": "\u2019"},
    **{b"ldblquote": "“", b"rdblquote": "”"},
}
_SYMBOLS = {b"~": "\u00a0", b"-": "", b"_": "-", b"\n": "\n", b"\r": "\n"}


def decompress_rtf(data: bytes) -> bytes:
    """Rich text without Outlook's compression. Raises `ValueError` where it is damaged."""
    if len(data) < 16:
        raise ValueError("rich text that is cut off")
    _, size, kind, _ = struct.unpack_from("<IIII", data)
    if size > _MAX_BYTES:
        raise ValueError(f"rich text of more than {_MAX_BYTES:,} bytes")
    if kind == _PLAIN:
        return data[16 : 16 + size]
    if kind != _PACKED:
        raise ValueError("rich text in an unknown compression")
    return bytes(_unpacked(data, size))


def _unpacked(data: bytes, size: int) -> bytearray:
    """Runs of eight items below a byte of bits: a byte itself, or a place in the last 4,096."""
    window = bytearray(_START.ljust(_WINDOW, b"\0"))
    position = len(_START)
    text = bytearray()
    at = 16
    while at < len(data) and len(text) < size:
        control, at = data[at], at + 1
        for bit in range(8):
            if control >> bit & 1:
                token, at = int.from_bytes(data[at : at + 2], "big"), at + 2
                start, count = token >> 4, (token & 0xF) + 2
                if start == position or at > len(data):
                    return text
                run = [(start + step) % _WINDOW for step in range(count)]
            else:
                window[position] = int.from_bytes(data[at : at + 1], "big")
                run, at = [position], at + 1
            for place in run:
                window[position] = window[place]
                text.append(window[position])
                position = (position + 1) % _WINDOW
    return text[:size]


def rtf_to_text(data: bytes) -> str:
    """The words of rich text, with its paragraphs as lines."""
    reader = _RtfReader()
    for match in _TOKEN.finditer(data):
        reader.read(match)
    reader.flush()
    # Two escapes of one character outside the Basic Multilingual Plane
    text = "".join(reader.parts)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class _RtfReader:
    """Collects the words of rich text, token by token."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._pending = bytearray()  # of one charset: a character may take two escapes
        self._label = "windows-1252"
        self._groups: list[tuple[bool, int]] = []  # that are open: what held outside of them
        self._is_hidden = False
        self._repeats = 1  # characters that repeat a Unicode one for programs that read none
        self._to_skip = 0

    def read(self, match: re.Match[bytes]) -> None:
        word, number, hex_, symbol, brace, text = match.groups()
        if hex_ is not None or text is not None:
            data = bytes([int(hex_, 16)]) if hex_ else text
            skipped = min(self._to_skip, len(data))
            self._to_skip -= skipped
            if not self._is_hidden:
                self._pending += data[skipped:]
            return
        self.flush()
        if brace == b"{":
            self._groups.append((self._is_hidden, self._repeats))
        elif brace == b"}":
            self._is_hidden, self._repeats = self._groups.pop() if self._groups else (False, 1)
        elif word in _HIDDEN or symbol == b"*":
            self._is_hidden = True
        elif word is not None:
            self._control(word, number)
        elif symbol is not None and not self._is_hidden:
            literal = symbol.decode("latin-1") if symbol in (b"\\", b"{", b"}") else ""
            self.parts.append(_SYMBOLS.get(symbol, literal))

    def flush(self) -> None:
        if self._pending:
            self.parts.append(decode_bytes(bytes(self._pending), self._label))
            self._pending.clear()

    def _control(self, word: bytes, number: bytes | None) -> None:
        if word == b"ansicpg" and number:
            self._label = f"windows-{int(number)}"
        elif word == b"uc" and number:
            self._repeats = min(max(int(number), 0), 8)
        elif self._is_hidden:
            return
        elif word == b"u" and number:
            self.parts.append(chr(int(number) % 0x10000))
            self._to_skip = self._repeats
        elif word in _CHARACTERS:
            self.parts.append(_CHARACTERS[word])
