"""Surrogates of third parties: a person always has the same one, everywhere.

A surrogate is computed from the owner's key and what it stands for (HMAC-SHA-256). Without the key,
nobody can compute one or test a guess.

Names stand on a circle in an order that the key gives (consistent hashing). A given name or surname
gets the name behind it: of its own language and gender, never itself, the same in every full name.
So each listed name has a surrogate of its own, and unlisted ones share them. Among the contacts of
a lake, no two have the same one, and none has a contact's real name: see `_detours`.
"""

import hmac
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from maverick_assets.crm.people.folding import fold
from maverick_assets.datasets.pseudonyms.name_pools import (
    NameKind,
    Pool,
    all_surnames,
    names_in,
    pool_of,
)
from maverick_assets.datasets.pseudonyms.vocabulary import TRADES
from maverick_assets.errors import MaverickError
from maverick_assets.lake.paths import key_path, turns_path
from maverick_assets.private.keys import create_key, read_key

PHONE_PREFIX = "+999"  # a country code that no country has
DOMAIN = "example"  # a top-level domain that nobody can register (RFC 2606)
_SINGLE_DETOURS = 4  # then a contact gets a double surname
NAME_PART = re.compile(r"[^\W\d_]{2,}")
# The local part of an address: "d.cole", "d_cole"
INITIAL_AND_SURNAME = re.compile(r"[^\W\d_][._-][^\W\d_]{3,}")
MIN_COMPANY_LETTERS = 6  # that must be left of a name when "and" is taken out of it
# Labels under which a country registers domains: "acme.co.uk", "acme.com.br", "acme.or.jp". To add
# a country with others, add them here.
_SECOND_LEVEL = ("ac", "co", "com", "edu", "gov", "net", "org", "or", "ne")


def load_key(lake: Path, used: str | None = None) -> bytes:
    """Read the key of a lake, or create it. Only the user may read the file.

    `used`: fingerprint of the key that the lake was made with, if any. Raises `MaverickError` when
    that key is gone, when the file is not a key, and when others may read it.
    """
    path = key_path(lake)
    if not path.exists():
        if used is not None:
            raise MaverickError(
                f"{path} is gone, and names in the lake were replaced with it: restore it from a "
                f"backup, or delete {turns_path(lake)} to have all "
                "replaced with a new one"
            )
        create_key(path)
    return read_key(path)


def key_fingerprint(key: bytes) -> str:
    """A digest that identifies a key without revealing anything of it."""
    return sha256(b"fingerprint of " + key).hexdigest()[:16]


class Surrogates:
    """Surrogates by one key. Names are expected as `contacts.fold` returns them."""

    def __init__(
        self,
        key: bytes,
        taken: Sequence[str] = (),
        people: Collection[str] = (),
        companies: Collection[str] = (),
    ) -> None:
        """`taken`: names (lower case) that no surrogate may have: those of the owner.

        `people` and `companies`: identities of the lake's contacts, in any order.
        """
        self._key = key
        self._taken = frozenset(taken)
        self._circles: dict[tuple[str, ...], _Circle] = {}
        self._companies = frozenset(companies)
        # How many surrogates each contact passes over, where not none.
        self.people_detours = _detours(people, self._full_name, self._lot)
        self.company_detours = _detours(
            companies,
            lambda identity, detour: squeezed(self._short_company(identity, detour)),
            self._lot,
        )
        self.person = lru_cache(maxsize=65536)(self._person)
        self.company = lru_cache(maxsize=65536)(self._company)
        self.phone = lru_cache(maxsize=65536)(self._phone)

    def domain(self, domain: str) -> str:
        """`acme.co.uk` -> `banninggroup.co.uk.example`: the company's surrogate and the suffix."""
        sub, label, suffix = split_domain(domain)
        words = label.replace("-", "")
        is_known = not sub and words in self._companies
        name = self.company(words if is_known else f"{sub}.{label}" if sub else label)
        # `acme-foods.com` and `acmefoods.com` are two domains of one company.
        name = fold(name).replace(" ", "-" if is_known and "-" in label else "")
        return f"{name}.{DOMAIN}" if suffix == DOMAIN else f"{name}.{suffix}.{DOMAIN}"

    def contact_id(self, contact: str) -> str:
        """16 hex digits for a contact (an address or a name), meaningless without the key."""
        return f"{self._number('contact', contact) >> 192:016x}"

    def street(self, address: str) -> tuple[int, str]:
        """House number and name of a street. `address` in lower case."""
        number, rest = _lowest_digit(self._number("street", address), 999)
        return 1 + number, self._company_words(rest, 1)

    def _person(self, identity: str) -> tuple[str, str]:
        """Given name and surname. `identity`: a full name in lower case, or else an address."""
        return self._names(identity, self.people_detours.get(identity, 0))

    def _names(self, identity: str, detour: int) -> tuple[str, str]:
        """The surrogate of a person who passes over `detour` others. The given name stays."""
        first, last = name_parts(identity)
        words = frozenset([first, last])
        given = self._behind("given", first or identity, words)
        place = last if last and not detour else f"{identity}\0{detour}"
        surname = self._behind("surname", last, words, place)
        if detour > _SINGLE_DETOURS:  # a small pool is used up; a double name is rare enough
            names = all_surnames()
            surname += f"-{names[self._number('second surname', place) % len(names)]}"
        return given, surname

    def _full_name(self, identity: str, detour: int) -> str:
        """The surrogate in the form of an identity."""
        return fold(" ".join(self._names(identity, detour)))

    def _behind(
        self, kind: NameKind, word: str, but: Collection[str], place: str | None = None
    ) -> str:
        """The name behind `place` (the word itself by default) in the pool of `word`."""
        pool = pool_of(kind, word) or self._default_pool(kind, word)
        circle = self._circles.get(pool)
        if circle is None:
            names = [name for name in names_in(pool) if fold(name) not in self._taken]
            circle = _Circle((self._number(kind, fold(name)), name) for name in names)
            self._circles[pool] = circle
        return circle.behind(self._number(kind, place or word), but)

    def _default_pool(self, kind: NameKind, word: str) -> Pool:
        """English; the gender of a given name that is not listed is drawn."""
        is_even = self._number("gender", word) % 2 == 0
        return Pool(kind, "en", "" if kind == "surname" else "f" if is_even else "m")

    def _company(self, identity: str) -> str:
        """Two words for a contact, three for others. `identity`: letters and digits, lower case."""
        if identity in self._companies:
            return self._short_company(identity, self.company_detours.get(identity, 0))
        # Nothing sees to it that others have surrogates of their own, so theirs are rarer.
        return self._company_words(self._number("company", identity), 3)

    def _short_company(self, identity: str, detour: int) -> str:
        place = f"{identity}\0{detour}" if detour else identity
        return self._company_words(self._number("company", place), 2)

    def _company_words(self, number: int, count: int) -> str:
        """`Banning`, `Banning Group` or `Banning Whitlow Group`."""
        words, names = [], all_surnames()
        for _ in range(max(1, count - 1)):
            index, number = _lowest_digit(number, len(names))
            words.append(names[index])
        return " ".join([*words, TRADES[number % len(TRADES)]][:count])

    def _phone(self, number: str) -> str:
        """A number that nobody can have. `number` in digits."""
        digits = str(self._number("phone", number) % 10**12).zfill(12)
        return " ".join([PHONE_PREFIX, *(digits[i : i + 3] for i in range(0, 12, 3))])

    def _lot(self, identity: str) -> int:
        """Decides who keeps a surrogate that several would have."""
        return self._number("lot", identity)

    def _number(self, kind: str, identity: str) -> int:
        """256 bits, different for each kind of surrogate of one identity."""
        message = f"{kind}\0{identity}".encode("utf-8", "surrogatepass")
        return int.from_bytes(hmac.digest(self._key, message, "sha256"))


class _Circle:
    """Names on a circle, each at a number that the key gives."""

    def __init__(self, places: Iterable[tuple[int, str]]) -> None:
        ordered = sorted(places)
        self._numbers = [number for number, _ in ordered]
        self._names = [name for _, name in ordered]

    def behind(self, number: int, but: Collection[str]) -> str:
        """The first name behind a number. One in `but`, as `fold` has it, is passed over."""
        first = bisect_right(self._numbers, number)
        size = len(self._names)
        order = (self._names[(first + step) % size] for step in range(size))
        return next(name for name in order if fold(name) not in but)


def _detours(
    identities: Collection[str],
    surrogate: Callable[[str, int], str],
    lot: Callable[[str], int],
) -> Mapping[str, int]:
    """How many surrogates each contact passes over; those that take their first one are left out.

    `surrogate` gives the one after so many detours, in the form of an identity. Of those who would
    have the same one, the lowest lot keeps it and the others go on; so does whoever would have the
    name of a contact. The result depends on the set of contacts and the key, on no order.
    """
    gone = set(identities)  # names that nobody may have any more
    waiting, detour = set(identities), 0
    detours: dict[str, int] = {}
    while waiting:
        rivals: defaultdict[str, list[str]] = defaultdict(list)
        for identity in waiting:
            rivals[surrogate(identity, detour)].append(identity)
        for name, group in rivals.items():
            if name not in gone:
                winner = min(group, key=lot)
                waiting.remove(winner)
                if detour:
                    detours[winner] = detour
        gone |= rivals.keys()
        detour += 1
    return detours


def name_parts(identity: str) -> tuple[str, str]:
    """Given name and surname of an identity; empty where it has none.

    Of an address, the name that its local part spells: `dana@acme.example`, `d.cole@acme.example`.
    """
    local, at, _ = identity.rpartition("@")
    if not at:
        first, _, last = identity.partition(" ")
        return first, last
    words = NAME_PART.findall(fold(local))
    if len(words) != 1 or any(letter.isdigit() for letter in local):
        return "", ""
    return ("", words[0]) if INITIAL_AND_SURNAME.fullmatch(local) else (words[0], "")


def squeezed(name: str) -> str:
    """A company's name as identities spell it: without spaces and "and"."""
    letters = fold(name).replace(" ", "")
    without_and = letters.replace("and", "")
    return without_and if len(without_and) >= MIN_COMPANY_LETTERS else letters


def split_domain(domain: str) -> tuple[str, str, str]:
    """Subdomain, registered label and public suffix: `mail.acme.co.uk` -> `mail`, `acme`, `co.uk`.

    The suffix is recognised by its form, without a list of all public suffixes.
    """
    labels = domain.lower().split(".")
    is_double = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    suffix = labels[-2:] if is_double else labels[-1:]
    rest = labels[: -len(suffix)]
    return ".".join(rest[:-1]), rest[-1] if rest else "", ".".join(suffix)


def _lowest_digit(number: int, base: int) -> tuple[int, int]:
    """The lowest digit of a number in a base, and the number without it."""
    rest, digit = divmod(number, base)
    return digit, rest
