"""Answers to the questions that a bank or a shop asks before it resets a password."""

import re
from collections.abc import Iterator

from maverick_assets.datasets.secrets.nearby import find_nouns
from maverick_assets.datasets.secrets.patterns import ANSWER, any_entry
from maverick_assets.datasets.secrets.rules import TextSpan

_REACH = 90
# "mother's maiden name is Brown", "(first pet): Rex", "first pet?\nRex", "memorable word, say Rex"
_ANSWER_AFTER = re.compile(
    r"[^\n.!?:=]{0,50}?(?:[)»\"]? ?[:=→]\s*"
    rf"|,? \b(?:{any_entry('is_', 'links')}|say)\s+|\?\)?\s*|\n\s*)"
    r"[\"'“„«]? ?((?:[^\W\d_a-z]|\d)[\w'\u2019-]*(?: [^\W\d_a-z][\w'\u2019-]*){0,3})"
    r"(?=[\"'”“» ]*(?:[.,;)(]|\n|\Z|$))"
)
_NO_ANSWER = frozenset(
    [
        "ok",
        "okay",
        "thanks",
        "danke",
        "merci",
        "gracias",
        "grazie",
        "obrigado",
        "dank",
        "tack",
        "tak",
        "yes",
        "no",
        "ja",
        "nein",
        "oui",
        "non",
        "si",
        "sí",
        "what",
        "why",
        "how",
        "which",
        "wie",
        "was",
        "welche",
        "quel",
        "cuál",
        "qual",
        "wat",
        "vad",
        "hvad",
        "i",
        "it",
        "the",
    ]
)


def find_answers(text: str, lowered: str) -> Iterator[TextSpan]:
    """A name, or up to four words with capitals, after a question for security."""
    for noun, _ in find_nouns(ANSWER, lowered):
        stop = min(noun.end() + _REACH, len(text))
        answer = _ANSWER_AFTER.match(text, noun.end(), stop)
        if answer and answer[1].lower() not in _NO_ANSWER and len(answer[1]) >= 3:
            yield answer.span(1)
