"""Contacts: people, companies and domains that columns of the CRM name."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Literal

from maverick_assets.crm.people.folding import fold
from maverick_assets.datasets.pseudonyms.addresses.display_names import UNSPACED, person_of
from maverick_assets.datasets.pseudonyms.phones.regions import regions_of_domains
from maverick_assets.datasets.pseudonyms.surrogates import (
    INITIAL_AND_SURNAME,
    NAME_PART,
    Surrogates,
    split_domain,
    squeezed,
)
from maverick_assets.datasets.pseudonyms.vocabulary import (
    AMBIGUOUS_NAMES,
    COMMON_WORDS,
    PUBLIC_NAMES,
)

# A mailbox is an address and the name that headers give it: "dc@acme.example dana cole"
ContactKind = Literal["person", "company", "domain", "mailbox"]

# Local parts of addresses that belong to no person: "sales@", "no-reply@", "customer.care@". To
# add another language, add its words here.
_ROLES_TEXT = """
info sales support team office hello contact admin administrator noreply reply mail list news
service services help billing accounts marketing press jobs hr it webmaster postmaster
announcements newsletter notifications no do not customer care desk group all everyone bookings
"""
_ROLES = frozenset(_ROLES_TEXT.split())
# Legal forms at the end of a company's name, of English, German, French, Italian, Dutch and Swedish
# law. To add a country, add its forms here.
_LEGAL_FORMS_TEXT = "inc ltd llc llp plc corp corporation co company gmbh ag sa srl spa bv ab"
_LEGAL_FORMS = frozenset(_LEGAL_FORMS_TEXT.split())
# The company that the name of a deal begins with:
#   "Acme Foods: shelf test"  "Acme Foods | renewal"  "Acme Foods - pilot"
_DEAL_COMPANY = re.compile(r"^\s*([^:|/\u2013\u2014]{3,60}?)\s*(?::|\||/|\u2013|\u2014| - )")
# `Cole and Sons` is `Cole & Sons` in another mail. To add a language, add its word for "and".
_JOINING = frozenset(["and", "und", "et"])
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Contact:
    """A person, a company or a domain that the CRM names."""

    kind: ContactKind
    name: str  # folded words of a person's or company's name, or a registered domain

    @property
    def id(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def identity(self) -> str:
        """What a surrogate is computed from: the same for all spellings of a name."""
        if self.kind == "person":
            words = self.name.split()
            return f"{words[0]} {words[-1]}"
        return squeezed(self.name)

    @property
    def spellings(self) -> list[str]:
        """The name as texts may spell it: its letters and digits, without what is between words."""
        words = self.name.split()
        if self.kind == "domain":
            return [self.name]
        if self.kind == "mailbox":  # where its owner takes part, each word stands for the name
            return [word for word in words[1:] if len(word) > 1]
        if self.kind == "person":
            forms = [[*words], [words[0], words[-1]]]
            forms += [[without_umlaut(word) for word in form] for form in forms]
            return list(dict.fromkeys("".join(form) for form in forms))
        return list(dict.fromkeys(["".join(words), "and".join(words), self.identity]))

    @property
    def backwards(self) -> list[str]:
        """Spellings of a person's name as in `Cole, Dana`: `coledana`."""
        words = self.name.split()
        last, first = words[-1], words[0]
        return list(dict.fromkeys([last + first, without_umlaut(last) + without_umlaut(first)]))


def contact_surrogates(
    key: bytes, contacts: Sequence[Contact], owner_words: Sequence[str] = ()
) -> Surrogates:
    """Surrogates by which no two of a lake's contacts share one."""
    identities = {
        kind: {contact.identity for contact in contacts if contact.kind == kind}
        for kind in ("person", "company")
    }
    return Surrogates(key, owner_words, identities["person"], identities["company"])


def without_umlaut(word: str) -> str:
    """`mueller` -> `muller`, which is what `fold` makes of the name with its umlaut."""
    return re.sub(r"(?<=[auo])e", "", word)


def contacts_of_address(text: str) -> Iterator[Contact]:
    """The person, the domain and the company that an address names.

    `text` may have a display name.

    `Dana Cole <dana@acme.com>` gives the person `dana cole`, the domain `acme.com` and the company
    `acme`.
    """
    display_name, address = parseaddr(fold(text))
    local, at, domain = address.strip("'\" ").rpartition("@")
    if not at or "." not in domain:
        return
    for words in (name_words(local), name_words(display_name)):
        if len(words) > 1 and not set(words) <= COMMON_WORDS - AMBIGUOUS_NAMES:
            yield Contact("person", " ".join(words))
    label = split_domain(domain)[1]
    if label in PUBLIC_NAMES or len(label) < 3:
        return
    yield Contact("domain", registered_domain(domain))
    if label not in COMMON_WORDS:
        yield Contact("company", label.replace("-", " "))


def contacts_of_header(name: str, address: str) -> Iterator[Contact]:
    """The person whom a header's display name names, and the mailbox that is hers."""
    words = person_of(name, address)
    if words and "@" in address:
        yield Contact("mailbox", " ".join([address.lower(), *words]))
        if len(words) > 1 or UNSPACED.search(words[0]):
            yield Contact("person", " ".join(words))


def contacts_of_deal(name: str) -> Iterator[Contact]:
    """The company before the first separator of a deal's name, as in `Acme Foods: shelf test`.

    Yields nothing without a separator, or when the part before it does not look like a name.
    """
    yield from (contact for contact, _ in written_companies([name]))


def written_companies(deals: Iterable[str]) -> Iterator[tuple[Contact, str]]:
    """The companies of `contacts_of_deal`, each as the deal writes it, without its legal form."""
    for name in deals:
        head = _DEAL_COMPANY.match(name)
        words = _WORD.findall(fold(head[1])) if head else []
        words = [word for word in words if word not in _JOINING]
        forms = 0
        while len(words) > forms and words[-1 - forms] in _LEGAL_FORMS:
            forms += 1
        words = words[: len(words) - forms]
        is_name = 1 <= len(words) <= 4 and not set(words) <= COMMON_WORDS | PUBLIC_NAMES
        if head and is_name and head[1][:1].isupper() and len("".join(words)) > 3:
            ends = [part.end() for part in _WORD.finditer(head[1])][: -forms or None]
            written = head[1][: ends[-1]] if ends else head[1]
            yield Contact("company", " ".join(words)), written


def regions_of_contacts(contacts: Iterable[Contact]) -> tuple[str, ...]:
    """The countries under whose top-level domains several contacts are."""
    return regions_of_domains(contact.name for contact in contacts if contact.kind == "domain")


def name_words(local: str) -> list[str]:
    """The words of a name in the local part of an address (lower case); empty without a name."""
    words = NAME_PART.findall(local)
    if not words or not _ROLES.isdisjoint(words) or re.search(r"[*\d]", local):
        return []
    return words if len(words) > 1 or len(words[0]) >= 3 else []


def is_role_account(local: str) -> bool:
    """Whether the local part of an address names a role, as in `sales@`, and not a person."""
    words = NAME_PART.findall(local)
    return bool(words) and _ROLES.issuperset(words) and not re.search(r"\d", local)


def is_initial_and_surname(local: str) -> bool:
    """Whether the one name in a local part is a surname, as in `d.cole`."""
    return INITIAL_AND_SURNAME.fullmatch(local) is not None


def registered_domain(domain: str) -> str:
    """`mail.acme.co.uk` -> `acme.co.uk`."""
    _, label, suffix = split_domain(domain)
    return f"{label}.{suffix}"
