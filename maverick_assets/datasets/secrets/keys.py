"""Keys, and the phrases that recover a wallet, as people write them."""

import re
from collections.abc import Iterator
from itertools import islice, pairwise

from maverick_assets.datasets.secrets.nearby import MAX_NOUNS, find_nouns, line_end
from maverick_assets.datasets.secrets.patterns import KEY, WALLET, any_entry
from maverick_assets.datasets.secrets.rules import TextSpan

_LONG_WORD = re.compile(r"(?<![\w/.-])[\w+/=.-]{16,400}")
# "RSA key fingerprint is ...", "the public key", "commit ..."
_PUBLIC = re.compile(
    r"fingerprint|signature|badsig|public|pubkey|rsa key|key id|primary key|commit"
)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)

# "seed phrase: ...", Polish: "Seed phrase do portfela to ..."
_PHRASE_TIE = re.compile(rf"[:.]\s+|\s{any_entry('is_')}\s+")
# 12 to 24 short words: "abandon ability able ...", "1. abandon 2. ability ..."
_WORD_LIST = re.compile(
    r"(?:(?:\d{1,2}[.):] ?)?[a-z]{3,8}(?:, ?|\s)\s?){11,23}(?:\d{1,2}[.):] ?)?[a-z]{3,8}"
)
_GRAMMAR = re.compile(rf"\b{any_entry('grammar')}\b")


def find_keys(text: str, lowered: str) -> Iterator[TextSpan]:
    """Random-looking words on the line of a noun such as "token"."""
    # "the token for staging: aB3xK9pQ2rT7vW1z", German: "nimm ... als Zugriffstoken"
    for noun, reach in find_nouns(KEY, lowered):
        start = max(noun.start() - 90, 0)
        start = max(lowered.rfind("\n", start, noun.start()) + 1, start)
        # Two characters further, because "key:\naB3x..." continues in the next line.
        end = line_end(lowered, noun.end() + 2, reach)
        line = lowered[start:end]
        # A key must begin within the reach of its noun, but may end beyond it.
        for word in _LONG_WORD.finditer(text, start, min(end + 400, len(text))):
            if word.start() < end and _is_random(word.group()) and not _PUBLIC.search(line):
                yield word.span()


def _is_random(value: str) -> bool:
    """Whether letters and figures alternate as they do in no word, or the value is a UUID."""
    if _UUID.fullmatch(value.rstrip(".")):
        return True
    run = max(re.split(r"[^A-Za-z0-9]+", value), key=len)
    letter_to_figure = sum(a.isdigit() != b.isdigit() for a, b in pairwise(run))
    case_changes = sum(a.islower() != b.islower() for a, b in pairwise(run) if (a + b).isalpha())
    return len(run) >= 16 and (
        letter_to_figure >= 4 or (letter_to_figure >= 2 and case_changes >= 5)
    )


def find_recovery_phrases(_: str, lowered: str) -> Iterator[TextSpan]:
    """Phrases that recover a wallet: 12 to 24 short words after a noun such as "seed phrase"."""
    for noun in islice(WALLET.pattern.finditer(lowered), MAX_NOUNS):
        start, end = noun.end(), min(noun.end() + 400, len(lowered))
        for tie in _PHRASE_TIE.finditer(lowered, start, min(start + 60, end)):
            phrase = _WORD_LIST.match(lowered, tie.end(), end)
            if phrase and not _GRAMMAR.search(" ".join(phrase.group().split()[:12])):
                yield phrase.span()
                break
