"""Given names and surnames of real people, as Faker lists them by country.

To add a country, add its locale to `name_pools`.
"""

import re
from functools import cache

from maverick_assets.crm.people.folding import fold
from maverick_assets.datasets.pseudonyms.name_pools import (
    ENGLISH_LOCALES,
    LOCALES,
    SHORT_FORMS,
    listed_names,
)
from maverick_assets.datasets.pseudonyms.person_ner import dictionary_words
from maverick_assets.datasets.pseudonyms.vocabulary import COMMON_WORDS, PUBLIC_NAMES

# Endings of English words that a dictionary lists without them: "prices", "closed", "trading"
_INFLECTION = re.compile(r"(?:es|s|ed|d|ing|ly|er)\Z")


@cache
def given_names(english: bool = False) -> frozenset[str]:
    """Given names as `fold` has them; with `english` only those of English-speaking countries."""
    return SHORT_FORMS | _folded("first_names", ENGLISH_LOCALES if english else LOCALES)


@cache
def surnames() -> frozenset[str]:
    """Surnames as `fold` has them."""
    return _folded("last_names", LOCALES)


def is_dictionary_word(word: str) -> bool:
    """Whether a word (lower case), or what it is inflected from, means something besides a name."""
    words = dictionary_words()
    if word in COMMON_WORDS or word in PUBLIC_NAMES or word in words:
        return True
    return _INFLECTION.sub("", word) in words or _INFLECTION.sub("e", word) in words


def _folded(prefix: str, locales: tuple[str, ...]) -> frozenset[str]:
    """The listed names that are words, as `fold` has them."""
    names = {fold(name) for name in listed_names(prefix, locales)}
    return frozenset(name for name in names if name.replace("-", "").isalpha() and len(name) > 1)
