"""Banners that a mail server puts above a writer's words: "CAUTION: external e-mail ..."."""

import re
from collections.abc import Sequence

from maverick_assets.datasets.mail.languages import any_of

# "from outside of the organization", "externer Absender"
_ORIGIN = re.compile(r"\b(?:" + any_of(lambda language: language.banners.origins) + r")\b")
# "Do not click links or open attachments", "sender"
_ADVICE = re.compile(r"\b(?:" + any_of(lambda language: language.banners.advice) + r")\b")
# "This e-mail", "Diese Nachricht": a banner speaks of the mail that it stands in
_MAIL = re.compile(
    r"\b(?:" + any_of(lambda language: language.banners.mail) + r")\b", re.IGNORECASE
)
# "[EXTERNAL]", "*** EXTERNAL EMAIL ***", "CAUTION:", "WARNING!", "⚠ Externe E-Mail"
_DECORATED = re.compile(r"\s*(?:[\[*#<>!⚠=~|-]|[^\W\d_a-zß-öø-ÿ]{4,}\b)")
_MARK = re.compile(r"\s*[\[*#(<]{1,3}.{2,40}[\])*#>]{1,3}\s*$")
# Outlook: "You don't often get email from dana@x.example. Learn why this is important<https://...>"
_FIRST_CONTACT = re.compile(r"aka\.ms/learnaboutsenderidentification")
_SENTENCE_END = re.compile(r"[.!\])*>⚠]\s*$")
_SHORTEST = 8  # characters
_OPENING_CHARACTERS = 300  # within which a banner says that the mail is from outside
_LINES = 8  # of a banner, at most
_CHARACTERS = 600


def banner_end(lines: Sequence[str]) -> int:
    """The number of lines at the top that are banners of mail servers."""
    end = 0
    while True:
        start = end
        while start < len(lines) and not lines[start].strip():
            start += 1
        length = _banner_length(lines[start : start + _LINES])
        if not length:
            return end
        end = start + length


def _banner_length(lines: Sequence[str]) -> int:
    """How many of the first lines are one banner; words may follow without a blank line."""
    paragraph = next((i for i, line in enumerate(lines) if not line.strip()), len(lines))
    written = " ".join(lines[:paragraph])[:_CHARACTERS]
    text = written.lower()
    if len(text) < _SHORTEST:
        return 0
    first = [line[:_CHARACTERS].lower() for line in lines[:paragraph]]
    if _FIRST_CONTACT.search(text):
        return 1 + next(i for i, line in enumerate(first) if _FIRST_CONTACT.search(line))
    if not _ORIGIN.search(text[:_OPENING_CHARACTERS]):
        return 0
    marked = bool(_MARK.match(first[0]) and _ORIGIN.search(first[0]) and _DECORATED.match(written))
    advised = bool(_ADVICE.search(text)) and bool(_DECORATED.match(written) or _MAIL.search(text))
    if not (marked or advised):
        return 0
    last = max(
        i for i, line in enumerate(first) if i == 0 or _ADVICE.search(line) or _ORIGIN.search(line)
    )
    while last + 1 < len(first) and not _SENTENCE_END.search(first[last]):
        last += 1
    return last + 1
