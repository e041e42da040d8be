"""Keys, and the phrases that recover a wallet, as people write them."""

import re
from collections.abc import Iterator
from itertools import islice

from maverick_assets.datasets.secrets.issued.vendors import is_random
from maverick_assets.datasets.secrets.nearby import MAX_NOUNS, find_nouns, line_end
from maverick_assets.datasets.secrets.patterns import KEY, WALLET, any_entry, words
from maverick_assets.datasets.secrets.rules import TextSpan

_LONG_WORD = re.compile(r"(?<![\w/.-])[\w+/=.-]{16,400}")
# "RSA key fingerprint is ...", "the public key", "commit ..."
PUBLIC_KEY = re.compile(
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
            if word.start() < end and _is_random(word.group()) and not PUBLIC_KEY.search(line):
                yield word.span()


def _is_random(value: str) -> bool:
    """Whether a value looks drawn at random, or is a UUID."""
    return bool(_UUID.fullmatch(value.rstrip("."))) or is_random(value)


def find_recovery_phrases(_: str, lowered: str) -> Iterator[TextSpan]:
    """Phrases that recover a wallet: 12 to 24 short words after a noun such as "seed phrase"."""
    for noun in islice(WALLET.pattern.finditer(lowered), MAX_NOUNS):
        start, end = noun.end(), min(noun.end() + 400, len(lowered))
        for tie in _PHRASE_TIE.finditer(lowered, start, min(start + 60, end)):
            phrase = _WORD_LIST.match(lowered, tie.end(), end)
            if phrase and not _GRAMMAR.search(" ".join(phrase.group().split()[:12])):
                yield phrase.span()
                break


# "passphrase for the disk\ntulip river candle oyster", German: "mit dem Satz auf: tulpe ..."
_PASSPHRASE = re.compile(
    r"\b(?:pass-?phrase|pass phrase|master ?password|hauptpasswort|sentence|phrase|satz|frase|fras"
    r"|sætning|zin|wachtzin|zdanie|fraz[ay]|mening|passfrase)\b"
    r"[^\n:=\"“„«]{0,40}(?:[:=]\s*|\n\s*|[\"“„«]\s?)"
    r"[\"“„«]?\s?((?:[^\W\d_]{3,12}[ -]){2,9}[^\W\d_]{3,12})(?=\s*(?:[\"“”»(.,]|\n|\Z))"
)
_COMMON = words("grammar", "is_", "links", "prepositions", "adverbs", "this", "as_", "not_password")


def find_passphrases(_: str, lowered: str) -> Iterator[TextSpan]:
    """Three to ten words that make no sentence, after a noun for such a phrase."""
    for phrase in _PASSPHRASE.finditer(lowered):
        if _COMMON.isdisjoint(re.split("[ -]", phrase[1])):
            yield phrase.span(1)
