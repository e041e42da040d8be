"""OpenPGP's armour around a signed text (RFC 9580, sections 6.2 and 7)."""

import re
from collections.abc import Sequence

_BEGIN = re.compile(r"-----BEGIN PGP (SIGNED MESSAGE|SIGNATURE|[A-Z ]{3,20} BLOCK)-----\s*$")
_END = re.compile(r"-----END PGP [A-Z ]{3,30}-----\s*$")
_HEADER = re.compile(r"(?:Hash|Version|Comment|Charset|MessageID|NotDashEscaped): ")
# Of the part that was signed, if it was one of MIME: "Content-Type: text/plain; charset=us-ascii"
_PART_HEADER = re.compile(r"(?:Content-[A-Z][a-z]+(?:-[A-Z][a-z]+)?|MIME-Version): \S|[ \t]+\w+=")
# A line of a key or a signature; programs wrap them at 64 or 76 characters.
_RADIX64 = re.compile(r"=?[A-Za-z0-9+/]{1,76}={0,2}\s*$")
_SURE_CHARACTERS = 20  # of a line that nobody types; "Paul" may stand below a torn block
_LINES = 2_000  # of a block


def armour_spans(lines: Sequence[str]) -> list[tuple[int, int]]:
    """First line and end of each part of the armour; the signed text between them stays."""
    spans: list[tuple[int, int]] = []
    for i, line in enumerate(lines):
        begin = _BEGIN.match(line) if line.startswith("-----BEGIN PGP ") else None
        if begin and not (spans and i < spans[-1][1]):
            is_text = begin.group(1) == "SIGNED MESSAGE"
            spans.append((i, _headers_end(lines, i + 1) if is_text else _block_end(lines, i + 1)))
    return spans


def _headers_end(lines: Sequence[str], i: int) -> int:
    while i < len(lines) and _HEADER.match(lines[i]):
        i += 1
    part = i + 1 if i < len(lines) and not lines[i].strip() else i
    end = part
    while end < len(lines) and _PART_HEADER.match(lines[end]):
        end += 1
    return end if end > part else i


def _block_end(lines: Sequence[str], start: int) -> int:
    """The line after a signature or a key, which may have lost its last line."""
    end = start
    for i in range(start, min(start + _LINES, len(lines))):
        if _END.match(lines[i]):
            return i + 1
        if not (_HEADER.match(lines[i]) or _RADIX64.match(lines[i]) or not lines[i].strip()):
            break
        end = i + 1 if len(lines[i]) >= _SURE_CHARACTERS else end
    return end
