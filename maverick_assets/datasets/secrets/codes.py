"""PINs, codes and account numbers that people tell."""

import re
from collections.abc import Iterator

from maverick_assets.datasets.secrets.nearby import nouns, tie_of
from maverick_assets.datasets.secrets.rules import Span
from maverick_assets.datasets.secrets.vocabulary import (
    ACCOUNT,
    CODE,
    IS_YOUR,
    LOCKED,
    OF_TIME,
    OF_YEARS,
    OPEN,
)

_FIGURES = re.compile(
    r"(?<![\w.,:/+$€£#-])(?:[a-z]-)?([*#a-z]?\d{3}[ -]\d{3}|[*#]?[a-z]?\d{4,8}[#*]?"
    r"|\d{2,4}[a-z]\d{2,4})"
    r"(?![\w/]|[.,:-]\d| ?(?:[€$£%]|kr\b|eur\b|usd\b|zł\b|lines|zeilen|lignes))"
)
_SENTENCE_END = re.compile(r"[.!?…](?=\s)")
_YEAR = re.compile(r"(?:19|20)\d\d")
_ACCOUNT_NUMBER = re.compile(r"(?<![\w.,:/+$€£-])\d(?:[ -]?\d){6,19}(?![\w/-]|[.,:]\d)")


def codes(_: str, lowered: str) -> Iterator[Span]:
    """PINs, one-time codes, codes of doors and safes: four to eight figures."""
    if not _FIGURES.search(lowered):
        return
    for noun, stop in nouns(CODE, lowered):
        if noun["pin"]:
            yield from _figures_after(lowered, noun.end(), stop, 3)
            yield from _figures_before(lowered, noun)
            continue
        around = lowered[max(noun.start() - 70, 0) : noun.end() + 70]
        if OPEN.search(around):
            continue
        locked = bool(LOCKED.search(around))
        yield from _figures_after(lowered, noun.end(), stop, 12 if locked else 0)
        if locked:
            yield from _figures_before(lowered, noun)


def _figures_after(lowered: str, start: int, stop: int, apart: int) -> Iterator[Span]:
    """Figures that "is" or a sign ties to the noun, or at most `apart` words from it."""
    line_end = lowered.find("\n", start + 2, stop)
    end = stop if line_end < 0 else line_end
    for match in _FIGURES.finditer(lowered, start, end):
        gap = lowered[start : match.start()]
        if _SENTENCE_END.search(gap + " ") and not gap.rstrip().endswith((":", "=")):
            return
        words = gap.split()
        tie = tie_of(words[-1], words[-1].rstrip(":,")) if words else ""
        if words and len(words) > 1 and words[-1] in ("le", "el", "the", "now", "nu", "jetzt"):
            tie = tie_of(words[-2], words[-2]) or tie
        if words and words[-1] in OF_TIME:
            continue
        if words and words[-1] in OF_YEARS and _YEAR.fullmatch(match[1]):
            continue
        near = len(words) <= apart
        if near if tie not in ("is", ":") else len(words) <= 12:
            yield match.span(1)
            return


def _figures_before(lowered: str, noun: re.Match[str]) -> Iterator[Span]:
    """As in "482913 is your code", or "enter with 4711, that is the code"."""
    start = max(noun.start() - 60, 0)
    start = max(lowered.rfind("\n", start, noun.start()) + 1, start)
    found = list(_FIGURES.finditer(lowered, start, noun.start()))
    if found and not _YEAR.fullmatch(found[-1][1]):
        gap = lowered[found[-1].end() : noun.start()]
        if len(gap.split()) <= 7 and IS_YOUR.match(gap):
            yield found[-1].span(1)


def accounts(_: str, lowered: str) -> Iterator[Span]:
    if not _ACCOUNT_NUMBER.search(lowered):
        return
    for noun, stop in nouns(ACCOUNT, lowered):
        end = min(stop, noun.end() + 50)
        line_end = lowered.find("\n", noun.end() + 2, end)
        number = _ACCOUNT_NUMBER.search(lowered, noun.end(), end if line_end < 0 else line_end)
        if number is None:
            continue
        words = lowered[noun.end() : number.start()].split()
        tied = bool(words) and tie_of(words[-1], words[-1].rstrip(":,")) != ""
        ended = any(len(word) > 4 and word[-1] in ".!?" for word in words)
        if not ended and len(words) <= (4 if tied else 2) and (tied or not _is_date(number[0])):
            yield number.span()


def _is_date(number: str) -> bool:
    return bool(
        re.fullmatch(r"(?:19|20)\d\d-?[01]\d-?[0-3]\d|[0-3]\d-[01]\d-(?:19|20)\d\d", number)
    )
