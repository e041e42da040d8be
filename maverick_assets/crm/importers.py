"""Real mail and rows into the CRM's tables: what is already there is not imported again."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg import errors, sql
from psycopg.types.json import Jsonb

from maverick_assets.crm.connection import present_columns
from maverick_assets.crm.internet_mail import MailRow, Skipped, parse_message, storable
from maverick_assets.crm.schema import TABLES, Table
from maverick_assets.errors import BadInput, first_line

__all__ = [
    "ImportReport",
    "MailRow",
    "Skipped",
    "import_jsonl",
    "import_mail",
    "insert_rows",
    "read_maildir",
    "read_mbox",
]

T = TypeVar("T")
Row = Mapping[str, Any]

BATCH = 500
# A separator as mail programs write it; a body's "From here on ..." is none.
_FROM_LINE = re.compile(rb"From \S*.*\d{1,2}:\d{2}")
_ESCAPED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)


@dataclass(frozen=True)
class ImportReport:
    """`unchanged`: rows that were there already, or that came twice."""

    imported: int
    unchanged: int
    skipped: list[Skipped] = field(default_factory=list)


def read_mbox(path: Path) -> Iterator[MailRow | Skipped]:
    """The messages of an mbox file, in its order.

    Raises `BadInput` when there is no such file, or it is no mbox.
    """
    if path.is_dir():
        raise BadInput(f"{path} is a folder; give it with --maildir")
    if not path.is_file():
        raise BadInput(f"{path}: no such file; give an mbox file")
    for number, data in enumerate(_mbox_messages(path), start=1):
        yield parse_message(f"{path.name} message {number}", data)


def read_maildir(path: Path) -> Iterator[MailRow | Skipped]:
    """The messages of a Maildir, or of any folder tree with one message per file, by path.

    Raises `BadInput` when there is no such folder, or no file in it.
    """
    if path.is_file():
        raise BadInput(f"{path} is a file; give it with --mbox")
    if not path.is_dir():
        raise BadInput(f"{path}: no such folder; give a Maildir or a folder of messages")
    files = _message_files(path)
    if not files:
        raise BadInput(f"{path} has no messages; give a Maildir or a folder of messages")
    for file in files:
        name = str(file.relative_to(path))
        try:
            data = file.read_bytes()
        except OSError as error:
            yield Skipped(name, f"unreadable: {error.strerror}")
            continue
        yield parse_message(name, data)


def import_mail(connection: psycopg.Connection, rows: Iterable[MailRow | Skipped]) -> ImportReport:
    """Insert mails that the CRM does not have, in one transaction.

    A mail is known by its id (see `MailRow`) or by its Message-ID.
    """
    imported = seen = 0
    skipped: list[Skipped] = []
    with connection.transaction():
        writer = _Writer(connection, "crm_emails")
        for batch in _batches(rows):
            mails = [row for row in batch if isinstance(row, MailRow)]
            skipped += [row for row in batch if isinstance(row, Skipped)]
            new = _without_known_message_ids(connection, writer, mails)
            inserted, failed = writer.insert([(mail.id, asdict(mail)) for mail in new])
            skipped += failed
            imported += inserted
            seen += len(mails) - len(failed)
    return ImportReport(imported, seen - imported, skipped)


def import_jsonl(connection: psycopg.Connection, table: str, path: Path) -> ImportReport:
    """Insert the rows of a JSON lines file that the table does not have, in one transaction.

    Unknown columns are ignored; a row without `id` gets one made of its content.
    Raises `BadInput` for an unknown table or a missing file.
    """
    if table not in TABLES:
        raise BadInput(f"no table {table!r} to import into; tables: {', '.join(TABLES)}")
    if not path.is_file():
        raise BadInput(f"{path}: no such file; give a JSON lines file")
    imported = seen = 0
    skipped: list[Skipped] = []
    with connection.transaction(), path.open("rb") as lines:
        writer = _Writer(connection, table)
        for batch in _batches(_json_rows(path.name, lines, TABLES[table])):
            rows = [row for row in batch if not isinstance(row, Skipped)]
            skipped += [row for row in batch if isinstance(row, Skipped)]
            inserted, failed = writer.insert(rows)
            skipped += failed
            imported += inserted
            seen += len(rows) - len(failed)
    return ImportReport(imported, seen - imported, skipped)


def insert_rows(connection: psycopg.Connection, table: str, rows: Iterable[Row]) -> tuple[int, int]:
    """Insert rows whose id is new, in one transaction; how many were, and were not.

    Raises `BadInput` naming the row that PostgreSQL refuses; then nothing is inserted.
    """
    imported = seen = 0
    with connection.transaction():
        writer = _Writer(connection, table)
        for batch in _batches(rows):
            inserted, failed = writer.insert([(str(row.get("id")), row) for row in batch])
            if failed:
                raise BadInput(f"{table} row {failed[0].name}: {failed[0].reason}; correct it")
            imported += inserted
            seen += len(batch)
    return imported, seen - imported


class _Writer:
    """Batch inserts into one table, with the columns that it has."""

    def __init__(self, connection: psycopg.Connection, table: str) -> None:
        self._connection = connection
        self._kinds = TABLES[table].columns
        self.columns = present_columns(connection, TABLES[table])
        self._statement = sql.SQL(
            "insert into {} ({}) values ({}) on conflict (id) do nothing"
        ).format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, self.columns)),
            sql.SQL(", ").join(sql.Placeholder() * len(self.columns)),
        )
        self._table = table

    def insert(self, rows: list[tuple[str, Row]]) -> tuple[int, list[Skipped]]:
        """Insert named rows; how many were new, and those that PostgreSQL refuses, by name."""
        if not rows:
            return 0, []
        try:
            return self._execute([row for _, row in rows]), []
        except (psycopg.DataError, psycopg.IntegrityError):
            return self._insert_one_by_one(rows)
        except (errors.InvalidColumnReference, errors.InsufficientPrivilege) as error:
            reason = first_line(error)
            raise BadInput(
                f"cannot import into the CRM's table {self._table}: {reason}; it needs a unique "
                "id and the right to insert"
            ) from error

    def _insert_one_by_one(self, rows: list[tuple[str, Row]]) -> tuple[int, list[Skipped]]:
        imported = 0
        refused = []
        for name, row in rows:
            try:
                imported += self._execute([row])
            except (psycopg.DataError, psycopg.IntegrityError) as error:
                refused.append(Skipped(name, first_line(error)))
        return imported, refused

    def _execute(self, rows: list[Row]) -> int:
        values = [
            [_adapted(row.get(name), self._kinds[name]) for name in self.columns] for row in rows
        ]
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(self._statement, values)
            return cursor.rowcount


def _adapted(value: Any, kind: str) -> Any:
    """A JSON value as its column's type wants it."""
    if kind == "jsonb" and value is not None:
        return Jsonb(value)
    if kind == "text[]" and isinstance(value, str):
        return [storable(value)]
    if kind == "text[]" and isinstance(value, list):
        return [storable(str(part)) for part in value]
    if kind == "text" and isinstance(value, dict | list):
        return storable(json.dumps(value, ensure_ascii=False))
    if kind == "text" and value is not None:
        return storable(str(value))
    return value


def _without_known_message_ids(
    connection: psycopg.Connection, writer: _Writer, mails: list[MailRow]
) -> list[MailRow]:
    if "message_id" not in writer.columns:
        return mails
    wanted = [mail.message_id for mail in mails if mail.message_id]
    known = {
        row[0]
        for row in connection.execute(
            "select message_id from crm_emails where message_id = any(%s)", [wanted]
        )
    }
    new = []
    for mail in mails:
        if mail.message_id is None or mail.message_id not in known:
            new.append(mail)
        known.add(mail.message_id)
    return new


def _json_rows(
    file: str, lines: Iterable[bytes], table: Table
) -> Iterator[tuple[str, Row] | Skipped]:
    for number, line in enumerate(lines, start=1):
        name = f"{file}:{number}"
        if not line.strip():
            continue
        try:
            row = json.loads(line.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            yield Skipped(name, f"not JSON: {error}")
            continue
        if not isinstance(row, dict):
            yield Skipped(name, "not a JSON object")
            continue
        if row.get("id") is None:
            row["id"] = sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:32]
        missing = [column for column in table.required if column not in row]
        yield Skipped(name, f"no column {missing[0]}") if missing else (name, row)


def _mbox_messages(path: Path) -> Iterator[bytes]:
    """The messages between separator lines, which stand at the start or after a blank line."""
    message: list[bytes] | None = None
    after_blank = True
    with path.open("rb") as lines:
        for line in lines:
            if after_blank and _FROM_LINE.match(line):
                if message is not None:
                    yield _unescaped(message)
                message = []
            elif message is not None:
                message.append(line)
            elif line.strip():
                raise BadInput(f"{path} is no mbox: it does not begin with a 'From ' line")
            after_blank = not line.strip()
    if message is not None:
        yield _unescaped(message)


def _unescaped(lines: list[bytes]) -> bytes:
    return _ESCAPED_FROM.sub(rb"\1", b"".join(lines))


def _message_files(path: Path) -> list[Path]:
    """Files in `cur` and `new` where there are such folders, else all; no hidden ones."""
    files = sorted(file for file in path.rglob("*") if file.is_file())
    delivered = [file for file in files if file.parent.name in ("cur", "new")]
    return delivered or [file for file in files if not file.name.startswith(".")]


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, BATCH)):
        yield batch
