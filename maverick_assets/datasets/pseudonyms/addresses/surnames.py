"""Surnames that stand alone: "Whitfield called", "Frau Lindqvist", "M. Garnier"."""

import re

from maverick_assets.datasets.pseudonyms.name_lists import given_names, is_dictionary_word
from maverick_assets.datasets.pseudonyms.vocabulary import COMMON_WORDS, PUBLIC_NAMES

MIN_LETTERS = 4
# "Mr. Whitfield", "Frau Dr. Lindqvist". To add a language, add its titles.
_TITLE = re.compile(
    r"(?<![^\W\d_])(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Sir|Herrn?|Frau|M|Mme|Mlle|Monsieur|Madame|Sra?|Srta"
    r"|Señora?|Sig(?:\.ra|nora?)?|Dott(?:\.ssa)?|Ing|Pan(?:i|a|em)?|Senhora?|Dhr|Mevr?|Meneer|Mevrouw"
    r"|Hr|Fru|Herra|Rouva|господин|госпожа)\.?[ ]\Z"
)
# In front of a noun or of a place, not of a name: "the Cole valley", "der Becker", "in Whitfield"
_NO_NAME = re.compile(
    r"(?<![^\W\d_])(?:the|a|an|in|near|der|die|das|den|dem|des|ein|eine|einen|einem|im|le|la|les|un"
    r"|une|du|des|el|los|las|il|lo|gli|del|della|o|os|as|het|een|w|we|do|z)[ ]\Z",
    re.IGNORECASE,
)
_CAPITALISED = re.compile(r"(?<![.!?:] )(?<!\n)[A-ZÀ-Þ][^\W\d_]+[ ]\Z|[-&]\Z")
_PART_OF_NAME = re.compile(r"[ ]{1,3}\n?(?!I\b)[A-ZÀ-Þ][^\W\d_]|[-&]\w|[ ]&|\.\w")
_LOOK_BACK = 24


def may_stand_alone(surname: str) -> bool:
    """Whether a surname (folded) says enough to be one without a given name beside it."""
    is_word = surname in COMMON_WORDS or surname in PUBLIC_NAMES
    return len(surname) >= MIN_LETTERS and not is_word and surname not in given_names()


def is_surname_alone(text: str, token: re.Match[str], surname: str) -> bool:
    """Whether a contact's surname is used as one where it stands.

    A title says so. Without one it must be capitalised, mean nothing else in English, have no
    article and no preposition of places before it, and be no part of a longer name.
    """
    word = token.group()
    before = text[max(token.start() - _LOOK_BACK, 0) : token.start()]
    if not word[:1].isupper():
        return False
    if _TITLE.search(before):
        return True
    if word.isupper() or is_dictionary_word(surname):
        return False
    is_part = _PART_OF_NAME.match(text, token.end()) or _CAPITALISED.search(before)
    return not is_part and not _NO_NAME.search(before)
