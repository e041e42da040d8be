"""Imports mail and rows into the CRM's tables. What is there already is not imported again."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.types.json import Jsonb

from maverick_assets.crm.connection import present_columns
from maverick_assets.crm.foreign_files import bounded_lines
from maverick_assets.crm.foreign_input import SkippedInput, storable
from maverick_assets.crm.mail.row import MailRow
from maverick_assets.crm.schema import TABLES, Table
from maverick_assets.errors import BadInput, first_line

Values = Mapping[str, Any]  # of a row, by column
NamedRow = tuple[str, Values]  # a row under the name by which the user finds it: an id, a line

BATCH_ROWS = 500  # of one `executemany`
BATCH_CHARACTERS = 10_000_000  # of its rows; one that is larger goes alone
MAX_ROW_BYTES = 4_000_000  # of a JSON line
# Wrong values, and values nested more deeply than Python or PostgreSQL follow
_ROW_ERRORS = (
    *(psycopg.DataError, psycopg.IntegrityError, RecursionError),
    *(errors.ProgramLimitExceeded, errors.StatementTooComplex),
)


@dataclass(frozen=True)
class ImportReport:
    """What became of the rows of one import."""

    imported: int
    unchanged: int  # rows that were there already, or that came twice
    skipped: list[SkippedInput] = field(default_factory=list)


def import_mail(
    connection: psycopg.Connection, mails: Iterable[MailRow | SkippedInput]
) -> ImportReport:
    """Insert mails that the CRM does not have, in one transaction.

    A mail is recognised by its id (see `MailRow`) or by its Message-ID.
    """
    rows = (mail if isinstance(mail, SkippedInput) else (mail.id, asdict(mail)) for mail in mails)
    with connection.transaction():
        writer = _TableWriter(connection, "crm_emails")
        return _import(rows, lambda batch: writer.insert(_new_mails(connection, writer, batch)))


def import_jsonl(connection: psycopg.Connection, table: str, path: Path) -> ImportReport:
    """Insert the rows of a JSON lines file that the table does not have, in one transaction.

    Unknown columns are ignored; a row without `id` gets one made of its content.
    Raises `BadInput` for an unknown table or a missing file.
    """
    if table not in TABLES:
        raise BadInput(f"no table {table!r} to import into; tables: {', '.join(TABLES)}")
    if not path.is_file():
        raise BadInput(f"{path}: no such file; give a JSON lines file")
    with connection.transaction(), path.open("rb") as stream:
        lines = bounded_lines(stream, MAX_ROW_BYTES)
        rows = _json_rows(path.name, lines, TABLES[table])
        return _import(rows, _TableWriter(connection, table).insert)


def insert_rows(
    connection: psycopg.Connection, table: str, rows: Iterable[Values]
) -> tuple[int, int]:
    """Insert rows whose id is new, in one transaction; returns how many were new and how many not.

    Raises `BadInput` naming the row that PostgreSQL refuses; then nothing is inserted.
    """
    named = ((str(row.get("id")), row) for row in rows)
    with connection.transaction():
        writer = _TableWriter(connection, table)

        def insert_all(batch: list[NamedRow]) -> tuple[int, list[SkippedInput]]:
            inserted, refused = writer.insert(batch)
            if refused:
                raise BadInput(f"{table} row {refused[0].name}: {refused[0].reason}; correct it")
            return inserted, []

        report = _import(named, insert_all)
    return report.imported, report.unchanged


def _import(
    rows: Iterable[NamedRow | SkippedInput],
    insert: Callable[[list[NamedRow]], tuple[int, list[SkippedInput]]],
) -> ImportReport:
    """Pass rows to `insert` in batches, and count what became of them.

    `insert` returns how many rows of a batch were new, and those that were refused.
    """
    imported = accepted = 0
    skipped: list[SkippedInput] = []
    for batch in _batches(rows):
        good = [row for row in batch if not isinstance(row, SkippedInput)]
        inserted, refused = insert(good)
        skipped += [row for row in batch if isinstance(row, SkippedInput)] + refused
        imported += inserted
        accepted += len(good) - len(refused)
    return ImportReport(imported, accepted - imported, skipped)


class _TableWriter:
    """Batch inserts into one table, with the columns that it has."""

    def __init__(self, connection: psycopg.Connection, table: str) -> None:
        self._connection = connection
        self._types = TABLES[table].columns
        self.columns = present_columns(connection, TABLES[table])
        self._statement = sql.SQL(
            "insert into {} ({}) values ({}) on conflict (id) do nothing"
        ).format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, self.columns)),
            sql.SQL(", ").join(sql.Placeholder() * len(self.columns)),
        )
        self._table = table

    def insert(self, rows: list[NamedRow]) -> tuple[int, list[SkippedInput]]:
        """Insert rows; returns how many were new, and the rows that PostgreSQL refuses.

        Raises `BadInput` where the table itself is the reason: no right to insert, no unique id.
        """
        if not rows:
            return 0, []
        try:
            return self._execute([row for _, row in rows]), []
        except _ROW_ERRORS:
            # The batch was rolled back. PostgreSQL says what is wrong, not in which row.
            return self._insert_one_by_one(rows)
        except (errors.InvalidColumnReference, errors.InsufficientPrivilege) as error:
            reason = first_line(error)
            raise BadInput(
                f"cannot import into the CRM's table {self._table}: {reason}; it needs a unique "
                "id and the right to insert"
            ) from error

    def _insert_one_by_one(self, rows: list[NamedRow]) -> tuple[int, list[SkippedInput]]:
        """As `insert`, one row at a time, so that each error belongs to a row."""
        imported = 0
        refused = []
        for name, row in rows:
            try:
                imported += self._execute([row])
            except _ROW_ERRORS as error:
                refused.append(SkippedInput(name, first_line(error)))
        return imported, refused

    def _execute(self, rows: list[Values]) -> int:
        values = [
            [_column_value(row.get(name), self._types[name]) for name in self.columns]
            for row in rows
        ]
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.executemany(self._statement, values)
            return cursor.rowcount


def _column_value(value: Any, kind: str) -> Any:
    """A JSON value in the form that the PostgreSQL type `kind` of its column accepts."""
    if kind == "jsonb" and value is not None:
        return Jsonb(value)
    if kind == "text[]" and isinstance(value, str):
        return [storable(value)]
    if kind == "text[]" and isinstance(value, list | tuple):
        return [storable(str(part)) for part in value]
    if kind == "text" and isinstance(value, dict | list):
        return storable(json.dumps(value, ensure_ascii=False))
    if kind == "text" and value is not None:
        return storable(str(value))
    return value


def _new_mails(
    connection: psycopg.Connection, writer: _TableWriter, mails: list[NamedRow]
) -> list[NamedRow]:
    """The mails whose Message-ID is neither in the CRM nor that of an earlier mail of the batch."""
    if "message_id" not in writer.columns:
        return mails
    message_ids = [mail["message_id"] for _, mail in mails if mail["message_id"]]
    query = "select message_id from crm_emails where message_id = any(%s)"
    seen = {row[0] for row in connection.execute(query, [message_ids])}
    new = []
    for name, mail in mails:
        message_id = mail["message_id"]
        if message_id is None or message_id not in seen:
            new.append((name, mail))
        seen.add(message_id)
    return new


def _json_rows(
    file: str, lines: Iterable[bytes], table: Table
) -> Iterator[NamedRow | SkippedInput]:
    """The rows of a JSON lines file, named `file:line`, or why a line has none."""
    for number, line in enumerate(_whole_lines(lines), start=1):
        name = f"{file}:{number}"
        if line is None:
            yield SkippedInput(name, f"larger than {MAX_ROW_BYTES / 1e6:.0f} MB")
        elif line.strip():
            try:
                yield name, _json_row(line, table)
            except (ValueError, RecursionError) as error:
                yield SkippedInput(name, str(error))


def _json_row(line: bytes, table: Table) -> Values:
    """The row of a JSON line. Raises `ValueError` with the reason where it has none."""
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    if row.get("id") is None:
        row["id"] = sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()[:32]
    missing = [column for column in table.required if column not in row]
    if missing:
        raise ValueError(f"no column {missing[0]}")
    return row


def _whole_lines(pieces: Iterable[bytes]) -> Iterator[bytes | None]:
    """The lines of a file; None stands for one that came in more than one piece."""
    is_rest = False  # of a line that was too long
    for piece in pieces:
        ends = piece.endswith(b"\n")
        if not is_rest:
            yield piece if ends or len(piece) < MAX_ROW_BYTES else None
        is_rest = not ends


def _batches(rows: Iterable[NamedRow | SkippedInput]) -> Iterator[list[NamedRow | SkippedInput]]:
    batch: list[NamedRow | SkippedInput] = []
    characters = 0
    for row in rows:
        batch.append(row)
        values = () if isinstance(row, SkippedInput) else row[1].values()
        characters += sum(len(value) for value in values if isinstance(value, str))
        if len(batch) == BATCH_ROWS or characters > BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch
