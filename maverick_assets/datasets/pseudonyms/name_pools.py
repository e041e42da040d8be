"""Pools of names that surrogates are chosen from: real ones of Faker, by language and gender.

To add a language, add its locales to `_LOCALES`, behind those that it shares many names with. Any
change of the pools changes surrogates.
"""

import importlib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Literal, NamedTuple

from maverick_assets.crm.people.folding import fold
from maverick_assets.datasets.pseudonyms.vocabulary import COMMON_WORDS, PUBLIC_NAMES

# A name that several languages have belongs to the first of them: those whose lists hold many names
# of others come late.
_LOCALES = {
    "en": ("en_US", "en_GB"),
    "it": ("it_IT",),
    "fr": ("fr_FR",),
    "pt": ("pt_PT", "pt_BR"),
    "es": ("es_ES", "es_MX"),
    "pl": ("pl_PL",),
    "nordic": ("da_DK", "sv_SE", "no_NO"),
    "nl": ("nl_NL",),
    "fi": ("fi_FI",),
    "de": ("de_DE",),
    "cs": ("cs_CZ",),
    "hr": ("hr_HR",),
    "hu": ("hu_HU",),
    "ro": ("ro_RO",),
    "tr": ("tr_TR",),
    "in": ("en_IN",),
}
LOCALES = tuple(locale for locales in _LOCALES.values() for locale in locales)
ENGLISH_LOCALES = _LOCALES["en"]
# Beginnings of the names of lists in Faker's providers.
_GIVEN_LISTS = {"f": "first_names_female", "m": "first_names_male"}
_SURNAME_LISTS = ("last_names", "male_last_names", "unisex_last_names")
# English short forms, which Faker lacks because no register of births lists them.
_SHORT_FORMS: Mapping[str, str] = {
    "f": """
barb beth cathy cindy connie deb debbie fran gail gina jen jenny jess jill jo kim liz maggie meg mel
pam patty peggy sandy sue susie tina trish vicki
""",
    "m": """
al alex andy ben bernie bert bob bobby bud charlie chuck clay dan danny dave dick don donnie doug ed
eddie frankie fred gabe gene gerry greg gus hal hank herb jack jackie jake jeff jerry jim jimmy joe
joey jon josh ken larry lenny les lou matt mick mike milt mitch ned nick pete phil randy ray rick
rob ron ronnie russ sam sid stan steve stu ted terry tim tom tommy tony vic vince walt wes zach
""",
}
SHORT_FORMS = frozenset(name for names in _SHORT_FORMS.values() for name in names.split())
_LENGTHS = range(3, 10)  # letters: each more costs tokens that teach nothing
_MIN_POOL = 40  # names; a smaller one would soon be used up

NameKind = Literal["given", "surname"]


class Pool(NamedTuple):
    """Which names may stand in for each other."""

    kind: NameKind
    language: str  # a key of `_LOCALES`
    gender: str  # "f" or "m" of given names, "" of surnames


def pool_of(kind: NameKind, word: str) -> Pool | None:
    """The pool from which a listed name, as `fold` has it, gets its surrogate; None for others.

    That of its language and gender, or the English one where that is small.
    """
    pool = _pool_by_word(kind).get(word)
    if pool is None or len(names_in(pool)) >= _MIN_POOL:
        return pool
    return pool._replace(language="en")


@cache
def names_in(pool: Pool) -> tuple[str, ...]:
    """The names of a pool that surrogates may have, as people write them."""
    words = _pool_by_word(pool.kind)
    given = _pool_by_word("given") if pool.kind == "surname" else {}
    return tuple(
        name
        for name, word in _spellings(pool.kind)
        if words[word] == pool
        and len(word) in _LENGTHS
        and word not in COMMON_WORDS | PUBLIC_NAMES
        and word not in given  # a surname that is also a given name reads like half a name
    )


@cache
def all_surnames() -> tuple[str, ...]:
    """The surnames that surrogates may have, of all languages, written in ASCII."""
    pools = dict.fromkeys(_pool_by_word("surname").values())
    return tuple(sorted(name for pool in pools for name in names_in(pool) if name.isascii()))


def listed_names(prefix: str, locales: Iterable[str]) -> Iterator[str]:
    """Names of Faker's lists that begin with `prefix`, of some locales: `last_names` and so on."""
    for locale in locales:
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        for attribute in dir(provider):
            value = getattr(provider, attribute)
            if attribute.startswith(prefix) and not isinstance(value, property):
                yield from value


@cache
def _pool_by_word(kind: NameKind) -> dict[str, Pool]:
    """The pool of each listed name, as `fold` has it."""
    pool_by_word: dict[str, Pool] = {}
    for pool, name in _listed(kind):
        pool_by_word.setdefault(fold(name), pool)
    return pool_by_word


@cache
def _spellings(kind: NameKind) -> tuple[tuple[str, str], ...]:
    """Each listed name that is one word of letters, as people write it and as `fold` has it."""
    spelling: dict[str, str] = {}
    for _, name in _listed(kind):
        if name.isalpha() and name.istitle() and "ß" not in name:  # SS in capitals
            spelling.setdefault(fold(name), name)
    return tuple(sorted((name, word) for word, name in spelling.items() if word.isascii()))


def _listed(kind: NameKind) -> Iterator[tuple[Pool, str]]:
    for language, locales in _LOCALES.items():
        if kind == "surname":
            for prefix in _SURNAME_LISTS:
                for name in listed_names(prefix, locales):
                    yield Pool("surname", language, ""), name
            continue
        for gender, prefix in _GIVEN_LISTS.items():
            names = sorted(listed_names(prefix, locales))
            names += _SHORT_FORMS[gender].split() if language == "en" else []
            for name in names:
                yield Pool("given", language, gender), name
