"""`clean/contacts`: whom the CRM knows, as a table of the lake.

The changes of a table can be read. So when a name comes or goes, the rows that depend on it are
found and derived again.
"""

import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maverick_assets.crm.forgotten import read_forgotten
from maverick_assets.crm.mail.headers import mailboxes
from maverick_assets.crm.people.folding import FOLDED_LETTERS
from maverick_assets.crm.raw_table import DELETED
from maverick_assets.crm.schema import Table
from maverick_assets.datasets.pseudonyms.addresses.surnames import MIN_LETTERS
from maverick_assets.datasets.pseudonyms.contacts import (
    Contact,
    contacts_of_address,
    contacts_of_deal,
    contacts_of_header,
    without_umlaut,
)
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets.lake.delta import (
    Commit,
    Where,
    arrow_table,
    only_writer,
    open_table,
    read_table,
    sync_table,
)
from maverick_assets.lake.paths import contacts_path, mails_path, raw_path
from maverick_assets.lake.schema import schema_of

# `detour`: how many surrogates the contact passes over, since others have them. When a contact who
# comes or goes moves another one's surrogate, this column says whose texts to derive again.
CONTACT_SCHEMA = pa.schema([("id", pa.string()), *schema_of(Contact), ("detour", pa.int64())])
# Of deals, notes and conversations. They hold an address, or a user id that may be one.
ADDRESS_COLUMNS = frozenset(["owner_email", "user_id"])
_PEOPLE_HEADERS = ("from", "sender", "reply-to", "to", "cc", "bcc", "x-original-from")
# With more names than this at once, deriving everything costs no more than looking for them.
MAX_RENAMED_CONTACTS = 500
_NAMES_IN_A_PATTERN = 50


def refresh_contacts(
    lake: Path, tables: Sequence[Table], key: bytes, owner_emails: Sequence[str] = ()
) -> Commit:
    """Bring `clean/contacts` up to date with `clean/mails` and the raw tables.

    The table depends only on these, on the list of the forgotten, and on what surrogates depend
    on. Tombstones name those who were deleted at the source: names of deleted and of forgotten
    people still need surrogates in the texts of others.
    """
    target = contacts_path(lake)
    with only_writer(target):
        contacts = {contact.id: contact for contact in _contacts(lake, tables)}
        surrogates = ThirdParties(key, list(contacts.values()), owner_emails).surrogates
        detours = {
            "person": surrogates.people_detours,
            "company": surrogates.company_detours,
            "domain": {},
            "mailbox": {},
        }
        rows = [
            asdict(contact)
            | {"id": contact_id, "detour": detours[contact.kind].get(contact.identity, 0)}
            for contact_id, contact in sorted(contacts.items())
        ]
        return sync_table(target, arrow_table(rows, CONTACT_SCHEMA), "id")


def read_contacts(lake: Path) -> list[Contact]:
    """All contacts, ordered by id."""
    table = read_table(contacts_path(lake), columns=["kind", "name"])
    contacts = [] if table is None else [Contact(**row) for row in table.to_pylist()]
    return sorted(contacts, key=lambda contact: contact.id)


def rows_that_may_name(
    path: Path, contacts: Sequence[Contact], columns: Collection[str]
) -> pa.Table:
    """`columns` of the rows of a table whose texts may hold one of the names.

    The search may return too many rows, never too few: it compares letters and digits alone,
    whatever is between them.
    """
    nothing = pa.table({name: pa.array([], pa.string()) for name in columns})
    table = open_table(path) if contacts else None
    if table is None:
        return nothing
    schema = pa.schema(table.schema().to_arrow())
    texts = [field.name for field in schema if field.type == pa.string() and field.name != "id"]
    rows = read_table(path, columns=[*dict.fromkeys([*columns, *texts])])
    if rows is None:
        return nothing
    matches = np.zeros(rows.num_rows, bool)
    for name in texts:
        squeezed = _squeezed(rows[name])
        for pattern in _patterns(contacts):
            hits = pc.match_substring_regex(squeezed, pattern)
            matches |= pc.fill_null(hits, False).to_numpy()
    return rows.filter(pa.array(matches)).select(list(columns))


def _squeezed(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """The letters and digits of texts, folded as `fold` does."""
    plain = pc.utf8_normalize(pc.utf8_lower(texts), form="NFKD")
    for letter, ascii_letters in FOLDED_LETTERS.items():
        plain = pc.replace_substring(plain, letter, ascii_letters)
    return pc.replace_substring_regex(plain, r"[^\pL\pN]+", "")


def _patterns(contacts: Sequence[Contact]) -> Iterator[str]:
    """Expressions for squeezed texts, each for some of the names.

    A single one for all names could exceed the memory limit of the engine (RE2). One for each name
    would scan every text once per name.
    """
    alternatives: list[str] = []
    for contact in contacts:
        if contact.kind == "person":
            words = _letters(contact.name).split()
            ends = (words[0], words[-1])
            for first, last in (ends, [without_umlaut(word) for word in ends]):
                alternatives += [rf"{first}[\pL\pN]?{last}", last + first]  # danamcole, coledana
            # A surname alone may stand for its only bearer.
            alternatives += [words[-1]] if len(words[-1]) >= MIN_LETTERS else []
        alternatives += [re.sub(r"[\W_]+", "", _letters(name)) for name in contact.spellings]
    ordered = sorted(set(alternatives))
    for start in range(0, len(ordered), _NAMES_IN_A_PATTERN):
        yield "|".join(ordered[start : start + _NAMES_IN_A_PATTERN])


def _letters(name: str) -> str:
    """A name with its letters decomposed as `_squeezed` does."""
    return unicodedata.normalize("NFKD", name)


def _contacts(lake: Path, tables: Sequence[Table]) -> Iterator[Contact]:
    """Everyone whom the lake's tables or the list of the forgotten name; some more than once."""
    addresses = set(read_forgotten(lake).people)
    mails = read_table(mails_path(lake), columns=["sender", "recipients"])
    if mails is not None:
        addresses.update(_distinct(mails["sender"]))
        addresses.update(_distinct(pc.list_flatten(mails["recipients"])))
    for table in tables:
        raw = raw_path(lake, table.name)
        if table.shape == "mail":  # live ones are in `clean/mails`
            addresses.update(_values(raw, "sender_email", DELETED))
            for recipients in _values(raw, "recipients", DELETED):
                addresses.update(recipients.split(","))
            yield from _contacts_of_headers(raw)
        for column in ADDRESS_COLUMNS & set(table.columns):
            addresses.update(_values(raw, column))
        if table.shape == "deal":
            for deal in _values(raw, "deal_name"):
                yield from contacts_of_deal(deal)
    for address in addresses:
        yield from contacts_of_address(address)


def _contacts_of_headers(raw: Path) -> Iterator[Contact]:
    """Whom the display names of a raw table's headers name; none where it has no headers."""
    table = open_table(raw)
    if table is None or "headers" not in pa.schema(table.schema().to_arrow()).names:
        return
    names: set[tuple[str, str]] = set()
    for value in _values(raw, "headers"):
        headers = json.loads(value)
        lists = [people for name in _PEOPLE_HEADERS for people in headers.get(name, ())]
        names.update((box.name, box.address) for people in lists for box in mailboxes(people))
    for name, address in names:
        if name and address:
            yield from contacts_of_header(name, address)


def _values(path: Path, column: str, where: Where | None = None) -> list[str]:
    table = read_table(path, columns=[column], where=where)
    return [] if table is None else _distinct(table[column])


def _distinct(values: pa.ChunkedArray) -> list[str]:
    """Each value once, without NULL and the empty string."""
    distinct: Iterable[str | None] = pc.unique(values).to_pylist()
    return [value for value in distinct if value]
