"""Whom the CRM knows: people, companies and domains told by its own columns.

Kept as a table of the lake, so that what depends on a name can be found when the name comes or
goes.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maverick_assets.crm.forgetting import read_forgotten
from maverick_assets.crm.raw_table import DELETED
from maverick_assets.crm.schema import Table
from maverick_assets.datasets.pseudonyms.surrogates import split_domain
from maverick_assets.datasets.pseudonyms.vocabulary import COMMON_WORDS, ORDINARY, PUBLIC_NAMES
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

Kind = Literal["person", "company", "domain"]

# Columns of a deal, a note or a conversation that hold an address, or an id that may be one.
ADDRESS_COLUMNS = ("owner_email", "user_id")
# More new names than this at once: deriving everything costs no more than looking for them.
MANY = 500

_NAME_PART = re.compile(r"[^\W\d_]{2,}")
_INITIAL_AND_SURNAME = re.compile(r"[^\W\d_][._-][^\W\d_]{3,}")
_ROLES_TEXT = """
info sales support team office hello contact admin administrator noreply reply mail list news
service services help billing accounts marketing press jobs hr it webmaster postmaster
announcements newsletter notifications no do not customer care desk group all everyone bookings
"""
_ROLES = frozenset(_ROLES_TEXT.split())
_LEGAL_TEXT = "inc ltd llc llp plc corp corporation co company gmbh ag sa srl spa bv ab"
_LEGAL = frozenset(_LEGAL_TEXT.split())
_HEAD = re.compile(r"^\s*([^:|/\u2013\u2014]{3,60}?)\s*(?::|\||/|\u2013|\u2014| - )")
# Letters that do not fall apart into a plain one and a mark.
_FOLDED = {"ß": "ss", "ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th"}
_JOINING = frozenset(["and", "und", "et"])
_TOKEN = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Contact:
    """`name`: words of a person's or company's name, or a registered domain; as `folded` has it."""

    kind: Kind
    name: str

    @property
    def id(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def identity(self) -> str:
        """What a surrogate is computed from; the same for all spellings."""
        if self.kind == "person":
            words = self.name.split()
            return f"{words[0]} {words[-1]}"
        squeezed = self.name.replace(" ", "")
        without = squeezed.replace("and", "")
        return without if len(without) >= 6 else squeezed

    @property
    def spellings(self) -> list[str]:
        """Letters and digits of the name as texts may have it, without what is between words."""
        words = self.name.split()
        if self.kind == "domain":
            return [self.name]
        if self.kind == "person":
            forms = [[*words], [words[0], words[-1]]]
            forms += [[without_umlaut(word) for word in form] for form in forms]
            return list(dict.fromkeys("".join(form) for form in forms))
        return list(dict.fromkeys(["".join(words), "and".join(words), self.identity]))

    @property
    def backwards(self) -> list[str]:
        """`coledana`, as in `Cole, Dana`."""
        words = self.name.split()
        last, first = words[-1], words[0]
        return list(dict.fromkeys([last + first, without_umlaut(last) + without_umlaut(first)]))


CONTACT_SCHEMA = pa.schema([("id", pa.string()), *schema_of(Contact)])


def folded(text: str) -> str:
    """`text` in lower case and without accents: as names are written in addresses."""
    plain = text.lower()
    if plain.isascii():
        return plain
    marked = unicodedata.normalize("NFKD", plain)
    for letter, ascii_letters in _FOLDED.items():
        marked = marked.replace(letter, ascii_letters)
    return "".join(letter for letter in marked if not unicodedata.combining(letter))


def without_umlaut(word: str) -> str:
    """`mueller` -> `muller`, which is what `folded` makes of the name with its umlaut."""
    return re.sub(r"(?<=[auo])e", "", word)


def contacts_of_address(text: str) -> Iterator[Contact]:
    """Whom an address names, and where they work. A display name is told, too: `Dana <d@x.de>`."""
    display, address = parseaddr(folded(text))
    address = address.strip("'\" ")
    local, at, domain = address.rpartition("@")
    if not at or "." not in domain:
        return
    for words in (name_words(local), name_words(display)):
        if len(words) > 1 and not set(words) <= COMMON_WORDS - ORDINARY:
            yield Contact("person", " ".join(words))
    label = split_domain(domain)[1]
    if label in PUBLIC_NAMES or len(label) < 3:
        return
    yield Contact("domain", registered(domain))
    if label not in COMMON_WORDS:
        yield Contact("company", label.replace("-", " "))


def contacts_of_deal(name: str) -> Iterator[Contact]:
    """The company before the first separator, as in `Acme Foods: shelf test`; none without one."""
    head = _HEAD.match(name)
    words = _TOKEN.findall(folded(head[1])) if head else []
    words = [word for word in words if word not in _JOINING]
    while words and words[-1] in _LEGAL:
        words.pop()
    told = 1 <= len(words) <= 4 and not set(words) <= COMMON_WORDS | PUBLIC_NAMES
    if head and told and head[1][:1].isupper() and len("".join(words)) > 3:
        yield Contact("company", " ".join(words))


def name_words(local: str) -> list[str]:
    """Words of a name in the local part of an address (lower case), where it tells one."""
    words = _NAME_PART.findall(local)
    if not words or not _ROLES.isdisjoint(words) or re.search(r"[*\d]", local):
        return []
    return words if len(words) > 1 or len(words[0]) >= 3 else []


def is_role(local: str) -> bool:
    words = _NAME_PART.findall(local)
    return bool(words) and _ROLES.issuperset(words) and not re.search(r"\d", local)


def is_surname(local: str) -> bool:
    """`d.cole`: the one word is no given name."""
    return _INITIAL_AND_SURNAME.fullmatch(local) is not None


def registered(domain: str) -> str:
    _, label, suffix = split_domain(domain)
    return f"{label}.{suffix}"


def refresh_contacts(lake: Path, tables: Sequence[Table]) -> Commit:
    """Bring `clean/contacts` up to date with `clean/mails` and the raw tables.

    It is a function of these and of the list of the forgotten. Who was deleted at the source is
    known by the tombstones: the names of both must be replaced still.
    """
    target = contacts_path(lake)
    with only_writer(target):
        found = {contact.id: contact for contact in _known(lake, tables)}
        rows = [asdict(each) | {"id": each.id} for _, each in sorted(found.items())]
        return sync_table(target, arrow_table(rows, CONTACT_SCHEMA), "id")


def read_contacts(lake: Path) -> list[Contact]:
    table = read_table(contacts_path(lake), columns=["kind", "name"])
    found = [] if table is None else [Contact(**row) for row in table.to_pylist()]
    return sorted(found, key=lambda contact: contact.id)


def rows_holding(path: Path, contacts: Sequence[Contact], columns: Collection[str]) -> pa.Table:
    """`columns` of the rows of a table whose texts may hold one of the names; never too few."""
    nothing = pa.table({name: pa.array([], pa.string()) for name in columns})
    table = open_table(path) if contacts else None
    names = [field.name for field in table.schema().fields] if table else []
    schema = pa.schema(table.schema().to_arrow()) if table else pa.schema([])
    texts = [name for name in names if schema.field(name).type == pa.string() and name != "id"]
    wanted = read_table(path, columns=[*dict.fromkeys([*columns, *texts])]) if table else None
    if wanted is None:
        return nothing
    found = np.zeros(wanted.num_rows, bool)
    for name in texts:
        plain = pc.utf8_normalize(pc.utf8_lower(wanted[name]), form="NFKD")
        for letter, ascii_letters in _FOLDED.items():
            plain = pc.replace_substring(plain, letter, ascii_letters)
        plain = pc.replace_substring_regex(plain, r"[^\pL\pN]+", "")
        for pattern in _patterns(contacts):
            found |= pc.fill_null(pc.match_substring_regex(plain, pattern), False).to_numpy()
    return wanted.filter(pa.array(found)).select(list(columns))


def _patterns(contacts: Sequence[Contact]) -> Iterator[str]:
    """Expressions for texts without anything between words, some names each."""
    found: list[str] = []
    for contact in contacts:
        if contact.kind == "person":
            words = contact.name.split()
            ends = (words[0], words[-1])
            for first, last in (ends, [without_umlaut(word) for word in ends]):
                found += [rf"{first}[\pL\pN]?{last}", last + first]
        found += [re.sub(r"[\W_]+", "", spelling) for spelling in contact.spellings]
    ordered = sorted(set(found))
    for at in range(0, len(ordered), 50):
        yield "|".join(ordered[at : at + 50])


def _known(lake: Path, tables: Sequence[Table]) -> Iterator[Contact]:
    addresses = set(read_forgotten(lake).people)
    mails = read_table(mails_path(lake), columns=["sender", "recipients"])
    if mails is not None:
        addresses.update(
            _distinct(mails["sender"]), _distinct(pc.list_flatten(mails["recipients"]))
        )
    for table in tables:
        raw = raw_path(lake, table.name)
        if table.shape == "mail":
            addresses.update(_values(raw, "sender_email", DELETED))
            for recipients in _values(raw, "recipients", DELETED):
                addresses.update(recipients.split(","))
        for column in ADDRESS_COLUMNS:
            if column in table.columns:
                addresses.update(_values(raw, column))
        if table.shape == "deal":
            for deal in _values(raw, "deal_name"):
                yield from contacts_of_deal(deal)
    for address in addresses:
        yield from contacts_of_address(address)


def _values(path: Path, column: str, where: Where | None = None) -> list[str]:
    table = read_table(path, columns=[column], where=where)
    return [] if table is None else _distinct(table[column])


def _distinct(values: pa.ChunkedArray) -> list[str]:
    found: Iterable[str | None] = pc.unique(values).to_pylist()
    return [value for value in found if value]
