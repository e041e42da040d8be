"""Nouns such as "password", the words that follow them, and how these are tied to their noun."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import islice

from maverick_assets.datasets.secrets.patterns import NounKind, words
from maverick_assets.datasets.secrets.rules import WRAPPING, TextSpan
from maverick_assets.datasets.secrets.vocabulary import ENGLISH_NOUNS

# In a text of more than LONG_TEXT characters, only the first MAX_NOUNS nouns of a kind count.
LONG_TEXT = 20_000
MAX_NOUNS = 1_000
_REACH = 110  # characters from a noun to the end of its value

_TOKEN = re.compile(r"\S+")
# "pw:x9$k", `"password":"x9$k"`, "password's=x9$k", "pw->x9$k": the token after the noun starts
# with a sign.
_LEADING_SIGN = re.compile(r"['\"\u2019]?s?\)?[:=]+>?(?=\S)|-+>")
_OPENING_QUOTES = frozenset("\"“„«`'\u2018")
_OPENS_NEXT_PHRASE = tuple("¡¿(/»”“")
_SIGNS = frozenset(["->", "=>", "»", "«", "“", "„", "n°", "nº"])
_LINKS = words("is_", "links")
_PREPOSITIONS = words("prepositions")
_ADVERBS = words("adverbs")


class Tie(Enum):
    """What stands before a value and ties it to its noun."""

    NONE = 0  # "password hunter22"
    PREPOSITION = 1  # "changed the password to hunter22"
    IS = 2  # "the password is hunter22"
    SIGN = 3  # "password: hunter22", or a value in quotes


@dataclass(frozen=True)
class FollowingWord:
    """A word that follows a noun in its sentence."""

    text: str  # without quotes and brackets around it
    start: int  # where it starts in the whole text
    tie: Tie
    words_between: int  # between noun and word
    ends_phrase: bool  # whether it is in quotes, or the last word of its phrase

    @property
    def span(self) -> TextSpan:
        return self.start, self.start + len(self.text)


def find_nouns(kind: NounKind, lowered: str) -> Iterator[tuple[re.Match[str], int]]:
    """Each noun outside web addresses, and where its reach ends: at the next noun or before it."""
    limit = MAX_NOUNS if len(lowered) > LONG_TEXT else None
    nouns = list(islice(kind.pattern.finditer(lowered), limit))
    next_starts = [*(noun.start() for noun in nouns[1:]), len(lowered)]
    for noun, next_start in zip(nouns, next_starts if nouns else [], strict=True):
        if not _in_web_address(lowered, noun.start()):
            yield noun, min(next_start, noun.end() + _REACH)


def _in_web_address(lowered: str, start: int) -> bool:
    """Whether the word at `start` is part of a web address."""
    # https://shop.example/landing?code=GB01A8
    words_before = lowered[max(start - 200, 0) : start].rsplit(None, 1)
    return bool(words_before) and "://" in words_before[-1] and not lowered[start - 1].isspace()


def words_after(text: str, noun: re.Match[str], reach: int) -> Iterator[FollowingWord]:
    """The words after a noun, up to the end of its sentence or line."""
    start = noun.end()
    end = line_end(text, start, reach)
    if not text[start:end].strip(" \t:=-*>\"'"):  # "Password:" alone: the value is in the next line
        end = line_end(text, end + 1, reach)
    tie = Tie.NONE
    for words_between, match in enumerate(_TOKEN.finditer(text, start, end)):
        token = match.group()
        word, offset = _unwrapped(token, 0)
        in_quotes = not _OPENING_QUOTES.isdisjoint(token[:offset])
        sign = _LEADING_SIGN.match(token)
        if sign:
            tie = Tie.SIGN
            word, offset = _unwrapped(token, sign.end())
        in_quotes = in_quotes and tie in (Tie.IS, Tie.SIGN)
        is_rest_of_noun = match.start() == start and not sign  # "s" of "passwords"
        if word and not is_rest_of_noun:
            yield FollowingWord(
                word,
                match.start() + offset,
                Tie.SIGN if in_quotes else tie,
                words_between,
                in_quotes or _ends_phrase(token, text[match.end() : end]),
            )
        tie = _tie_to_next(token, word, tie, noun)
        # After a sign the sentence may go on: "password: Really?Long!"
        if tie is not Tie.SIGN and _ends_sentence(token):
            return


def line_end(text: str, start: int, stop: int) -> int:
    """The end of the line in `text[start:stop]`; `stop` if the line is longer."""
    end = text.find("\n", start, stop)
    return stop if end < 0 else end


def tie_of(token: str, word: str) -> Tie:
    """How `token` ties the next word to the noun.

    `word` is the token in lower case, without the signs around it.
    """
    if token[-1] in ":=" or token in _SIGNS:
        return Tie.SIGN
    if word in _LINKS or word.endswith(("'s", "\u2019s")):
        return Tie.IS
    return Tie.PREPOSITION if word in _PREPOSITIONS else Tie.NONE


def _tie_to_next(token: str, word: str, tie: Tie, noun: re.Match[str]) -> Tie:
    """How the word after `token` is tied to the noun, where `token` itself is tied by `tie`."""
    bare = word.lower().rstrip(":,")
    if token.lower() == "to" and noun.group() in ENGLISH_NOUNS:
        return Tie.PREPOSITION  # elsewhere it is Polish for "is"
    return tie if bare in _ADVERBS else tie_of(token, bare)


def _unwrapped(token: str, start: int) -> tuple[str, int]:
    """`token[start:]` without quotes, brackets and commas around it, and its start in `token`."""
    word = token[start:].strip(WRAPPING + ",;")
    return word, token.find(word, start)


def _ends_phrase(token: str, rest_of_line: str) -> bool:
    """Whether the token is the last one of its phrase."""
    rest = rest_of_line.lstrip()
    if not rest or token[-1] in ".;!?,":
        return True
    return rest[0].isupper() or rest.startswith(_OPENS_NEXT_PHRASE)


def _ends_sentence(token: str) -> bool:
    # A short word with a stop is an abbreviation: "no.", "nr."
    return token[-1] in "!?…" or (token[-1] == "." and len(token) > 4)
