"""Phone numbers in text. What may be a price, a date or a quantity is not taken for one."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import phonenumbers


class PhoneNumber(NamedTuple):
    """Where a phone number stands in a text."""

    start: int
    end: int
    digits: str  # the same for every way of writing the number


# Digits with what may stand between those of a phone number:
#   +1 713 853 4759        (713) 853-4759        +49 30 901820        713.853.4759
_POSSIBLE = re.compile(r"[+(]? ?\d[\d ()./\u2010-\u2015-]{5,20}\d")
# The same without an upper limit, for lines beyond `_MAX_CHARACTERS`.
_RUN = re.compile(r"[+(]? ?\d[\d ()./\u2010-\u2015-]{5,}\d")
# A word announces the number, which therefore needs no separators. To add a language, add its
# words to the alternatives here; the numbers of all countries are recognised by the library.
#   English: "Tel. 713 853 4759", "my cell is 7138534759", "call me at 713-853-4759"
#   German:  "Telefon: 089 12345678", "Handy 0171/1234567", "Mobil Nr. 0171 1234567"
#   French:  "Tél. 01 23 45 67 89"
#   Spanish: "Teléfono: 912 345 678", "móvil 612 345 678"
_ANNOUNCED = re.compile(
    r"((?:\b(?:tel|telephone|phone|cell|mobile|fax|pager|call me (?:at|on)|reach me (?:at|on)|handy"
    r"|telefon|mobil|tél|teléfono|móvil)(?: (?:no|number|nr))?\b[.:#]?|☎)\s*(?:is )?)"
    r"(\+?\(?\d[\d ()./-]{5,18}\d)(?![\d,]|\.\d)",
    re.IGNORECASE,
)
_COUNTRY = "US"  # of numbers without a country code
_CURRENCIES = ("$", "€", "£", "#")  # signs before a figure that is no phone number
_MAX_CHARACTERS = 50_000  # of lines with numbers that the library sees


def phone_numbers(text: str) -> Iterator[PhoneNumber]:
    """The phone numbers of a text; some may be found twice.

    The library is slow, so it sees only lines that may hold a number, and no more of their
    characters than people write. In lines beyond that limit, everything that may be a phone number
    counts as one: a hostile text costs little and hides no number behind the limit.
    """
    if not _POSSIBLE.search(text):
        return
    for match in _ANNOUNCED.finditer(text):
        yield PhoneNumber(*match.span(2), _digits(match[2]))
    line_start, characters_left = 0, _MAX_CHARACTERS
    for line in text.split("\n"):
        if any(_is_grouped(match.group()) for match in _POSSIBLE.finditer(line)):
            characters_left -= len(line)
            for start, end in _library_numbers(line) if characters_left >= 0 else _runs(line):
                yield PhoneNumber(line_start + start, line_start + end, _digits(line[start:end]))
        line_start += len(line) + 1


def _library_numbers(line: str) -> Iterator[tuple[int, int]]:
    """Start and end of the phone numbers that the library finds in a line."""
    # Strict grouping: with less, amounts and dates are numbers of some country.
    strict = phonenumbers.Leniency.STRICT_GROUPING
    for match in phonenumbers.PhoneNumberMatcher(line, _COUNTRY, strict):
        before = line[max(match.start - 1, 0) : match.start]
        if _is_grouped(match.raw_string) and before not in _CURRENCIES:
            yield match.start, match.end


def _runs(line: str) -> Iterator[tuple[int, int]]:
    """Start and end of whatever may be a phone number, at least what `_library_numbers` finds."""
    for match in _RUN.finditer(line):
        if "(" in match.group() or _is_grouped(match.group()):
            yield match.span()


def _is_grouped(number: str) -> bool:
    """Whether a number is written like a phone number: with a prefix, or in three groups."""
    return number.startswith(("+", "(")) or len(re.findall(r"[ .-]", number)) > 1


def _digits(written: str) -> str:
    """The digits of a number, without the country code of the US."""
    digits = re.sub(r"\D", "", written)
    return digits[1:] if len(digits) == 11 and digits.startswith("1") else digits
