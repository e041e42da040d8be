"""The rules for secrets that people phrase: passwords, PINs, codes, keys, account numbers.

Each rule first looks for a noun such as "password". A word in the same sentence is a secret if it
looks like one and is tied to the noun. The less it looks like a secret, the closer the tie must be:
"hunter2!!" counts nearly anywhere, figures after "is", and a plain word only after a colon or in
quotes. Nouns and ties come from `vocabulary`, in ten languages.
"""

from collections.abc import Iterator
from itertools import islice

from maverick_assets.datasets.secrets.answers import find_answers
from maverick_assets.datasets.secrets.codes import (
    find_accounts,
    find_codes,
    find_spare_codes,
)
from maverick_assets.datasets.secrets.keys import find_keys, find_passphrases, find_recovery_phrases
from maverick_assets.datasets.secrets.logins import find_logins, find_logins_below
from maverick_assets.datasets.secrets.nearby import LONG_TEXT, MAX_NOUNS
from maverick_assets.datasets.secrets.passwords import find_passwords
from maverick_assets.datasets.secrets.patterns import (
    ACCOUNT,
    ANSWER,
    CODE,
    KEY,
    PASSWORD,
    WALLET,
)
from maverick_assets.datasets.secrets.rules import Rule, TextSpan


def _beyond_max_nouns(_: str, lowered: str) -> Iterator[TextSpan]:
    """The rest of a long text after MAX_NOUNS nouns, which the other rules leave unread.

    Nobody writes such a text, and reading all of it would take too long, so it is quarantined.
    """
    if len(lowered) <= LONG_TEXT:
        return
    for kind in (PASSWORD, CODE, ACCOUNT, KEY, WALLET, ANSWER):
        if not any(stem in lowered for stem in kind.stems):
            continue
        for noun in islice(kind.pattern.finditer(lowered), MAX_NOUNS, None):
            yield noun.start(), len(lowered)
            return


PHRASED_RULES = (
    Rule("crowded", (), _beyond_max_nouns),
    Rule("password", PASSWORD.stems, find_passwords),
    Rule("code", CODE.stems, find_codes),
    Rule("bank-account", ACCOUNT.stems, find_accounts),
    Rule("named-key", KEY.stems, find_keys),
    Rule("recovery-phrase", WALLET.stems, find_recovery_phrases),
    Rule("login", (), find_logins),
    Rule("login", ("\n",), find_logins_below),
    Rule("spare-codes", (), find_spare_codes),
    Rule("passphrase", (), find_passphrases),
    Rule("security-answer", ANSWER.stems, find_answers),
)
