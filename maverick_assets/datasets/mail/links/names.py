"""Whom a mail's first line greets, where that says which of several people it answers."""

import re
from collections.abc import Sequence

from maverick_assets.datasets.mail.clean_mail import CleanMail

_WORD = re.compile(r"[^\W\d_]{2,}")
_GREETING_CHARACTERS = 80  # "Morning Dana," but not a paragraph
_SIGNED_LINES = 3  # at the end of a text, one of which may be its writer's name
_NAME_WORDS = 4  # of such a line, at most
_SURNAME_LETTERS = 4  # "Cole" in "dcole@x.example"; fewer may be there by chance


def greeted(mail: CleanMail, earlier: Sequence[CleanMail]) -> CleanMail | None:
    """The one of `earlier` whose writer the mail greets by name; None if none is, or several."""
    first = next((line for line in mail.text.split("\n", 20) if line.strip()), "")
    words = _words(first) if len(first) <= _GREETING_CHARACTERS else set()
    hits = [other for other in earlier if words and words & writer_names(other)]
    return hits[0] if len(hits) == 1 else None


def writer_names(mail: CleanMail) -> set[str]:
    """Words by which a mail's writer is greeted: those of his address, and of his signature.

    A last line is a signature where a word of it is in the address, as in `dcole@x.example` and
    "Dana Cole".
    """
    local = mail.sender.partition("@")[0].casefold()
    names = _words(local)
    for line in mail.text.rstrip().rsplit("\n", _SIGNED_LINES)[-_SIGNED_LINES:]:
        words = _words(line)
        if len(words) <= _NAME_WORDS and any(
            len(word) >= _SURNAME_LETTERS and word in local for word in words
        ):
            names |= words
    return names


def _words(line: str) -> set[str]:
    return set(_WORD.findall(line.casefold()))
