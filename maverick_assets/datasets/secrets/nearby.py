"""What stands near a noun in its sentence, and how it is tied to it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from maverick_assets.datasets.secrets.rules import WRAPPING
from maverick_assets.datasets.secrets.vocabulary import ENGLISH, LINKS, SIGNS, STILL, TOWARDS, Noun

LONG = 20_000  # characters; a text above is read up to so many nouns of a kind
MOST_NOUNS = 2_000
_REACH = 110  # characters from a noun to what it names
_TOKEN = re.compile(r"\S+")
_QUOTES = "\"“„«`'\u2018"


@dataclass(frozen=True)
class Near:
    """What follows a noun within its sentence: a word, how it is tied to the noun."""

    value: str
    start: int
    tie: str  # "" for words only, "to" for a preposition before it, "is", ":" for a sign or quotes
    words: int  # between noun and value
    last: bool  # the sentence or line ends with it


def nouns(kind: Noun, lowered: str) -> Iterator[tuple[re.Match[str], int]]:
    """Each noun outside of addresses of the web, and up to where it reaches: the next, at most."""
    most = MOST_NOUNS if len(lowered) > LONG else None
    found = list(islice(kind.pattern.finditer(lowered), most))
    limits = [*(noun.start() for noun in found[1:]), len(lowered)]
    for noun, limit in zip(found, limits if found else [], strict=True):
        words = lowered[max(noun.start() - 200, 0) : noun.start()].rsplit(None, 1)
        if not words or "://" not in words[-1] or lowered[noun.start() - 1].isspace():
            yield noun, min(limit, noun.end() + _REACH)


def following(text: str, noun: re.Match[str], stop: int) -> Iterator[Near]:
    """The words after a noun, to the end of its sentence."""
    start = noun.end()
    line_end = text.find("\n", start, stop)
    end = stop if line_end < 0 else line_end
    if text[start:end].strip(" \t:=-*>\"'") == "":  # "Password:" alone in its line
        after = text.find("\n", end + 1, stop)
        end = stop if after < 0 else after
    tie, words = "", 0
    for match in _TOKEN.finditer(text, start, end):
        token = match.group()
        value = token.strip(WRAPPING + ",;")
        offset = match.start() + token.find(value) if value else match.start()
        lead = token[: token.find(value)] if value else token
        if glued := re.match(r"['\"\u2019]?s?\)?[:=]+>?(?=\S)|-+>", token):  # "pw:x"
            tie, value = ":", token[glued.end() :].strip(WRAPPING + ",;")
            offset = match.start() + token.find(value, glued.end())
        quoted = bool(set(lead) & set(_QUOTES)) and tie in ("is", ":")
        closing = not text[match.end() : end].strip() or token[-1] in ".;!?,"
        rest = text[match.end() : end].lstrip()
        last = closing or quoted or rest[:1].isupper() or (bool(rest) and rest[0] in "¡¿(/»”“")
        if value and (match.start() > start or glued) and value not in ":=->\u2013\u2014":
            yield Near(value, offset, ":" if quoted else tie, words, last)
        word = value.lower().rstrip(":,")
        tie, words = tie if word in STILL else tie_of(token, word), words + 1
        if token.lower() == "to" and noun.group() in ENGLISH:
            tie = "to"  # in Polish it says "is"
        # "no." and "nr." end no sentence
        if tie != ":" and (token[-1] in "!?…" or (token[-1] == "." and len(token) > 4)):
            return


def tie_of(token: str, word: str) -> str:
    """How a token, whose letters are `word`, ties what follows it to a noun; see `Near`."""
    if token[-1] in ":=" or token in SIGNS:
        return ":"
    if word in LINKS or word.endswith(("'s", "\u2019s")):
        return "is"
    return "to" if word in TOWARDS else ""
