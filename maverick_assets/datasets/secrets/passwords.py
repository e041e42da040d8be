"""Passwords that people tell."""

import re
from collections.abc import Iterator

from maverick_assets.datasets.secrets.nearby import Near, following, nouns
from maverick_assets.datasets.secrets.rules import WRAPPING, Span, is_placeholder
from maverick_assets.datasets.secrets.vocabulary import (
    AS_PASSWORD,
    NETWORK,
    NO_PASSWORD,
    OFFERS,
    OPEN,
    PASSWORD,
    USER,
)

_ORDINARY_MIX = re.compile(
    r"[#$€£]?\d[\d.,:/-]*(?:st|nd|rd|th|am|pm|h|hrs?|min|mins|s|ms|kb|mb|gb|tb|k|m|mm|x|kr|€|%|"
    r"usd|eur|er|e|ª|º|o|a|ème|de|ste|bit|d)?"
    r"|[a-z]{1,12}\d{1,2}|[a-z]+-\d{1,5}|v?\d+(?:\.\d+)+\S{0,4}|\S+@\S+\.\w+|(?:https?|www|ftp)\S*"
    r"|\d+-[a-z]+|[\w./\\-]+\.(?:[a-z]{2,4})|[\w-]*/[\w/.-]*",
    re.IGNORECASE,
)
_LONG_MIX = re.compile(r"[a-z]{5,}\d{1,2}", re.IGNORECASE)  # "hunter22"
_PROSE = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*[.!?,;:…]*")
_SIGNED = re.compile(r" ?[:=]")
_ANSWERED = re.compile(r"[^\n?]{0,40}\?[^\S\n]*\n\s*(\S{4,40})[^\S\n]*(?:\n|\Z)")


def passwords(text: str, lowered: str) -> Iterator[Span]:
    for noun, stop in nouns(PASSWORD, lowered):
        loose = noun["loose"] is not None
        if lowered[noun.end() : noun.end() + 1] == "_":  # part of a program's name
            continue
        yield from _first(
            near for near in following(text, noun, stop) if _is_password(near, loose, noun, text)
        )
        answer = _ANSWERED.match(text, noun.end())
        if answer and _mixed(answer[1]) and not is_placeholder(answer[1]):
            yield answer.span(1)
        if not loose:
            before = text[max(noun.start() - 80, 0) : noun.start()]
            given = AS_PASSWORD.search(before)
            if given and _mixed(given[1]) and not is_placeholder(given[1]):
                at = noun.start() - len(before)
                yield at + given.start(1), at + given.end(1)


def _is_password(near: Near, loose: bool, noun: re.Match[str], text: str) -> bool:
    value = near.value
    if is_placeholder(value):
        return False
    if loose:
        return _loosely(near, noun, text)
    if _mixed(value):
        return near.words <= 3 or bool(near.tie)
    if noun["pair"]:
        return False
    if near.tie not in (":", "is") or near.words > 7:
        return False
    if value.strip(".,").isdigit():
        return len(value.strip(".,")) >= 4
    if near.tie == "is" or not _PROSE.fullmatch(value):
        return near.tie == ":" and not _ORDINARY_MIX.fullmatch(value)
    return near.last and near.words <= 2 and value.lower().rstrip(".!?,") not in NO_PASSWORD


def _loosely(near: Near, noun: re.Match[str], text: str) -> bool:
    """Nouns that mostly mean something else: a code, a key."""
    line = text[max(noun.start() - 40, 0) : near.start + len(near.value) + 40].lower()
    if OFFERS.search(line) or (not noun["short"] and OPEN.search(line)):
        return False
    before = text[max(noun.start() - 60, 0) : near.start].lower()
    if near.tie == ":" and near.last and (NETWORK.search(before[-50:]) or USER.search(before)):
        ordinary = near.value.lower() in NO_PASSWORD or _ORDINARY_MIX.fullmatch(near.value)
        return _mixed(near.value) or not ordinary
    if noun["short"] and near.words <= 1 and near.last and _SIGNED.match(text, noun.end()):
        return bool(_PROSE.fullmatch(near.value)) or _mixed(near.value)
    figures = any(char.isdigit() for char in near.value)
    return not noun["open"] and figures and _mixed(near.value) and near.tie in ("is", ":")


def _first(found: Iterator[Near]) -> Iterator[Span]:
    for near in found:
        yield near.start, near.start + len(near.value)
        return


def _mixed(value: str) -> bool:
    """Letters with figures, or with signs among them: no word that people write."""
    plain = value.strip(WRAPPING + ".,;:")
    if len(plain) < 4 or (_ORDINARY_MIX.fullmatch(plain) and not _LONG_MIX.fullmatch(plain)):
        return False
    letters = any(char.isalpha() for char in plain)
    figures = any(char.isdigit() for char in plain)
    return letters and (figures or bool(re.search(r"\w[!#$%&*+=?@^~|]+\w|^[!#$%&*^~]\w", plain)))
