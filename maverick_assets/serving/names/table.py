"""Surrogates and what they stand for, by their letters."""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from maverick_assets.datasets.pseudonyms.addresses.display_names import UNSPACED
from maverick_assets.datasets.pseudonyms.contacts import Contact, name_words
from maverick_assets.datasets.pseudonyms.name_index import folded_words
from maverick_assets.datasets.pseudonyms.replacements import Replacement
from maverick_assets.datasets.pseudonyms.surrogates import (
    PHONE_PREFIX,
    Surrogates,
    name_parts,
)
from maverick_assets.datasets.pseudonyms.vocabulary import TRADES

_TRADES = frozenset([*TRADES, *map(str.upper, TRADES), *map(str.lower, TRADES)])
_DIGITS = re.compile(r"\D")


@dataclass
class NameTable:
    """What comes back for which surrogate. Keys are folded letters and digits, nothing between."""

    people: dict[str, tuple[str, ...]] = field(default_factory=dict)  # the words of the real name
    backwards: dict[str, tuple[str, ...]] = field(default_factory=dict)  # surname first
    parts: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    phrases: dict[str, str] = field(default_factory=dict)  # companies and streets
    domains: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    phones: dict[str, str] = field(default_factory=dict)
    prefixes: set[str] = field(default_factory=set)  # what a key has before its last word
    _sorted: list[str] | None = None  # all keys and prefixes

    def add_person(self, surrogate: Sequence[str], real: Sequence[str]) -> None:
        """`surrogate`: given name and surname. `real`: as many words, or the whole name as one."""
        first, last = (folded_words(word) for word in surrogate)
        self.people.setdefault(self._key([*first, *last]), tuple(real))
        self.backwards.setdefault(self._key([*last, *first]), tuple(reversed(real)))
        if len(real) == len(surrogate):
            for word, real_word in zip(surrogate, real, strict=True):
                self.add_part(word, real_word)

    def add_part(self, surrogate: str, real: str) -> None:
        """A given name or a surname alone."""
        self.parts[self._key(folded_words(surrogate))].add(real)

    def add_phrase(self, surrogate: str, real: str) -> None:
        self.phrases[self._key(folded_words(surrogate))] = real

    def add_domain(self, surrogate: str, real: str) -> None:
        self.domains[self._key(folded_words(surrogate))] = real

    def add_address(self, surrogate: str, real: str) -> None:
        self.addresses.setdefault(self._key(folded_words(surrogate)), real)

    def add_phone(self, surrogate: str, real: str) -> None:
        self.phones.setdefault(_DIGITS.sub("", surrogate), real)

    def may_begin(self, word: str) -> bool:
        """Whether a word, folded, is or begins something that comes back."""
        return any(word in names for names in self._names)

    def begins_with(self, letters: str) -> bool:
        """Whether something that comes back begins with these letters, folded."""
        if self._sorted is None:
            self._sorted = sorted({key for names in self._names for key in names})
        place = bisect_left(self._sorted, letters)
        return place < len(self._sorted) and self._sorted[place].startswith(letters)

    @property
    def _names(self) -> tuple[Collection[str], ...]:
        people = (self.people, self.backwards, self.parts)
        return (self.prefixes, *people, self.phrases, self.domains, self.addresses)

    def add_replaced(self, text: str, replacements: Iterable[Replacement]) -> None:
        """What was replaced in a text that somebody wrote: it comes back as it was written."""
        for start, end, new in replacements:
            self._add_written(text[start:end], new)

    def _add_written(self, written: str, new: str) -> None:
        if "@" in new:
            self.add_address(new, written)
        elif new.startswith(PHONE_PREFIX):
            self.add_phone(new, written)
        elif new.split()[-1] in _TRADES:
            self.add_phrase(new, written)
            self.add_part(new.split()[0], written)  # a model writes it alone, or misspells the rest
        elif len(words := written.replace(",", " ").split()) == len(shown := new.split()) == 2:
            if "," in new:
                words, shown = words[::-1], [shown[1], shown[0].rstrip(",")]
            self.add_person(shown, [_named(word) for word in words])
        elif len(words) == len(shown) == 1 and new.isalpha():
            self.add_part(new, _named(written))
        elif new != written:
            self.add_phrase(new, written)

    def _key(self, words: Sequence[str]) -> str:
        """The key of some words, whose beginnings are noted."""
        self._sorted = None
        key = ""
        for word in words[:-1]:
            key += word
            self.prefixes.add(key)
        return "".join(words)


def contact_table(
    contacts: Iterable[Contact],
    surrogates: Surrogates,
    addresses: Mapping[str, str] | None = None,
    companies: Mapping[str, str] | None = None,
) -> NameTable:
    """The contacts of a lake.

    `addresses`: real ones by their surrogates. `companies`: how names are written, by identity.
    Other names come back as addresses spell them: without accents, each word with a capital.
    """
    companies = companies or {}
    table = NameTable()
    for contact in sorted(contacts, key=lambda contact: (len(contact.name), contact.name)):
        if contact.kind == "person":
            surrogate = surrogates.person(contact.identity)
            words = contact.identity.split()
            if UNSPACED.search(contact.name):
                table.add_person(surrogate, [contact.name.replace(" ", "")])
            else:
                table.add_person(surrogate, [word.capitalize() for word in words])
        elif contact.kind == "company":
            # The longest spelling comes last: "acme foods", which has its space, "acmefoods".
            written = companies.get(contact.identity) or contact.name.title()
            table.add_phrase(surrogates.company(contact.identity), written)
        elif contact.kind == "domain":
            table.add_domain(surrogates.domain(contact.name), contact.name)
    for surrogate_address, address in (addresses or {}).items():
        table.add_address(surrogate_address, address)
        _add_half_name(table, surrogates, address)
    return table


def _add_half_name(table: NameTable, surrogates: Surrogates, address: str) -> None:
    """The one name of `dana@acme.example` or `d.cole@acme.example`."""
    address = address.lower().strip("'")
    surrogate = surrogates.person(address)
    for word, surrogate_word in zip(name_parts(address), surrogate, strict=True):
        if word and name_words(address.partition("@")[0]):
            table.add_part(surrogate_word, word.capitalize())


def _named(word: str) -> str:
    """`DANA` and `dana` -> `Dana`: the case of a name where it is written in another one."""
    return word.capitalize() if word.isupper() or word.islower() else word
