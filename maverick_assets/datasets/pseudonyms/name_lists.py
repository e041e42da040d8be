"""Given names and surnames of real people, as Faker lists them by country.

To add a country, add its locale to `_OTHERS_TEXT`, or to `_ENGLISH` where English is spoken.
"""

import importlib
import re
from functools import cache

from maverick_assets.crm.people.folding import fold
from maverick_assets.datasets.pseudonyms.person_ner import dictionary_words
from maverick_assets.datasets.pseudonyms.vocabulary import (
    COMMON_WORDS,
    ENDINGS,
    PUBLIC_NAMES,
    SYLLABLES,
)

_ENGLISH = ("en_US", "en_GB")  # locales of Faker
_OTHERS_TEXT = """
cs_CZ da_DK de_DE en_IN es_ES es_MX fi_FI fr_FR hr_HR hu_HU it_IT nl_NL no_NO pl_PL pt_BR pt_PT
ro_RO sv_SE tr_TR
"""
_OTHERS = tuple(_OTHERS_TEXT.split())
# English short forms, which Faker lacks because no register of births lists them.
_SHORT_FORMS_TEXT = """
al alex andy barb ben bernie bert beth bob bobby bud cathy charlie chuck cindy clay connie dan danny
dave deb debbie dick don donnie doug ed eddie fran frankie fred gabe gail gene gerry gina greg gus
hal hank herb jack jackie jake jeff jen jenny jerry jess jill jim jimmy jo joe joey jon josh ken kim
larry lenny les liz lou maggie matt meg mel mick mike milt mitch ned nick pam patty peggy pete phil
randy ray rick rob ron ronnie russ sam sandy sid stan steve stu sue susie ted terry tim tina tom
tommy tony trish vic vicki vince walt wes zach
"""
SHORT_FORMS = frozenset(_SHORT_FORMS_TEXT.split())
# Endings of English words that a dictionary lists without them: "prices", "closed", "trading"
_INFLECTION = re.compile(r"(?:es|s|ed|d|ing|ly|er)\Z")
# Two or three syllables and an ending: "brandelwick", "colvermere"
_SURROGATE = re.compile(f"(?:{'|'.join(sorted(SYLLABLES))}){{2,3}}(?:{'|'.join(sorted(ENDINGS))})")


@cache
def given_names(english: bool = False) -> frozenset[str]:
    """Given names as `fold` has them; with `english` only those of English-speaking countries."""
    return SHORT_FORMS | _listed("first_names", _ENGLISH if english else _ENGLISH + _OTHERS)


@cache
def surnames() -> frozenset[str]:
    """Surnames as `fold` has them."""
    return _listed("last_names", _ENGLISH + _OTHERS)


def is_surrogate_word(word: str) -> bool:
    """Whether a word (lower case) is a surname or a company that `Surrogates` may generate."""
    return _SURROGATE.fullmatch(word) is not None and word not in surnames()


def is_dictionary_word(word: str) -> bool:
    """Whether a word (lower case), or what it is inflected from, means something besides a name."""
    words = dictionary_words()
    if word in COMMON_WORDS or word in PUBLIC_NAMES or word in words:
        return True
    return _INFLECTION.sub("", word) in words or _INFLECTION.sub("e", word) in words


def _listed(prefix: str, countries: tuple[str, ...]) -> frozenset[str]:
    """Names of Faker's lists that begin with `prefix`: `first_names_female` and so on."""
    names: set[str] = set()
    for country in countries:
        provider = importlib.import_module(f"faker.providers.person.{country}").Provider
        for attribute in dir(provider):
            value = getattr(provider, attribute)
            if attribute.startswith(prefix) and not isinstance(value, property):
                names.update(fold(name) for name in value)
    return frozenset(name for name in names if name.replace("-", "").isalpha() and len(name) > 1)
