"""The list of the forgotten: rows and contacts that must not come back.

It is a table of the lake, apart from the raw tables, and stays when these are deleted. Of a
contact it keeps nothing but digests by a key of the run home, which say of an address, a name or a
number that arrives whether it is his, and of none whose it was.
"""

import hmac
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from maverick_assets.crm.people.addresses import normalized
from maverick_assets.crm.people.mentions import People
from maverick_assets.crm.people.rows import (
    OWNER_COLUMNS,
    belongs_to,
    named_addresses,
    without_people,
    without_quote,
)
from maverick_assets.crm.raw_table import LIVE
from maverick_assets.crm.schema import Table
from maverick_assets.errors import MaverickError
from maverick_assets.lake.delta import (
    arrow_table,
    only_writer,
    read_table,
    sync_table,
)
from maverick_assets.lake.paths import forgotten_key_path, forgotten_path, raw_path
from maverick_assets.lake.schema import schema_of
from maverick_assets.private.keys import create_key, read_key

_DIGEST = re.compile(r"[0-9a-f]{32}")
_CONTACT, _NAME, _PHONE, _QUOTE = "contact", "name", "phone", "quote"


@dataclass(frozen=True)
class Identity:
    """What is known of a contact who is being forgotten, in clear."""

    address: str
    names: tuple[str, ...] = ()  # as `people.name_forms` spells them
    phones: tuple[str, ...] = ()  # as `people.phone_key` returns them


@dataclass(frozen=True)
class ForgottenEntry:
    """An entry of the list: a contact, what identifies him, a row, or a mail without his quote."""

    # "contact <digest>", "name <words> <digest>", "phone <digest>", "<table>:<row id>", or
    # "quote <table>:<row id>"
    id: str
    table: str | None  # of a row or a mail
    row: str | None  # id in that table
    contact: str | None  # digest of the contact's address, or of the one it was forgotten with
    people: list[str]  # addresses of others that the row named
    at: datetime  # when it was put on the list


FORGOTTEN_SCHEMA = schema_of(ForgottenEntry)


def _nobody(_: str) -> bool:
    return False


NO_PEOPLE = People(_nobody, _nobody, _nobody, (), has_phones=False)


@dataclass(frozen=True)
class Forgotten:
    """The list as extraction and pseudonyms use it."""

    rows: Mapping[str, frozenset[str]] = field(default_factory=dict)  # ids by table
    frozen: Mapping[str, frozenset[str]] = field(default_factory=dict)  # mails that lost a quote
    contacts: frozenset[str] = frozenset()  # digests of addresses; their rows are dropped
    # Addresses of others that forgotten rows named. Texts may still hold these names, which need
    # surrogates.
    people: frozenset[str] = frozenset()
    finder: People = NO_PEOPLE  # finds the contacts in texts

    def covers(self, table: Table, row: Mapping[str, Any]) -> bool:
        """Whether a row of a raw table is forgotten; a message is with its conversation."""
        if row["id"] in self.rows.get(table.name, ()):
            return True
        if table.parent and row["conversation_id"] in self.rows.get(table.parent, ()):
            return True
        return bool(self.contacts) and belongs_to(row, self.finder)

    def cleaned(self, table: Table, row: dict[str, Any]) -> dict[str, Any]:
        """A row that arrives and stays, naming no contact, and without a quote that it lost."""
        if row["id"] in self.frozen.get(table.name, ()):
            row = without_quote(row, self.finder, table.columns)
        return without_people(row, self.finder, table.columns)

    def split(
        self, table: Table, batch: pa.RecordBatch, untouched: Collection[str]
    ) -> tuple[pa.RecordBatch, list[str]]:
        """The rows of `batch` that may be kept, naming no contact, and the ids of the others.

        `untouched`: as `untouched_mails` returns them.
        """
        if not self.rows and not self.contacts:
            return batch, []
        names = [name for name in OWNER_COLUMNS if name in batch.schema.names]
        rows = batch.select(names).to_pylist()
        covered = [row["id"] in untouched or self.covers(table, row) for row in rows]
        ids = [row["id"] for row, drop in zip(rows, covered, strict=True) if drop]
        kept = batch.filter(pa.array([not drop for drop in covered])) if ids else batch
        if not self.contacts:
            return kept, ids
        cleaned = [self.cleaned(table, row) for row in kept.to_pylist()]
        return pa.RecordBatch.from_pylist(cleaned, schema=kept.schema), ids


def untouched_mails(lake: Path, table: Table, forgotten: Forgotten) -> frozenset[str]:
    """Mails that lost a quote and that the lake has: the source still has them with the quote."""
    ids = sorted(forgotten.frozen.get(table.name, ()))
    where = {**LIVE, "id": ids}
    stored = read_table(raw_path(lake, table.name), columns=["id"], where=where) if ids else None
    return frozenset(stored["id"].to_pylist() if stored else ())


def people_of(identities: Iterable[Identity]) -> People:
    """Finds people of whom all is known in clear."""
    known = list(identities)
    addresses = frozenset(identity.address for identity in known)
    names = frozenset(name for identity in known for name in identity.names)
    phones = frozenset(phone for identity in known for phone in identity.phones)
    sizes = sorted({len(name.split()) for name in names})
    return People(
        addresses.__contains__, names.__contains__, phones.__contains__, sizes, bool(phones)
    )


def read_forgotten(lake: Path, contacts: Collection[str] | None = None) -> Forgotten:
    """The list of a lake; an empty one where nobody was ever forgotten.

    `contacts` (digests): what was forgotten with these alone. Raises `MaverickError` when the key
    of its digests is gone.
    """
    entries = _read_entries(lake)
    if contacts is not None:
        entries = [entry for entry in entries if entry["contact"] in contacts]
    digests = {
        kind: frozenset(entry["id"] for entry in entries if entry["id"].startswith(f"{kind} "))
        for kind in (_CONTACT, _NAME, _PHONE)
    }
    in_clear = frozenset(id_ for id_ in digests[_CONTACT] if _is_clear(id_))
    quotes = [entry for entry in entries if entry["id"].startswith(f"{_QUOTE} ")]
    rows = [entry for entry in entries if entry["table"] and entry not in quotes]
    finder = NO_PEOPLE
    if digests[_CONTACT]:
        key = b"" if in_clear == digests[_CONTACT] else load_key(lake)
        sizes = sorted({int(digest.split()[1]) for digest in digests[_NAME]})

        def known(kind: str, value: str) -> bool:
            listed = entry_id(key, kind, value) in digests[kind] or f"{kind} {value}" in in_clear
            return bool(value) and listed

        is_address, is_name, is_phone = (
            lru_cache(1 << 18)(partial(known, kind)) for kind in (_CONTACT, _NAME, _PHONE)
        )
        finder = People(is_address, is_name, is_phone, sizes, bool(digests[_PHONE]))
    return Forgotten(
        rows=_ids_by_table(rows),
        frozen=_ids_by_table(quotes),
        contacts=frozenset(id_.removeprefix(f"{_CONTACT} ") for id_ in digests[_CONTACT]),
        people=frozenset(address for entry in entries for address in entry["people"] or ()),
        finder=finder,
    )


def entry_id(key: bytes, kind: str, value: str) -> str:
    """How the list spells an address, a name or a phone number."""
    sized = f"{kind} {len(value.split())}" if kind == _NAME else kind
    message = f"{sized}\0{value}".encode("utf-8", "surrogatepass")
    return f"{sized} {hmac.digest(key, message, 'sha256').hex()[:32]}"


def contact_digest(lake: Path, address: str) -> str:
    """What stands for a contact in the list."""
    return entry_id(load_key(lake), _CONTACT, address).split()[1]


def load_key(lake: Path, create: bool = False) -> bytes:
    """The key of the list's digests. Raises `MaverickError` when it is gone."""
    path = forgotten_key_path(lake)
    if not path.exists():
        contacts = [entry["contact"] for entry in _read_entries(lake) if entry["contact"]]
        if not create or not all(map(_is_clear, contacts)):
            raise MaverickError(
                f"{path} is gone, and without it nobody knows who was forgotten: restore it from a "
                f"backup, or delete {forgotten_path(lake)} and forget everybody again"
            )
        create_key(path)
    return read_key(path)


def add_contacts(lake: Path, identities: Iterable[Identity]) -> None:
    """Put contacts on the list: rows that arrive later are forgotten, too."""
    key = load_key(lake, create=True)
    entries = []
    for identity in identities:
        contact = entry_id(key, _CONTACT, identity.address)
        known = [(_NAME, name) for name in identity.names]
        known += [(_PHONE, phone) for phone in identity.phones]
        keys = [contact, *(entry_id(key, kind, value) for kind, value in known)]
        entries += [_entry(each, contact=contact.split()[1]) for each in keys]
    _write(lake, entries)


def add_rows(lake: Path, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Put rows of a table on the list.

    `rows` hold an id and, where known, the other `OWNER_COLUMNS`.
    """
    _write(lake, [_row_entry(table, row) for row in rows])


def add_rows_of_contacts(
    lake: Path, rows: Iterable[tuple[str, Mapping[str, Any], str]], people: People
) -> None:
    """Put rows of contacts on the list, and take the contacts out of the people that it names.

    `rows`: table, row as in `add_rows`, and the digest of the contact whom it is forgotten with.
    """
    _write(
        lake, [_row_entry(table, row, contact) for table, row, contact in rows], people.is_address
    )


def _row_entry(table: str, row: Mapping[str, Any], contact: str | None = None) -> ForgottenEntry:
    return _entry(f"{table}:{row['id']}", table, row["id"], contact, named_addresses(row))


def add_quoting_mails(lake: Path, table: str, ids: Iterable[str], contact: str) -> None:
    """Put mails on the list that lost their quote of a contact: they are not read again."""
    _write(lake, [_entry(f"{_QUOTE} {table}:{row}", table, row, contact) for row in ids])


def rows_forgotten_with(
    lake: Path, contacts: Collection[str], quotes: bool = False
) -> dict[str, list[str]]:
    """Ids by table of the rows that were forgotten together with contacts (digests).

    `quotes`: of the mails instead that lost a quote of theirs.
    """
    ids: dict[str, list[str]] = {}
    for entry in _read_entries(lake):
        is_quote = entry["id"].startswith(f"{_QUOTE} ")
        if entry["table"] and entry["contact"] in contacts and is_quote == quotes:
            ids.setdefault(entry["table"], []).append(entry["row"])
    return ids


def clear_contacts(lake: Path) -> list[str]:
    """Addresses and user ids that an earlier release put on the list in clear."""
    prefix = f"{_CONTACT} "
    ids = [entry["id"] for entry in _read_entries(lake) if entry["id"].startswith(prefix)]
    return [entry.removeprefix(prefix) for entry in ids if _is_clear(entry)]


def replace_clear_contacts(lake: Path, clear: Collection[str]) -> None:
    """Put digests in place of contacts that an earlier release put on the list in clear."""
    key = load_key(lake, create=True)
    digests = {each: entry_id(key, _CONTACT, normalized(each)).split()[1] for each in clear}
    _write(lake, [], digests.__contains__, digests)


def _is_clear(contact: str) -> bool:
    """Whether an entry's contact is no digest: `contact dana@acme.example`, `guest-7`."""
    return not _DIGEST.fullmatch(contact.removeprefix(f"{_CONTACT} "))


def _ids_by_table(entries: Sequence[Mapping[str, Any]]) -> dict[str, frozenset[str]]:
    tables = {entry["table"] for entry in entries}
    return {
        name: frozenset(entry["row"] for entry in entries if entry["table"] == name)
        for name in tables
    }


def _entry(
    key: str,
    table: str | None = None,
    row: str | None = None,
    contact: str | None = None,
    people: Sequence[str] = (),
) -> ForgottenEntry:
    return ForgottenEntry(key, table, row, contact, list(people), datetime.now(UTC))


def _read_entries(lake: Path) -> list[dict[str, Any]]:
    table = read_table(forgotten_path(lake))
    return [] if table is None else table.to_pylist()


def _write(
    lake: Path,
    entries: Sequence[ForgottenEntry],
    drop: Callable[[str], bool] = _nobody,
    digests: Mapping[str, str] | None = None,
) -> None:
    """Add the entries that are new. Take addresses that `drop` names out of the people, and put
    `digests` in place of clear contacts."""
    target = forgotten_path(lake)
    with only_writer(target):
        listed = _read_entries(lake)
        rows = [_rewritten(entry, drop, digests or {}) for entry in listed]
        ids = {row["id"] for row in rows}
        new = {entry.id: asdict(entry) for entry in entries if entry.id not in ids}
        rows += [row | {"people": _others(row["people"], drop)} for row in new.values()]
        if rows:
            unique = list({row["id"]: row for row in rows}.values())
            sync_table(target, arrow_table(unique, FORGOTTEN_SCHEMA), "id")


def _rewritten(
    entry: dict[str, Any], drop: Callable[[str], bool], digests: Mapping[str, str]
) -> dict[str, Any]:
    contact = digests.get(entry["contact"] or "", entry["contact"])
    is_clear = entry["id"] == f"{_CONTACT} {entry['contact']}" and contact != entry["contact"]
    return entry | {
        "id": f"{_CONTACT} {contact}" if is_clear else entry["id"],
        "contact": contact,
        "people": _others(entry["people"], drop),
    }


def _others(people: Sequence[str] | None, drop: Callable[[str], bool]) -> list[str]:
    return [address for address in people or () if not drop(address)]
