"""Stand-ins for third parties: the same one for the same person, wherever and whenever.

Each is computed from the owner's key (HMAC-SHA-256) and what it stands for, and from nothing else:
no order of appearance, no table. Without the key nobody can compute one, nor test a guess.
"""

import hmac
import os
import secrets
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from maverick_assets.datasets.pseudonyms.vocabulary import ENDINGS, GIVEN_NAMES, SYLLABLES
from maverick_assets.errors import MaverickError
from maverick_assets.lake.paths import key_path, turns_path

KEY_BYTES = 32
PHONE_PREFIX = "+999"  # a country code that no country has
_SECOND_LEVEL = ("ac", "co", "com", "edu", "gov", "net", "org", "or", "ne")
DOMAIN = "example"  # a top-level domain that nobody can register (RFC 2606)


def load_key(lake: Path, used: str | None = None) -> bytes:
    """The key of a lake; a new one where there is none, readable by its owner alone.

    `used`: fingerprint of the key that the lake was made with. Raises `MaverickError` when that one
    is gone, and when the file is no key or others may read it.
    """
    path = key_path(lake)
    if not path.exists():
        if used is not None:
            raise MaverickError(
                f"{path} is gone, and names in the lake were replaced with it: restore it from a "
                f"backup, or delete {turns_path(lake)} to have all "
                "replaced with a new one"
            )
        _create(path)
    if path.stat().st_mode & 0o077:
        raise MaverickError(f"{path} can be read by others; run: chmod 600 {path}")
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise MaverickError(f"{path} is no key of {KEY_BYTES} bytes; restore it from a backup")
    return key


def key_fingerprint(key: bytes) -> str:
    """Tells keys apart, and nothing about them."""
    return sha256(b"fingerprint of " + key).hexdigest()[:16]


def _create(path: Path) -> None:
    """Whole or not at all; where two processes do it at once, both go on with the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(secrets.token_bytes(KEY_BYTES))
        stream.flush()
        os.fsync(stream.fileno())
    try:
        path.hardlink_to(staged)
    except FileExistsError:
        pass
    finally:
        staged.unlink()


class Surrogates:
    """`taken`: given names (lower case) that stand for nobody, those of the owner."""

    def __init__(self, key: bytes, taken: Sequence[str] = ()) -> None:
        self._key = key
        self._taken = frozenset(taken)
        self.person = lru_cache(maxsize=65536)(self._person)
        self.company = lru_cache(maxsize=65536)(self._company)
        self.phone = lru_cache(maxsize=65536)(self._phone)

    def domain(self, domain: str) -> str:
        """`acme.co.uk` -> `brandelwick.co.uk.example`: the company's stand-in, and the suffix."""
        sub, label, suffix = split_domain(domain)
        name = self.company(f"{sub}.{label}" if sub else label).lower()
        return f"{name}.{DOMAIN}" if suffix == DOMAIN else f"{name}.{suffix}.{DOMAIN}"

    def contact(self, who: str) -> str:
        """Tells contacts apart, and nothing about them: 64 bits, hex. `who`: an address, a name."""
        return f"{self._number('contact', who) >> 192:016x}"

    def street(self, address: str) -> tuple[int, str]:
        """House number and name of a street. `address` in lower case."""
        number, rest = _digit(self._number("street", address), 899)
        return 1 + number, _word(rest, 2).capitalize()

    def _person(self, identity: str) -> tuple[str, str]:
        """Given name and surname. `identity`: a full name in lower case, or else an address."""
        names = [name for name in GIVEN_NAMES if name.lower() not in self._taken]
        number = self._number("person", identity)
        at, rest = _digit(number, len(GIVEN_NAMES))
        given = GIVEN_NAMES[at]
        if given.lower() in self._taken:  # so that a taken name changes no other person's
            given = names[rest % len(names)]
        return given, _word(rest, 2).capitalize()

    def _company(self, identity: str) -> str:
        """One word. `identity`: letters and digits of the name, in lower case."""
        return _word(self._number("company", identity), 3).capitalize()

    def _phone(self, number: str) -> str:
        """A number that nobody can have. `number` in digits."""
        digits = str(self._number("phone", number) % 10**12).zfill(12)
        return " ".join([PHONE_PREFIX, *(digits[i : i + 3] for i in range(0, 12, 3))])

    def _number(self, kind: str, identity: str) -> int:
        message = f"{kind}\0{identity}".encode("utf-8", "surrogatepass")
        return int.from_bytes(hmac.digest(self._key, message, "sha256"))


def split_domain(domain: str) -> tuple[str, str, str]:
    """Subdomain, the label that was registered, and the public suffix, as far as that is told by
    its form: `mail.acme.co.uk` -> `mail`, `acme`, `co.uk`."""
    labels = domain.lower().split(".")
    two = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    suffix = labels[-2:] if two else labels[-1:]
    rest = labels[: -len(suffix)]
    return ".".join(rest[:-1]), rest[-1] if rest else "", ".".join(suffix)


def _word(number: int, syllables: int) -> str:
    """A made-up word; there are some 10^9 of two syllables, 10^12 of three."""
    parts = []
    for _ in range(syllables):
        at, number = _digit(number, len(SYLLABLES))
        parts.append(SYLLABLES[at])
    return "".join(parts) + ENDINGS[number % len(ENDINGS)]


def _digit(number: int, base: int) -> tuple[int, int]:
    """The lowest digit, and what is left."""
    rest, digit = divmod(number, base)
    return digit, rest
