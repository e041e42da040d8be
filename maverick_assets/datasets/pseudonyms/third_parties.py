"""Third parties in text: found, and replaced by what stands for them everywhere."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from typing import Literal

from maverick_assets.datasets.pseudonyms.contacts import (
    Contact,
    contacts_of_address,
    folded,
    is_role,
    is_surname,
    name_words,
    registered,
    without_umlaut,
)
from maverick_assets.datasets.pseudonyms.phones import phones
from maverick_assets.datasets.pseudonyms.streets import streets
from maverick_assets.datasets.pseudonyms.surrogates import Surrogates, split_domain
from maverick_assets.datasets.pseudonyms.vocabulary import ORDINARY

Span = tuple[int, int, str]  # start, end, and what takes its place

# A match starts where a word does: elsewhere a long run of letters would be scanned once a letter.
_ADDRESS = re.compile(r"(?<![\w.+'-])[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_HOST = re.compile(r"(?<![\w.@-])(?:[\w-]{1,63}\.){1,4}[A-Za-z]{2,24}(?![\w-])")
_TOKEN = re.compile(r"[^\W_]+")
_BETWEEN = re.compile(r"[ \t]{0,3}(?:[-&.,'\u2019+_]?|\n)[\s>]{0,3}")
_GREETED = re.compile(
    r"(?:\b(?:[Hh]i|[Hh]ello|[Hh]ey|[Dd]ear|[Tt]hanks,?|[Tt]hank you,?|@) ?|^)\Z", re.MULTILINE
)
_CLOSED = re.compile(r"\s*(?:[,:!-]|$)", re.MULTILINE)
_TWO_WORDS = re.compile(r"([^\W\d_]{2,})([._-])([^\W\d_]{2,})")
_LONG = 8  # letters of a company's name that may be written in lower case
_SHORT = 3  # letters of one that must be in capitals


@dataclass(frozen=True)
class _Phrase:
    """How a name that stands in a text, squeezed to letters and digits, is to be replaced."""

    kind: Literal["person", "backwards", "company"]
    identity: str


@dataclass(frozen=True)
class _Phrases:
    """Phrases by their letters and digits, and the beginnings of these, so that most words of a
    text cost one look."""

    found: dict[str, _Phrase] = field(default_factory=dict)
    beginnings: set[str] = field(default_factory=set)

    def add(self, spelling: str, phrase: _Phrase) -> None:
        if self.found.setdefault(spelling, phrase) is phrase:
            self.beginnings.update(spelling[:end] for end in range(1, len(spelling) + 1))


class ThirdParties:
    """Everyone but the owner: those that the CRM knows, and the participants of a conversation.

    `owner`: his addresses (`fnmatch` patterns); they, his names and his company stay. What a text
    becomes depends on the key, the text, its participants, and those contacts that it names.
    """

    def __init__(self, key: bytes, contacts: Sequence[Contact], owner: Sequence[str] = ()) -> None:
        self._owner = tuple(sorted({pattern.lower() for pattern in owner}))
        self._owner_words = frozenset(
            word for pattern in self._owner for word in name_words(pattern.split("@")[0])
        )
        self._owner_domains = {registered(each.split("@")[-1]) for each in self._owner}
        self._contacts = contacts
        self.surrogates = Surrogates(key, tuple(self._owner_words))
        self._participants = lru_cache(maxsize=4096)(self._of_participants)

    def protect(self, text: str, participants: Sequence[str] = ()) -> str:
        """`text` with surrogates for phone numbers, addresses, streets and names.

        A given name or a surname alone is replaced for `participants` (their addresses) only, and
        where it is an ordinary word, only where it greets someone or signs.
        """
        addresses = tuple(sorted({address.strip().lower() for address in participants}))
        covered = bytearray(len(text))
        chosen: list[Span] = []
        for start, end, new in self._spans(text, addresses):
            if not any(covered[start:end]):
                covered[start:end] = b"\1" * (end - start)
                chosen.append((start, end, new))
        return replaced(text, chosen)

    def address(self, address: str) -> str:
        """A stable stand-in such as `thea.brandelwick@colvermere.com.example`; the owner's stay."""
        plain = address.lower().strip("'")
        if self._is_owner(plain):
            return address
        local, _, domain = plain.rpartition("@")
        told = _TWO_WORDS.fullmatch(local)
        if is_role(local):
            return f"{local}@{self.surrogates.domain(domain)}"
        if told and name_words(local):
            given, surname = self.surrogates.person(f"{told[1]} {told[3]}")
            return f"{given}{told[2]}{surname}@{self.surrogates.domain(domain)}".lower()
        given, surname = self.surrogates.person(plain)
        return f"{given}.{surname}@{self.surrogates.domain(domain)}".lower()

    def _spans(self, text: str, addresses: tuple[str, ...]) -> Iterator[Span]:
        """What is to be replaced; of two that overlap the first counts."""
        for match in _ADDRESS.finditer(text):
            yield match.start(), match.end(), self.address(match.group())
        for match in _HOST.finditer(text):
            domain = registered(match.group())
            if domain in self._domains:
                at = match.end() - len(domain)
                yield at, match.end(), self.surrogates.domain(domain)
        for start, end, number in phones(text):
            yield start, end, self.surrogates.phone(number)
        yield from streets(text, self.surrogates.street)
        yield from self._names(text, addresses)

    def _names(self, text: str, addresses: tuple[str, ...]) -> Iterator[Span]:
        phrases, singles = self._participants(addresses)
        plain = text.isascii()
        words = _TOKEN.findall(text.lower() if plain else text)
        words = words if plain else [folded(word) for word in words]
        telling = {word for word in set(words) if self._may_begin(word, phrases)} | singles.keys()
        if telling.isdisjoint(words):
            return
        windows = list(zip(words, [*words[1:], ""], [*words[2:], "", ""], strict=False))
        telling_windows = {
            each
            for each in set(windows)
            if each[0] in telling and (each[0] in singles or self._may_be_name(each, phrases))
        }
        tokens = list(_TOKEN.finditer(text)) if telling_windows else []
        at = 0
        while at < len(tokens):
            if windows[at] not in telling_windows:
                at += 1
                continue
            found = self._phrase(text, tokens, words, at, phrases)
            if found is not None:
                end, new = found
                yield tokens[at].start(), tokens[end].end(), new
                at = end
            elif words[at] in singles and stands_for_someone(text, tokens[at]):
                token = tokens[at]
                yield token.start(), token.end(), alike(token.group(), singles[words[at]])
            at += 1

    def _may_begin(self, word: str, participants: _Phrases) -> bool:
        return word in self._phrases.beginnings or word in participants.beginnings

    def _may_be_name(self, window: tuple[str, str, str], participants: _Phrases) -> bool:
        """Whether a name may begin with the first of three words, whatever is between them."""
        first, second, third = window
        return any(
            first in phrases.found
            or first + second in phrases.beginnings
            or (len(second) == 1 and first + third in phrases.found)
            for phrases in (self._phrases, participants)
        )

    def _phrase(
        self,
        text: str,
        tokens: Sequence[re.Match[str]],
        words: Sequence[str],
        at: int,
        participants: _Phrases,
    ) -> tuple[int, str] | None:
        """The longest name that begins with token `at`: its last token, and what replaces it."""
        best = None
        for phrases in (self._phrases, participants):
            squeezed, end = words[at], at
            while squeezed in phrases.beginnings and (
                end == at or _adjacent(text, tokens[end - 1], tokens[end])
            ):
                phrase = phrases.found.get(squeezed)
                if phrase and (best is None or end > best[0]):
                    new = self._stand_in(phrase, text, tokens[at], tokens[end])
                    best = best if new is None else (end, new)
                end += 1
                if end == len(tokens):
                    break
                squeezed += words[end]
            if best is None and at + 2 < len(tokens) and len(words[at + 1]) == 1:  # Dana M. Cole
                phrase = phrases.found.get(words[at] + words[at + 2])
                if (
                    phrase
                    and phrase.kind == "person"
                    and _adjacent(text, tokens[at], tokens[at + 1])
                ):
                    new = self._stand_in(phrase, text, tokens[at], tokens[at + 2])
                    best = None if new is None else (at + 2, new)
        return best

    def _stand_in(
        self, phrase: _Phrase, text: str, first: re.Match[str], last: re.Match[str]
    ) -> str | None:
        """What replaces a phrase; None where it is written so that it means something else."""
        found = text[first.start() : last.end()]
        if phrase.kind == "company":
            written = first.group()[:1].isupper()
            if not written and len(phrase.identity) < _LONG:
                return None
            if len(phrase.identity) <= _SHORT and not found.isupper():
                return None
            return alike(found, self.surrogates.company(phrase.identity))
        if phrase.kind == "backwards" and "," not in found:
            return None
        ordinary = not ORDINARY.isdisjoint(phrase.identity.split())
        if ordinary and not (first.group()[:1].isupper() and last.group()[:1].isupper()):
            return None
        given, surname = self.surrogates.person(phrase.identity)
        if phrase.kind == "backwards":
            return alike(found, f"{surname}, {given}")
        return alike(found, f"{given}{' ' if first is not last else ''}{surname}")

    @cached_property
    def _phrases(self) -> _Phrases:
        phrases = _Phrases()
        for contact in self._contacts:
            self._add(phrases, contact)
        return phrases

    @cached_property
    def _domains(self) -> frozenset[str]:
        known = {contact.name for contact in self._contacts if contact.kind == "domain"}
        return frozenset(known - self._owner_domains)

    def _add(self, phrases: _Phrases, contact: Contact) -> None:
        if contact.kind == "person" and not self._owner_words.issuperset(contact.name.split()):
            for spelling in contact.spellings:
                phrases.add(spelling, _Phrase("person", contact.identity))
            for spelling in contact.backwards:
                phrases.add(spelling, _Phrase("backwards", contact.identity))
        owned = {split_domain(domain)[1].replace("-", "") for domain in self._owner_domains}
        if contact.kind == "company" and owned.isdisjoint(contact.spellings):
            for spelling in contact.spellings:
                phrases.add(spelling, _Phrase("company", contact.identity))

    def _of_participants(self, addresses: tuple[str, ...]) -> tuple[_Phrases, Mapping[str, str]]:
        """Full names of participants, and their given names and surnames with stand-ins."""
        phrases = _Phrases()
        singles: dict[str, str] = {}
        for address in addresses:
            local = folded(address.split("@")[0])
            words = name_words(local)
            if not words or self._is_owner(address):
                continue
            for contact in contacts_of_address(address):
                if contact.kind == "person":
                    self._add(phrases, contact)
            identity = f"{words[0]} {words[-1]}" if len(words) > 1 else address
            given, surname = self.surrogates.person(identity)
            new = {words[0]: surname if is_surname(local) else given}
            if len(words) > 1:
                new[words[-1]] = surname
            for name, standin in new.items():
                if name not in self._owner_words:
                    singles.setdefault(name, standin)
                    singles.setdefault(without_umlaut(name), standin)
        return phrases, singles

    def _is_owner(self, address: str) -> bool:
        return any(fnmatchcase(address, pattern) for pattern in self._owner)


def stands_for_someone(text: str, token: re.Match[str]) -> bool:
    """Whether a word that is a participant's name is one here."""
    word = token.group()
    if (word.istitle() or word.isupper()) and word.lower() not in ORDINARY:
        return True
    return is_greeted(text, token)


def is_greeted(text: str, token: re.Match[str]) -> bool:
    """Whether a word stands where someone is addressed, or signs."""
    before = text[max(token.start() - 16, 0) : token.start()]
    return bool(_GREETED.search(before)) and bool(_CLOSED.match(text, token.end()))


def _adjacent(text: str, one: re.Match[str], other: re.Match[str]) -> bool:
    return _BETWEEN.fullmatch(text, one.end(), other.start()) is not None


def alike(found: str, new: str) -> str:
    """`new` in the case of what was found."""
    return new.upper() if found.isupper() else new.lower() if found.islower() else new


def replaced(text: str, spans: Sequence[Span]) -> str:
    pieces, at = [], 0
    for start, end, new in sorted(spans):
        pieces += [text[at:start], new]
        at = end
    return "".join([*pieces, text[at:]])
