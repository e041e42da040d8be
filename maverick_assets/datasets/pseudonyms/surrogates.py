"""Surrogates of third parties: a person always has the same one, everywhere.

A surrogate is computed from the owner's key and what it stands for (HMAC-SHA-256). Nothing else
counts: no order of appearance, no table. Without the key, nobody can compute one or test a guess.
"""

import hmac
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from maverick_assets.datasets.pseudonyms.vocabulary import ENDINGS, GIVEN_NAMES, SYLLABLES
from maverick_assets.errors import MaverickError
from maverick_assets.lake.paths import key_path, turns_path
from maverick_assets.private.keys import create_key, read_key

PHONE_PREFIX = "+999"  # a country code that no country has
DOMAIN = "example"  # a top-level domain that nobody can register (RFC 2606)
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

    def __init__(self, key: bytes, taken: Sequence[str] = ()) -> None:
        """`taken`: given names (lower case) that no surrogate may have: those of the owner."""
        self._key = key
        self._taken = frozenset(taken)
        self.person = lru_cache(maxsize=65536)(self._person)
        self.company = lru_cache(maxsize=65536)(self._company)
        self.phone = lru_cache(maxsize=65536)(self._phone)

    def domain(self, domain: str) -> str:
        """`acme.co.uk` -> `brandelwick.co.uk.example`: the company's surrogate and the suffix."""
        sub, label, suffix = split_domain(domain)
        name = self.company(f"{sub}.{label}" if sub else label).lower()
        return f"{name}.{DOMAIN}" if suffix == DOMAIN else f"{name}.{suffix}.{DOMAIN}"

    def contact_id(self, contact: str) -> str:
        """16 hex digits for a contact (an address or a name), meaningless without the key."""
        return f"{self._number('contact', contact) >> 192:016x}"

    def street(self, address: str) -> tuple[int, str]:
        """House number and name of a street. `address` in lower case."""
        number, rest = _lowest_digit(self._number("street", address), 899)
        return 1 + number, _word(rest, 2).capitalize()

    def _person(self, identity: str) -> tuple[str, str]:
        """Given name and surname. `identity`: a full name in lower case, or else an address."""
        index, rest = _lowest_digit(self._number("person", identity), len(GIVEN_NAMES))
        given = GIVEN_NAMES[index]
        # Drawn from all names first, so that a taken name changes nobody else's surrogate.
        if given.lower() in self._taken:
            free = [name for name in GIVEN_NAMES if name.lower() not in self._taken]
            given = free[rest % len(free)]
        return given, _word(rest, 2).capitalize()

    def _company(self, identity: str) -> str:
        """One word. `identity`: letters and digits of the name, in lower case."""
        return _word(self._number("company", identity), 3).capitalize()

    def _phone(self, number: str) -> str:
        """A number that nobody can have. `number` in digits."""
        digits = str(self._number("phone", number) % 10**12).zfill(12)
        return " ".join([PHONE_PREFIX, *(digits[i : i + 3] for i in range(0, 12, 3))])

    def _number(self, kind: str, identity: str) -> int:
        """256 bits, different for each kind of surrogate of one identity."""
        message = f"{kind}\0{identity}".encode("utf-8", "surrogatepass")
        return int.from_bytes(hmac.digest(self._key, message, "sha256"))


def split_domain(domain: str) -> tuple[str, str, str]:
    """Subdomain, registered label and public suffix: `mail.acme.co.uk` -> `mail`, `acme`, `co.uk`.

    The suffix is recognised by its form, without a list of all public suffixes.
    """
    labels = domain.lower().split(".")
    is_double = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    suffix = labels[-2:] if is_double else labels[-1:]
    rest = labels[: -len(suffix)]
    return ".".join(rest[:-1]), rest[-1] if rest else "", ".".join(suffix)


def _word(number: int, syllables: int) -> str:
    """A made-up word. There are about 10^9 of two syllables and 10^12 of three."""
    parts = []
    for _ in range(syllables):
        index, number = _lowest_digit(number, len(SYLLABLES))
        parts.append(SYLLABLES[index])
    return "".join(parts) + ENDINGS[number % len(ENDINGS)]


def _lowest_digit(number: int, base: int) -> tuple[int, int]:
    """The lowest digit of a number in a base, and the number without it."""
    rest, digit = divmod(number, base)
    return digit, rest
