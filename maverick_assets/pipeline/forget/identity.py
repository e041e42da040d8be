"""Who a contact is, besides his address: the full names and phone numbers that only he has."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import getaddresses, parseaddr
from pathlib import Path
from typing import Any

from maverick_assets.crm.forgotten import Identity, people_of
from maverick_assets.crm.html_text import TooMuchText
from maverick_assets.crm.people.addresses import addresses_in, addresses_of, normalized
from maverick_assets.crm.people.folding import fold, spell_out
from maverick_assets.crm.people.mentions import name_forms, phone_key
from maverick_assets.crm.raw_table import live_rows
from maverick_assets.crm.schema import Table
from maverick_assets.datasets.mail.cleaning import clean_body, plain_text
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.pseudonyms.contacts import name_words
from maverick_assets.datasets.pseudonyms.phones.search import phone_numbers
from maverick_assets.datasets.pseudonyms.vocabulary import AMBIGUOUS_NAMES, COMMON_WORDS
from maverick_assets.errors import BadInput
from maverick_assets.lake.paths import raw_path

_ADDRESS_COLUMNS = ("sender_email", "recipients", "owner_email", "user_id")
_TEXT_COLUMNS = ("body", "headers", "content", "notes", "prompt", "response", "correction")
# "On Tue, 3 Jun 2025 at 10:02, Dana Cole <", '"Cole, Dana" <'
_NAME_BEFORE = re.compile(r"(?:\"([^\"\n]{3,60})\"|([^\n,;:<>\"]{3,60}))\s*<$")
_TITLE = re.compile(r"^(?:dr|prof|mr|mrs|ms|herr|frau|mme|m)\.?\s+", re.IGNORECASE)
_SIGNATURE_WORDS = re.compile(r"[^\W\d_]+(?:[ '’.-]+[^\W\d_]+){1,3}")  # noqa: RUF001 a real sign
_LETTERS = re.compile(r"[^\W\d_]+")
FEW_ROWS = 10  # that may hold a contact's name without his address
_SIGNED = ("contact", "signature", "footer")  # parts of a mail that the cleaning cuts


@dataclass
class NamesSeen:
    """Who is called how in the raw tables: name forms and phones, by address."""

    names: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    phones: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    addresses: set[str] = field(default_factory=set)

    def add(self, address: str, name: str) -> None:
        """Note a name of an address unless it is a role's, or of common words."""
        words = name_words(fold(_TITLE.sub("", name.strip())))
        if words and not set(words) <= COMMON_WORDS - AMBIGUOUS_NAMES:
            self.names[address].update(_forms(name))


@dataclass(frozen=True)
class Identified:
    """The contacts, and what was not taken for theirs."""

    identities: tuple[Identity, ...]
    shared: Mapping[str, Collection[str]]  # by address: others who have the same full name
    shared_phones: Mapping[str, Collection[str]]  # by address: others who have the same number
    unknown: Collection[str]  # addresses that no row names
    # By address: names that stay, because so many rows that do not name the address hold them
    left: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def identify(
    lake: Path, tables: Sequence[Table], contacts: Iterable[str], owner: Owner
) -> Identified:
    """The contacts as the rows of the lake know them.

    `contacts` are addresses, with or without a display name. A full name or a number that another
    address has, too, is not his alone: it is left where it stands, and named. Raises `BadInput`
    for what is no address, and for the owner's.
    """
    wanted: dict[str, str] = {}
    for contact in contacts:
        display, written = parseaddr(contact)
        address = normalized(written)
        if not addresses_of(address):
            raise BadInput(f"--contact {contact!r} is no address; write dana@acme.example")
        if owner.has_email(address):
            raise BadInput(f"{address} is one of MAVERICK_OWNER_EMAIL; the owner stays")
        wanted[address] = display
    seen = _names_seen(lake, tables, wanted)
    for address, display in wanted.items():
        seen.add(address, display)
    _note_same_phones(seen, lake, tables, wanted)
    names, shared = _own(seen.names, wanted)
    phones, shared_phones = _own(seen.phones, wanted)
    given = {address: set(_forms(display)) for address, display in wanted.items()}
    left = _common(lake, tables, {address: names[address] - given[address] for address in wanted})
    for address, counts in left.items():
        common = {frozenset(name.split()) for name in counts}
        stay = {name for name in names[address] if frozenset(name.split()) in common}
        names[address] -= stay - given[address]
    identities = [
        Identity(address, tuple(sorted(names[address])), tuple(sorted(phones[address])))
        for address in wanted
    ]
    unknown = [address for address in wanted if address not in seen.addresses]
    return Identified(tuple(identities), shared, shared_phones, unknown, left)


def _common(
    lake: Path, tables: Sequence[Table], names: Mapping[str, set[str]]
) -> dict[str, dict[str, int]]:
    """Names in more than a few rows that do not name their address, with the number of these rows.

    Anybody may call himself "Kind Regards": to take that out would damage every mail.
    """
    people = people_of([Identity("", tuple(set().union(*names.values())))])
    counts: Counter[tuple[str, str]] = Counter()
    for table in tables if people.name_sizes else ():
        for row in live_rows(raw_path(lake, table.name)):
            text = "\n".join(value for value in row.values() if isinstance(value, str))
            held = {name for found in people.mentions(text) for name in found.names}
            addresses = {found.address for found in addresses_in(text)} if held else set()
            for address, own in names.items():
                counts.update((address, name) for name in held & own if address not in addresses)
    common: dict[str, dict[str, int]] = {}
    for (address, name), count in sorted(counts.items()):
        if count > FEW_ROWS:
            common.setdefault(address, {})[name] = count
    return common


def _forms(display: str) -> list[str]:
    return name_forms(_TITLE.sub("", display.strip()))


def _own(
    seen: Mapping[str, set[str]], wanted: Collection[str]
) -> tuple[dict[str, set[str]], dict[str, list[str]]]:
    """Of names or numbers by address: those that nobody but the wanted has, and who else has the
    others."""
    holders: defaultdict[str, set[str]] = defaultdict(set)
    for address, values in seen.items():
        for value in values:
            holders[value].add(address)
    own, shared = {}, {}
    for address in wanted:
        values = seen.get(address, set())
        own[address] = {value for value in values if holders[value] <= set(wanted)}
        others = {other for value in values for other in holders[value]} - set(wanted)
        if others:
            shared[address] = sorted(others)
    return own, shared


def _note_same_phones(
    seen: NamesSeen, lake: Path, tables: Sequence[Table], wanted: Collection[str]
) -> None:
    """Notes which other senders sign with a number of the wanted: a switchboard's."""
    phones = {phone for address in wanted for phone in seen.phones[address]}
    for table in tables if phones else ():
        for row in live_rows(raw_path(lake, table.name)) if table.shape == "mail" else ():
            address, body = normalized(row["sender_email"] or ""), row["body"] or ""
            # Most mails hold none of them, and need not be divided.
            if address not in wanted and phones & _numbers(body):
                seen.phones[address] |= phones & _signature_phones(body, address)


def _names_seen(lake: Path, tables: Sequence[Table], wanted: Collection[str]) -> NamesSeen:
    seen = NamesSeen()
    for table in tables:
        for row in live_rows(raw_path(lake, table.name)):
            _note_columns(seen, row)
            for column in _TEXT_COLUMNS:
                _note_text(seen, row.get(column) or "")
            for about in _objects(row.get("metadata")):
                _note_metadata(seen, about)
            if table.shape == "mail" and normalized(row["sender_email"] or "") in wanted:
                _note_signature(seen, normalized(row["sender_email"]), row["body"] or "")
    for address in seen.addresses:
        local = address.partition("@")[0]
        seen.add(address, " ".join(name_words(fold(local))))
    return seen


def _note_columns(seen: NamesSeen, row: Mapping[str, Any]) -> None:
    for column in _ADDRESS_COLUMNS:
        value = row.get(column)
        seen.addresses |= addresses_of(value)
        for display, address in getaddresses([value]) if value and "@" in value else ():
            if display and "@" in address:
                seen.add(normalized(address), display)
    for tag in row.get("tags") or ():
        seen.addresses |= addresses_of(tag)


def _note_text(seen: NamesSeen, text: str) -> None:
    """Notes `Dana Cole <dana@acme.example>` in headers and attributions of quotes."""
    for found in addresses_in(text):
        seen.addresses.add(found.address)
        name = _NAME_BEFORE.search(text, max(0, found.start - 80), found.start)
        if name:
            seen.add(found.address, name[1] or name[2])


def _note_metadata(seen: NamesSeen, about: Mapping[str, Any]) -> None:
    """Notes the name beside an address: `{"email": "dana@acme.example", "name": "Dana Cole"}`."""
    texts = {key.lower(): value for key, value in about.items() if isinstance(value, str)}
    addresses = {address for value in texts.values() for address in addresses_of(value)}
    seen.addresses |= addresses
    if len(addresses) != 1:
        return
    [address] = addresses
    for key, value in texts.items():
        if ("name" in key or "contact" in key) and "@" not in value:
            seen.add(address, value)
        if "phone" in key or "mobile" in key:
            seen.phones[address] |= {phone_key(value)} - {""}


def _note_signature(seen: NamesSeen, address: str, body: str) -> None:
    """Notes the name under a mail, where its sender's address spells a part of it, and phones."""
    parts = set(_LETTERS.findall(fold(address.partition("@")[0])))
    for line in body.splitlines():
        words = line.strip()
        is_name = _SIGNATURE_WORDS.fullmatch(words) and words[:1].isupper()
        if is_name and _spells(parts, _TITLE.sub("", words)):
            seen.add(address, words)
    seen.phones[address] |= _signature_phones(body, address)


def _signature_phones(body: str, address: str) -> set[str]:
    """The numbers in a mail's signature; none where it is too long to be divided."""
    try:
        text, removed = plain_text(body), clean_body(body, address).removed
    except TooMuchText:
        return set()
    signed = [text[part.start : part.end] for part in removed if part.reason in _SIGNED]
    return set().union(*map(_numbers, signed))


def _numbers(text: str) -> set[str]:
    found = (text[number.start : number.end] for number in phone_numbers(text))
    return {phone_key(number) for number in found} - {""}


def _spells(parts: Collection[str], name: str) -> bool:
    """Whether the parts of a local part are words of a name or their initials: `t.ashdown`."""
    words = [word for text in (fold(name), spell_out(name)) for word in _LETTERS.findall(text)]
    whole = [part for part in parts if len(part) > 2]
    return bool(whole) and all(
        part in words or (len(part) <= 2 and any(word.startswith(part[0]) for word in words))
        for part in parts
    )


def _objects(metadata: str | None) -> Iterator[Mapping[str, Any]]:
    """All objects in a JSON text, at any depth."""
    try:
        waiting = [json.loads(metadata)] if metadata else []
    except (ValueError, RecursionError):
        return
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
