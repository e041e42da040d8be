"""People in texts: where their addresses, full names and phone numbers stand.

Used with plain lists while somebody is being forgotten, and with keyed digests afterwards, when
nothing else is known of him.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from maverick_assets.crm.people.addresses import addresses_in
from maverick_assets.crm.people.folding import fold, spell_out

# What stands for a forgotten person. "N. N." (nomen nescio) names nobody in any language, and
# nobody can register the domain (RFC 2606).
NOBODY = "N. N."
NO_ADDRESS = "nn@invalid"
NO_PHONE = "000"
_PLACEHOLDERS = {"address": NO_ADDRESS, "name": NOBODY, "phone": NO_PHONE}

# Letters and digits, with marks that follow them: "Jo\u0308rg" is how files of a Mac have "Jörg"
_WORD = re.compile(r"(?:[^\W_][\u0300-\u036f]*)+")
# Between two words of a name: "Dana Cole", "Dana\n> Cole", "Cole, Dana", "dana_cole", "Dana-Cole"
_BETWEEN = re.compile(r"[\s>.,'\u2019\"()*_+&=-]{1,6}")
# "+44 20 7946 0123", "(020) 7946-0123"
_PHONE = re.compile(r"(?<![\w.])\+?\(?\d[\d ()./\u2010-\u2015-]{6,20}\d(?![\w])")
_PHONE_DIGITS = 9  # the last ones: a number with a country code is that without one
MAX_NAME_WORDS = 4


@dataclass(frozen=True)
class Mention:
    """Where a text names somebody."""

    start: int
    end: int
    kind: str  # address, name, phone
    names: tuple[str, ...] = ()  # of the known ones: a name with an umlaut may be two


@dataclass(frozen=True)
class People:
    """Finds people in texts.

    Names are given as their folded words with a space between, as `name_forms` returns them.
    """

    is_address: Callable[[str], bool]
    is_name: Callable[[str], bool]
    is_phone: Callable[[str], bool]
    name_sizes: Collection[int]  # how many words the names have
    has_phones: bool = True

    def __or__(self, other: "People") -> "People":
        """Finds both."""
        return People(
            lambda address: self.is_address(address) or other.is_address(address),
            lambda name: self.is_name(name) or other.is_name(name),
            lambda phone: self.is_phone(phone) or other.is_phone(phone),
            sorted({*self.name_sizes, *other.name_sizes}),
            self.has_phones or other.has_phones,
        )

    def mentions(self, text: str) -> list[Mention]:
        """Where a text names one of them, in its order; no two overlap.

        A name inside somebody else's address is a part of that address.
        """
        addresses = list(addresses_in(text))
        mentions = [
            Mention(found.start, found.end, "address")
            for found in addresses
            if self.is_address(found.address)
        ]
        taken = [(found.start, found.end) for found in addresses]
        candidates = [*self._names(text), *self._phones(text)]
        for mention in sorted(candidates, key=lambda m: (m.start, -m.end)):
            if all(mention.end <= start or mention.start >= end for start, end in taken):
                mentions.append(mention)
                taken.append((mention.start, mention.end))
        return sorted(mentions, key=lambda mention: mention.start)

    def names(self, text: str | None) -> bool:
        """Whether a text names one of them."""
        return bool(text and self.mentions(text))

    def without(self, text: str) -> str:
        """A text with placeholders where it names one of them."""
        parts, at = [], 0
        for mention in self.mentions(text):
            parts += [text[at : mention.start], _PLACEHOLDERS[mention.kind]]
            at = mention.end
        return "".join([*parts, text[at:]])

    def _names(self, text: str) -> Iterator[Mention]:
        words = list(_WORD.finditer(text)) if self.name_sizes else []
        spellings = _spellings([word.group() for word in words])
        for run in _runs(spellings[0], self.name_sizes):
            written = dict.fromkeys(" ".join(words[n] for n in run) for words in spellings)
            names = tuple(filter(self.is_name, written))
            if names:
                whole = words[run[0] : run[-1] + 1]
                if all(_BETWEEN.fullmatch(text, a.end(), b.start()) for a, b in pairwise(whole)):
                    yield Mention(whole[0].start(), whole[-1].end(), "name", names)

    def _phones(self, text: str) -> Iterator[Mention]:
        for match in _PHONE.finditer(text) if self.has_phones else ():
            if self.is_phone(phone_key(match.group())):
                yield Mention(match.start(), match.end(), "phone")


def _spellings(words: Sequence[str]) -> list[list[str]]:
    """The words folded, and, where that differs, with two letters for an umlaut."""
    folded = [fold(word) for word in words]
    if all(map(str.isascii, words)):
        return [folded]
    spelt_out = [spell_out(word) for word in words]
    return [folded] if folded == spelt_out else [folded, spelt_out]


def _runs(words: Sequence[str], sizes: Collection[int]) -> Iterator[Sequence[int]]:
    """Which words may be a name: runs of so many of them."""
    for first in range(len(words)):
        for size in sizes:
            last = first + size - 1
            if last < len(words):
                yield range(first, last + 1)
            # "Dana M. Cole", where "dana cole" is known
            if size == 2 and last + 1 < len(words) and len(words[last]) == 1:
                yield first, last + 1


def name_forms(name: str) -> list[str]:
    """The ways in which texts spell a full name, folded; empty where it is not a full name.

    `Dana Maria Cole`: `dana maria cole`, `dana cole`, `cole dana` (as in `Cole, Dana`).
    `Jörg Müller`: `jorg muller`, `joerg mueller`, and both the other way round.
    """
    words, *others = _spellings(_WORD.findall(name))
    if not 2 <= len(words) <= MAX_NAME_WORDS or min(len(words[0]), len(words[-1])) < 2:
        return []
    if any(word.isdigit() for word in words):
        return []
    forms = [form for spelling in (words, *others) for form in _orders(spelling)]
    return list(dict.fromkeys(" ".join(form) for form in forms))


def _orders(words: list[str]) -> list[list[str]]:
    return [words, [words[0], words[-1]], [words[-1], words[0]], [words[-1], *words[:-1]]]


def phone_key(written: str) -> str:
    """What is equal for all ways of writing a phone number: its last digits; empty for others."""
    digits = re.sub(r"\D", "", written)
    return digits[-_PHONE_DIGITS:] if 7 <= len(digits) <= 15 else ""
