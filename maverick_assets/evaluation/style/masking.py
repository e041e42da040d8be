"""Texts without what they are about: names, addresses and figures become one sign for their type.

A twin that repeats the names of its owner's correspondents would otherwise count as written like
him. The signs are characters of private use, which no text of a person holds.
"""

import re
from collections.abc import Collection
from functools import cache

from maverick_assets.crm.people.folding import fold
from maverick_assets.datasets.pseudonyms.name_lists import given_names, surnames
from maverick_assets.datasets.pseudonyms.vocabulary import COMMON_WORDS, PUBLIC_NAMES

NAME, ADDRESS, LINK = "\ue000", "\ue001", "\ue002"
_ADDRESS = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{3,200}")  # "dana@x.example"
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)  # "https://x.example/a?b=c"
# "+1 (212) 555-0100", "0161 496 0000": at least seven digits, set apart as in a number to call.
_PHONE = re.compile(r"(?<![\w.,])\+?\(?\d[\d ()/.-]{5,18}\d(?!\w)")
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
# "dana:" above the words, "mark" or "Rose" below them: names whatever their case and meaning.
_GREETED = re.compile(r"(\s*(?:[^\W\d_]{2,9} )?)([^\W\d_]+)(?=\s?[,:!\u2013\u2014-]+[ \t]*\n)")
_SIGNED = re.compile(r"(?<=\n)([^\W\d_]{2,})(?=\s*\Z)")
_NAMES = re.compile(f"{NAME}(?:['\u2019]s)?(?:[ \t]+{NAME})+")
_MIN_PHONE_DIGITS = 7


class Masking:
    """Replaces names and figures by their type."""

    def __init__(self, names: Collection[str] = ()) -> None:
        """`names`: words of the surrogates of a lake, as `fold` has them, beside listed names."""
        self._names = frozenset(names)

    def __call__(self, text: str) -> str:
        """`text` with a sign for each name, address and link, and 0 for each run of digits.

        Runs of names become one. Words that are also English nouns and verbs stay, as does all that
        is written small ("will", "mark"), unless it greets or signs on a line of its own.
        """
        text = _LINK.sub(LINK, _ADDRESS.sub(ADDRESS, text))
        text = _PHONE.sub(_phone, text)
        text = _GREETED.sub(self._greeted, text, count=1) if _GREETED.match(text) else text
        text = _WORD.sub(self._word, _SIGNED.sub(self._signed, text))
        return _DIGITS.sub("0", _NAMES.sub(NAME, text))

    def _word(self, match: re.Match[str]) -> str:
        word = match.group()
        stem = re.sub(r"['\u2019]s\Z", "", word)  # "Dana's"
        if not stem[0].isupper() or not self._is_name(fold(stem)):
            return word
        return NAME + word[len(stem) :]

    def _greeted(self, match: re.Match[str]) -> str:
        return match.group(1) + self._alone(match.group(2))

    def _signed(self, match: re.Match[str]) -> str:
        return self._alone(match.group(1))

    def _alone(self, word: str) -> str:
        """A word that stands where names stand."""
        folded = fold(word)
        return NAME if folded in given_names() or self._is_name(folded) else word

    def _is_name(self, word: str) -> bool:
        return word in self._names or word in _listed_names()


def _phone(match: re.Match[str]) -> str:
    enough = sum(char.isdigit() for char in match.group()) >= _MIN_PHONE_DIGITS
    return "+0" if enough else match.group()


@cache
def _listed_names() -> frozenset[str]:
    return (given_names() | surnames()) - COMMON_WORDS - PUBLIC_NAMES
