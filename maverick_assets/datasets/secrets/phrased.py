"""Secrets as people tell them, in ten languages: passwords, PINs, codes, account numbers.

A noun such as "password" is looked for first. What stands near it in its sentence is a secret when
the words between tie the two together and it looks like one: "hunter2!!" does anywhere, a plain
word only behind a colon or in quotes, figures behind "is".
"""

from collections.abc import Iterator
from itertools import islice

from maverick_assets.datasets.secrets.codes import accounts, codes
from maverick_assets.datasets.secrets.keys import keys, recovery_phrases
from maverick_assets.datasets.secrets.nearby import LONG, MOST_NOUNS
from maverick_assets.datasets.secrets.passwords import passwords
from maverick_assets.datasets.secrets.rules import Rule, Span
from maverick_assets.datasets.secrets.vocabulary import ACCOUNT, CODE, KEY, PASSWORD, WALLET


def _crowded(_: str, lowered: str) -> Iterator[Span]:
    """The rest of a text with more nouns than any that is written, or that is worth the time."""
    if len(lowered) > LONG:
        for kind in (PASSWORD, CODE, ACCOUNT, KEY, WALLET):
            there = any(stem in lowered for stem in kind.stems)
            found = kind.pattern.finditer(lowered) if there else ()
            for noun in islice(found, MOST_NOUNS, None):
                yield noun.start(), len(lowered)
                return


TOLD = (
    Rule("crowded", (), _crowded),
    Rule("password", PASSWORD.stems, passwords),
    Rule("code", CODE.stems, codes),
    Rule("bank-account", ACCOUNT.stems, accounts),
    Rule("named-key", KEY.stems, keys),
    Rule("recovery-phrase", WALLET.stems, recovery_phrases),
)
