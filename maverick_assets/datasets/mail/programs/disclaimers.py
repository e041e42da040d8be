"""Legal disclaimers, wherever they stand: the paragraphs go, and the words around them stay."""

import re
from collections.abc import Sequence
from itertools import pairwise

from maverick_assets.datasets.mail.contact_blocks import is_closing, is_name, text_end
from maverick_assets.datasets.mail.languages import any_of

# "This e-mail is confidential and intended only for the addressee. If you have received it ..."
_OPENING = re.compile(
    r"\W*(?:" + any_of(lambda language: language.footers.disclaimer_openings) + ")",
    re.IGNORECASE,
)
_LEGAL = re.compile(any_of(lambda language: language.footers.legal_words), re.IGNORECASE)
# "----------", "**********"; from HTML that was turned into text: "<FONT SIZE = 1>**********"
RULE = re.compile(r"\s*(?:<[^<>]{1,40}>)?[-_*=]{3,}\s*$")
_LEGAL_LINES = 8  # first lines of a disclaimer, of which one has a legal word
_LEGAL_CHARACTERS = 2000  # of these lines that are searched
_COUNTED_LINES = 60  # whose characters count towards a disclaimer's length
_SHORTEST = 120  # characters
_GREETING_WORDS = 6  # above a disclaimer that is still at the top: "Hi Dana,"
_SIGNED_LINES = 12  # last lines with words that are searched for a closing
_MOST_PARAGRAPHS = 40  # below a disclaimer that are looked at


def disclaimer_span(lines: Sequence[str]) -> tuple[int, int]:
    """First line of a disclaimer and the line after it; an empty span at the end without one.

    A disclaimer runs to the end of the mail, as a rule. It ends with its legal paragraphs where the
    writer's words follow: below a disclaimer at the top, and where a closing stands below them.
    """
    for i, line in enumerate(lines):
        starts_paragraph = i == 0 or not lines[i - 1].strip() or RULE.match(lines[i - 1])
        if not (starts_paragraph and _OPENING.match(line)):
            continue
        # The opening words alone are no proof: "This message is for Dana: please call."
        beginning = " ".join(lines[i : i + _LEGAL_LINES])[:_LEGAL_CHARACTERS]
        if not _LEGAL.search(beginning):
            continue
        above = text_end(lines, i)
        start = above - 1 if above and RULE.match(lines[above - 1]) else i
        at_top = _is_top(lines, start)
        words = _words_below(lines, i, at_top) if at_top or not _is_signed(lines[:start]) else None
        end = len(lines) if words is None else words
        counted = lines[i : min(end, i + _COUNTED_LINES)]
        if len(" ".join(counted).strip()) > _SHORTEST:
            return start, end
    return len(lines), len(lines)


def _is_top(lines: Sequence[str], start: int) -> bool:
    """Whether nothing stands above line `start` but perhaps a greeting."""
    above = [line.strip() for line in lines[:start] if line.strip()]
    greeting = len(above) == 1 and above[0].endswith((",", "!", ":"))
    return not above or (greeting and len(above[0].split()) <= _GREETING_WORDS)


def _words_below(lines: Sequence[str], i: int, at_top: bool) -> int | None:
    """The line with which the writer's words begin below a disclaimer that opens at `i`."""
    paragraphs = _paragraphs_below(lines, i)
    last = text_end(lines)
    for number, (start, end) in enumerate(paragraphs):
        text = " ".join(lines[start:end])[:_LEGAL_CHARACTERS]
        if _OPENING.match(text) or _LEGAL.search(text) or RULE.match(text):
            continue
        if is_closing(lines[start]):  # "Thank you."
            continue
        closed = any(_is_signed(lines[first:last]) for first, _ in paragraphs[number + 1 :])
        return start if at_top or closed else None
    return None


def _is_signed(lines: Sequence[str]) -> bool:
    """Whether a closing with a name below stands in the last few lines."""
    words = [line for line in lines if line.strip()][-_SIGNED_LINES:]
    return any(is_closing(above) and is_name(below) for above, below in pairwise(words))


def _paragraphs_below(lines: Sequence[str], i: int) -> list[tuple[int, int]]:
    """First line and end of the paragraphs below the one of line `i`, apart from rules."""
    spans: list[tuple[int, int]] = []
    end = text_end(lines)
    at = i
    while at < end and len(spans) <= _MOST_PARAGRAPHS:
        start = at
        while at < end and lines[at].strip():
            at += 1
        if start > i:
            spans.append((start, at))
        while at < end and not lines[at].strip():
            at += 1
    return spans
