"""Replacing parts of a text."""

from collections.abc import Iterable
from typing import NamedTuple


class Replacement(NamedTuple):
    """A part of a text, and what takes its place."""

    start: int
    end: int
    new: str


def apply_replacements(text: str, replacements: Iterable[Replacement]) -> str:
    """`text` with all `replacements`, which may come in any order but must not overlap."""
    pieces, position = [], 0
    for start, end, new in sorted(replacements):
        pieces += [text[position:start], new]
        position = end
    return "".join([*pieces, text[position:]])


def match_case(written: str, new: str) -> str:
    """`new` in upper or lower case if `written` is all in that case, else unchanged."""
    return new.upper() if written.isupper() else new.lower() if written.islower() else new
