"""Keys, and the phrases that recover a wallet, that people tell."""

import re
from collections.abc import Iterator
from itertools import islice, pairwise

from maverick_assets.datasets.secrets.nearby import MOST_NOUNS, nouns
from maverick_assets.datasets.secrets.rules import Span
from maverick_assets.datasets.secrets.vocabulary import KEY, WALLET

_RANDOM = re.compile(r"(?<![\w/.-])[\w+/=.-]{16,400}")
_PUBLIC = re.compile(
    r"fingerprint|signature|badsig|public|pubkey|rsa key|key id|primary key|commit"
)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_PHRASE_TIE = re.compile(r"[:.]\s+|\s(?:is|ist|est|es|è|é|er|är|to)\s+")
_WORD_LIST = re.compile(
    r"(?:(?:\d{1,2}[.):] ?)?[a-z]{3,8}(?:, ?|\s)\s?){11,23}(?:\d{1,2}[.):] ?)?[a-z]{3,8}"
)
_GRAMMAR = re.compile(r"\b(?:the|and|for|was|were|with|from|but|not|his|her|our|und|der|les|que)\b")


def keys(text: str, lowered: str) -> Iterator[Span]:
    """What looks drawn by lot, in the line of a noun such as "token"."""
    for noun, stop in nouns(KEY, lowered):
        start = max(noun.start() - 90, 0)
        start = max(lowered.rfind("\n", start, noun.start()) + 1, start)
        line_end = lowered.find("\n", noun.end() + 2, stop)
        end = stop if line_end < 0 else line_end
        line = lowered[start:end]
        for match in _RANDOM.finditer(text, start, min(end + 400, len(text))):
            if match.start() < end and _drawn(match.group()) and not _PUBLIC.search(line):
                yield match.span()


def _drawn(value: str) -> bool:
    """Whether letters and figures take turns as in no word; or a UUID."""
    if _UUID.fullmatch(value.rstrip(".")):
        return True
    run = max(re.split(r"[^A-Za-z0-9]+", value), key=len)
    turns = sum(a.isdigit() != b.isdigit() for a, b in pairwise(run))
    cases = sum(a.islower() != b.islower() for a, b in pairwise(run) if (a + b).isalpha())
    return len(run) >= 16 and (turns >= 4 or (turns >= 2 and cases >= 5))


def recovery_phrases(_: str, lowered: str) -> Iterator[Span]:
    for noun in islice(WALLET.pattern.finditer(lowered), MOST_NOUNS):
        start, end = noun.end(), min(noun.end() + 400, len(lowered))
        for tie in _PHRASE_TIE.finditer(lowered, start, min(start + 60, end)):
            words = _WORD_LIST.match(lowered, tie.end(), end)
            if words and not _GRAMMAR.search(" ".join(words.group().split()[:12])):
                yield words.span()
                break
