"""From surrogates back to the lake's contacts, for the owner, who has the key."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from maverick_assets.crm.people.folding import fold
from maverick_assets.datasets.pseudonyms.contact_table import read_contacts
from maverick_assets.datasets.pseudonyms.contacts import Contact, is_role_account
from maverick_assets.datasets.pseudonyms.replacements import match_case
from maverick_assets.datasets.pseudonyms.surrogates import Surrogates
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets.errors import MaverickError
from maverick_assets.lake.paths import key_path
from maverick_assets.private.keys import read_key

_POSSESSIVES = ("'s", "\u2019s", "'", "\u2019")  # "Ruth's", "Banning Works'"


class RealNames:
    """The contacts of a lake by their surrogates.

    Names come back as addresses spell them: without accents, each word with a capital.
    """

    def __init__(self, contacts: Iterable[Contact], surrogates: Surrogates) -> None:
        self._full: dict[str, tuple[str, str]] = {}  # by letters: given name and surname
        self._parts: defaultdict[str, set[str]] = defaultdict(set)  # by a word: real words
        self._companies: dict[str, str] = {}  # by letters
        self._domains: dict[str, str] = {}
        for contact in sorted(contacts, key=lambda contact: (len(contact.name), contact.name)):
            if contact.kind == "person":
                self._add_person(contact, surrogates)
            elif contact.kind == "company":
                # The longest spelling comes last: "acme foods", which has its space, "acmefoods".
                name = surrogates.company(contact.identity)
                self._companies[_letters(name)] = contact.name.title()
            else:
                self._domains[surrogates.domain(contact.name)] = contact.name

    def real_name(self, surrogate: str) -> str | None:
        """The name of the contact for whom `surrogate` stands; None where no contact has it.

        `surrogate` is a full name in either order, a given name or surname alone, a company, a
        domain or an address, in any case, with or without a possessive. None too for a part of a
        name that stands for parts of several contacts' names.
        """
        ending = next((end for end in _POSSESSIVES if surrogate.lower().endswith(end)), "")
        written = surrogate[: len(surrogate) - len(ending)].strip()
        real = self._address(written.lower()) if "@" in written else self._name(written)
        return None if real is None else match_case(written, real) + ending

    def _add_person(self, contact: Contact, surrogates: Surrogates) -> None:
        surrogate = surrogates.person(contact.identity)
        first, last = contact.identity.split()
        real = first.capitalize(), last.capitalize()
        self._full[_letters("".join(surrogate))] = real
        for word, real_word in zip(surrogate, real, strict=True):
            self._parts[_letters(word)].add(real_word)

    def _name(self, written: str) -> str | None:
        if "," in written:  # "Whitlow, Ruth"
            last, first = (_letters(part) for part in written.split(",", 1))
            full = self._full.get(first + last)
            return None if full is None else f"{full[1]}, {full[0]}"
        letters = _letters(written)
        if letters in self._full:
            return ("" if written.isalpha() else " ").join(self._full[letters])
        if letters in self._companies:
            return self._companies[letters]
        parts = self._parts.get(letters, set())
        return next(iter(parts)) if len(parts) == 1 else self._domains.get(written.lower())

    def _address(self, written: str) -> str | None:
        """`ruth.whitlow@banninggroup.com.example` -> `dana.cole@acme.com`."""
        local, _, domain = written.partition("@")
        real_domain = self._domains.get(domain)
        if real_domain is None or is_role_account(local):
            return None if real_domain is None else f"{local}@{real_domain}"
        names = self._full.get(_letters(local))
        separator = next((letter for letter in local if letter in "._-"), "")
        return None if names is None else f"{separator.join(names).lower()}@{real_domain}"


def real_names(lake: Path, owner_emails: Sequence[str]) -> RealNames:
    """`RealNames` of a lake; `owner_emails` as for `refresh_turns`.

    Raises `MaverickError` without the lake's key.
    """
    path = key_path(lake)
    if not path.exists():
        raise MaverickError(f"{path} is gone, so no name comes back; restore it from a backup")
    contacts = read_contacts(lake)
    surrogates = ThirdParties(read_key(path), contacts, owner_emails).surrogates
    return RealNames(contacts, surrogates)


def _letters(name: str) -> str:
    return "".join(letter for letter in fold(name) if letter.isalnum())
