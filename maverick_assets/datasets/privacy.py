"""Pseudonyms for third parties, the same ones everywhere."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from hashlib import sha256

import phonenumbers

from maverick_assets.datasets.pseudonyms import GIVEN_NAMES, SURNAMES


@dataclass(frozen=True)
class Person:
    """A participant of a conversation, known by address."""

    address: str


PHONE = "[phone]"
# A match starts where a word does: elsewhere a long run of letters would be scanned once a letter.
_ADDRESS = re.compile(r"(?<![\w.+'-])[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_DOMAIN = "mail.example"
_NAME_PART = re.compile(r"[^\W\d_]{2,}")
_ROLES = (
    "info sales support team office hello contact admin administrator noreply reply mail list news"
    " service services help billing accounts marketing press jobs hr it webmaster postmaster"
    " announcements newsletter notifications no do not customer care desk group all everyone"
)
# Names that are also ordinary capitalised words stay, unless someone is addressed by them.
_ORDINARY = (
    "may will april june august mark price grant chase art rich pat bill rose grace hope dean young"
    " long short black white green brown king best day rush banks field fields street west east"
    " north south in so do no an to us ray sunny summer autumn major bond cash gas power short"
    " sweet little good love case land lane law pool sharp stone wood woods forest hill rice"
)
_GREETING = r"(?:\b(?:[Hh]i|[Hh]ello|[Hh]ey|[Dd]ear|[Tt]hanks,?|[Tt]hank you,?|@) ?|^)"
_POSSIBLE_PHONE = re.compile(r"\d[^\n]{0,4}\d[^\n]{0,4}\d[^\n]{0,4}\d[^\n]{0,4}\d[^\n]{0,4}\d")
_ANNOUNCED_PHONE = re.compile(
    r"((?:\b(?:tel|telephone|phone|cell|mobile|fax|pager|call me (?:at|on)|reach me (?:at|on)|handy"
    r"|telefon|mobil|tél|teléfono|móvil)(?: (?:no|number|nr))?\b[.:#]?|☎)\s*(?:is )?)"
    r"(\+?\(?\d[\d ()./-]{5,18}\d)(?![\d,]|\.\d)",
    re.IGNORECASE,
)


def protect(text: str, people: Sequence[Person], keep: Sequence[str] = ()) -> str:
    """`text` without phone numbers, addresses and the names of `people`.

    `keep`: the owner's addresses (`fnmatch` patterns, lower case); they and their names stay.
    The pseudonym of a person depends on the address alone.
    """
    owner = tuple(sorted({pattern.lower() for pattern in keep}))
    addresses = tuple(sorted({person.address.strip().lower() for person in people}))
    text = _ADDRESS.sub(lambda match: pseudonymous_address(match.group(), owner), text)
    return _names(addresses, owner).replace(_mask_phones(text))


def pseudonymous_address(address: str, keep: Sequence[str] = ()) -> str:
    """A stable stand-in such as `person-3f2a91bc@mail.example`; addresses in `keep` stay."""
    plain = address.lower().strip("'")
    if _is_kept(plain, keep) or plain.endswith(f"@{_DOMAIN}"):
        return address
    return f"person-{_digest(plain)[:8]}@{_DOMAIN}"


def pseudonym(address: str, taken: frozenset[str] = frozenset()) -> tuple[str, str]:
    """Given name and surname that stand for the person at `address`; none of `taken` (lower)."""
    number = int(_digest(address.strip().lower()), 16)
    given = [name for name in GIVEN_NAMES if name.lower() not in taken]
    surnames = [name for name in SURNAMES if name.lower() not in taken]
    return given[number % len(given)], surnames[number // len(given) % len(surnames)]


class _Names:
    """The names of one set of people (lower case, to their pseudonyms), found by one expression.

    `called` are names that count only where someone is addressed or signs by them, and so does any
    name in lower case.
    """

    def __init__(self, names: dict[str, str], called: dict[str, str]) -> None:
        self._standins = names | called
        nothing = r"(?!)"
        lower = sorted(name for name in names if " " not in name)
        addressed = "|".join([*map(re.escape, lower), *filter(None, [_either_case(called)])])
        self._pattern = re.compile(
            rf"\b(?P<name>{_either_case(names) or nothing})\b"
            rf"|{_GREETING}(?P<called>{addressed or nothing})\b(?=\s*(?:[,:!-]|$))",
            re.MULTILINE,
        )

    def replace(self, text: str) -> str:
        return self._pattern.sub(self._standin, text)

    def _standin(self, match: re.Match[str]) -> str:
        group = "name" if match["name"] else "called"
        found = match[group]
        new = self._standins[" ".join(found.lower().split())]
        lead = match.group()[: match.start(group) - match.start()]
        return lead + (new.upper() if found.isupper() else new.lower() if found.islower() else new)


def _either_case(names: dict[str, str]) -> str:
    """Alternatives `Dana Cole|DANA COLE|...`, longest first, any white space between words."""
    ordered = sorted(names, key=lambda name: (-len(name), name))
    spellings = [form for name in ordered for form in (_title(name), name.upper())]
    return "|".join(re.escape(form).replace(r"\ ", r"\s+") for form in spellings)


def _title(name: str) -> str:
    return " ".join(word[:1].upper() + word[1:] for word in name.split())


@lru_cache(maxsize=4096)
def _names(addresses: tuple[str, ...], keep: tuple[str, ...]) -> _Names:
    owner = frozenset(part for pattern in keep for part in _name_parts(pattern))
    names: dict[str, str] = {}
    called: dict[str, str] = {}
    for address in addresses:
        parts = _name_parts(address)
        if not parts or _is_kept(address, keep):
            continue
        given, surname = pseudonym(address, owner)
        new = {parts[0]: given}
        if len(parts) > 1:
            names.setdefault(f"{parts[0]} {parts[-1]}", f"{given} {surname}")
            names.setdefault(f"{parts[-1]}, {parts[0]}", f"{surname}, {given}")
            new[parts[-1]] = surname
        for name, standin in new.items():
            if name not in owner:
                (called if name in _ORDINARY.split() else names).setdefault(name, standin)
    return _Names(names, called)


def _name_parts(address: str) -> list[str]:
    """Lower-case given name and surname in the local part of an address, where it tells them."""
    local = address.split("@")[0].lower()
    words = _NAME_PART.findall(local)
    if not words or any(word in _ROLES.split() for word in words) or re.search(r"[*\d]", local):
        return []
    if len(words) == 1:
        return words if len(words[0]) >= 3 else []
    return [words[0], words[-1]]


def _mask_phones(text: str) -> str:
    """Replace phone numbers; what may be a price, a date or a quantity stays."""
    if not _POSSIBLE_PHONE.search(text):
        return text
    text = _ANNOUNCED_PHONE.sub(rf"\1{PHONE}", text)
    found = phonenumbers.PhoneNumberMatcher(text, "US", phonenumbers.Leniency.STRICT_GROUPING)
    for match in reversed(list(found)):
        raw = match.raw_string
        grouped = raw.startswith(("+", "(")) or len(re.findall(r"[ .-]", raw)) > 1
        if grouped and text[max(match.start - 1, 0) : match.start] not in ("$", "€", "£", "#"):
            text = text[: match.start] + PHONE + text[match.end :]
    return text


def _is_kept(address: str, keep: Sequence[str]) -> bool:
    return any(fnmatchcase(address, pattern) for pattern in keep)


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
