"""How countries group the digits of numbers without a leading zero, and where languages are spoken.

Of numbers with a trunk prefix (`0171 2345678`), with a country code or with a word before them no
country need be known: see `search.py`. Without any of these, `600 123 456` is a Polish number, a
British amount, and nothing in French. To add a country, add its groups here.
"""

from collections.abc import Sequence

# By region (ISO 3166), the lengths of groups of a whole number; a number in brackets is one without
# separators. Lengths alone count, since people invent and misremember numbers that are in no plan.
_GROUPS_TEXT = """
AR 2-4-4 3-3-4 [10]
AU 4-3-3
BE 4-2-2-2
BR 2-5-4 2-4-4 3-5-4 [10] [11]
CL 1-4-4 2-3-4 [9]
CN 3-4-4 [11]
CO 3-3-4 3-7 [10]
CZ 3-3-3 2-2-2-3 3-2-2-2 2-2-5 [9]
DK 2-2-2-2 4-4 3-2-3 3-3-2 [8]
EE 4-4 3-4 4-3 [8]
ES 3-3-3 3-2-2-2 2-3-2-2 1-4-4 2-3-4 3-6 [9]
GR 3-3-4 3-7 4-6 3-4-3 [10]
HK 4-4 [8]
HU 2-3-4 1-3-4 2-3-2-2 [9]
IL 3-3-4 2-3-4
IN 5-5 4-6 3-3-4 3-7 2-4-4 [10]
IT 3-7 3-3-4 3-2-2-3 3-2-3-2 3-4-3 3-6 3-3-3 [10]
LT 3-5 1-3-4 3-2-3 [8]
LV 2-3-3 4-4 2-2-2-2 [8]
MX 2-4-4 3-3-4 [10]
NO 3-2-3 2-2-2-2 4-4 [8]
PE 3-3-3 [9]
PL 3-3-3 2-3-2-2 2-3-4 2-2-2-3 3-2-2-2 [9]
PT 3-3-3 2-3-2-2 2-3-4 3-2-2-2 [9]
RU 1-3-3-2-2 1-3-3-4 1-3-7 3-3-2-2 3-2-2 [11]
SG 4-4 [8]
SK 3-3-3 [9]
US 3-3-4
UA 3-2-2 3-3-2-2
"""
Groups = tuple[int, ...]
# The first digit of a number, where a plan says so and amounts begin with others
_FIRST_DIGITS = {
    "AU": "4",
    "BE": "4",
    "CN": "1",
    "ES": "6789",
    "GR": "26",
    "HK": "235689",
    "IN": "6789",
    "IT": "3",
    "PE": "9",
    "PT": "2389",
    "RU": "8",
    "SG": "3689",
    "US": "23456789",
}
# By language (ISO 639-1), the countries whose numbers a text in it may hold. Close relatives are
# named too, because short texts are taken for each other's.
_SPOKEN_TEXT = """
ca ES
cs CZ SK
da DK NO
de DE AT CH
el GR
en US GB IE AU NZ ZA
es ES MX AR CL CO PE
et EE
fr FR BE CH
gl ES PT
he IL
hi IN
hu HU
it IT CH
ja JP
ko KR
lt LT
lv LV
nb NO DK
nl NL BE
nn NO DK
no NO DK
pl PL
pt PT BR
ru RU UA
sk SK CZ
sv SE
tr TR
uk UA RU
zh CN HK SG
"""


def _patterns(text: str) -> dict[str, frozenset[Groups]]:
    patterns = {}
    for line in text.strip().splitlines():
        region, *forms = line.split()
        patterns[region] = frozenset(
            tuple(int(length) for length in form.strip("[]").split("-")) for form in forms
        )
    return patterns


_GROUPS = _patterns(_GROUPS_TEXT)
_SPOKEN = {line.split()[0]: tuple(line.split()[1:]) for line in _SPOKEN_TEXT.strip().splitlines()}

REGIONS = tuple(_GROUPS)  # all that the table has


def regions_of_language(language: str) -> tuple[str, ...]:
    """Where a language (ISO 639-1) is spoken; empty for one that the table lacks."""
    return _SPOKEN.get(language, ())


def has_national_form(groups: Sequence[str], region: str) -> bool:
    """Whether a country groups a number's digits so."""
    if tuple(map(len, groups)) not in _GROUPS.get(region, ()):
        return False
    return groups[0][0] in _FIRST_DIGITS.get(region, "123456789")
