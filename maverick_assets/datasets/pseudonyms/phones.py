"""Phone numbers in text; what may be a price, a date or a quantity is none."""

import re
from collections.abc import Iterator

import phonenumbers

_POSSIBLE = re.compile(r"[+(]? ?\d[\d ()./\u2010-\u2015-]{5,20}\d")
_RUN = re.compile(r"[+(]? ?\d[\d ()./\u2010-\u2015-]{5,}\d")
_ANNOUNCED = re.compile(
    r"((?:\b(?:tel|telephone|phone|cell|mobile|fax|pager|call me (?:at|on)|reach me (?:at|on)|handy"
    r"|telefon|mobil|tél|teléfono|móvil)(?: (?:no|number|nr))?\b[.:#]?|☎)\s*(?:is )?)"
    r"(\+?\(?\d[\d ()./-]{5,18}\d)(?![\d,]|\.\d)",
    re.IGNORECASE,
)
_MOST = 50_000  # characters of lines with numbers that are looked at closely


def phones(text: str) -> Iterator[tuple[int, int, str]]:
    """Start and end of each phone number, and its digits.

    The library is slow: it sees the lines alone that may hold a number, and of a text with more of
    these than people write, the first. Behind them every number that may be one counts as one.
    """
    if not _POSSIBLE.search(text):
        return
    for match in _ANNOUNCED.finditer(text):
        yield *match.span(2), _plain(match[2])
    at, left = 0, _MOST
    for line in text.split("\n"):
        if any(_is_grouped(match.group()) for match in _POSSIBLE.finditer(line)):
            left -= len(line)
            for start, end in _numbers(line) if left >= 0 else _runs(line):
                yield at + start, at + end, _plain(line[start:end])
        at += len(line) + 1


def _numbers(line: str) -> Iterator[tuple[int, int]]:
    strict = phonenumbers.Leniency.STRICT_GROUPING
    for each in phonenumbers.PhoneNumberMatcher(line, "US", strict):
        before = line[max(each.start - 1, 0) : each.start]
        if _is_grouped(each.raw_string) and before not in ("$", "€", "£", "#"):
            yield each.start, each.end


def _runs(line: str) -> Iterator[tuple[int, int]]:
    """Figures and what may stand between those of a number; holds all that `_numbers` finds."""
    for match in _RUN.finditer(line):
        if "(" in match.group() or _is_grouped(match.group()):
            yield match.span()


def _is_grouped(number: str) -> bool:
    return number.startswith(("+", "(")) or len(re.findall(r"[ .-]", number)) > 1


def _plain(written: str) -> str:
    """Digits of a number, the same with and without the country code of the US."""
    digits = re.sub(r"\D", "", written)
    return digits[1:] if len(digits) == 11 and digits.startswith("1") else digits
