"""Given names and surnames that real people have, as Faker lists them by country."""

import importlib
import re
from functools import cache

from maverick_assets.datasets.pseudonyms.contacts import folded
from maverick_assets.datasets.pseudonyms.person_ner import ordinary_words
from maverick_assets.datasets.pseudonyms.vocabulary import (
    COMMON_WORDS,
    ENDINGS,
    PUBLIC_NAMES,
    SYLLABLES,
)

_ENGLISH = ("en_US", "en_GB")
_OTHERS_TEXT = """
cs_CZ da_DK de_DE en_IN es_ES es_MX fi_FI fr_FR hr_HR hu_HU it_IT nl_NL no_NO pl_PL pt_BR pt_PT
ro_RO sv_SE tr_TR
"""
_OTHERS = tuple(_OTHERS_TEXT.split())
# Short forms that no register of births has.
_SHORT_FORMS_TEXT = """
al alex andy barb ben bernie bert beth bob bobby bud cathy charlie chuck cindy clay connie dan danny
dave deb debbie dick don donnie doug ed eddie fran frankie fred gabe gail gene gerry gina greg gus
hal hank herb jack jackie jake jeff jen jenny jerry jess jill jim jimmy jo joe joey jon josh ken kim
larry lenny les liz lou maggie matt meg mel mick mike milt mitch ned nick pam patty peggy pete phil
randy ray rick rob ron ronnie russ sam sandy sid stan steve stu sue susie ted terry tim tina tom
tommy tony trish vic vicki vince walt wes zach
"""
SHORT_FORMS = frozenset(_SHORT_FORMS_TEXT.split())
_ENDS = re.compile(r"(?:es|s|ed|d|ing|ly|er)\Z")
_MADE_UP = re.compile(f"(?:{'|'.join(sorted(SYLLABLES))}){{2,3}}(?:{'|'.join(sorted(ENDINGS))})")


@cache
def given_names(english: bool = False) -> frozenset[str]:
    """As `folded` has them; with `english` those alone that are common where English is spoken."""
    return SHORT_FORMS | _listed("first_names", _ENGLISH if english else _ENGLISH + _OTHERS)


@cache
def surnames() -> frozenset[str]:
    return _listed("last_names", _ENGLISH + _OTHERS)


def is_made_up(word: str) -> bool:
    """Whether a word is a surname or a company of `Surrogates`. `word` in lower case."""
    return _MADE_UP.fullmatch(word) is not None and word not in surnames()


def is_ordinary(word: str) -> bool:
    """Whether a word means something besides any name. `word` in lower case."""
    known = ordinary_words()
    if word in COMMON_WORDS or word in PUBLIC_NAMES or word in known:
        return True
    return _ENDS.sub("", word) in known or _ENDS.sub("e", word) in known


def _listed(kind: str, countries: tuple[str, ...]) -> frozenset[str]:
    found: set[str] = set()
    for country in countries:
        provider = importlib.import_module(f"faker.providers.person.{country}").Provider
        for name in dir(provider):
            listed = getattr(provider, name)
            if name.startswith(kind) and not isinstance(listed, property):
                found.update(folded(each) for each in listed)
    return frozenset(name for name in found if name.replace("-", "").isalpha() and len(name) > 1)
