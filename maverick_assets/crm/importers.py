"""Imports mail and rows into the CRM's tables.

What is there already is not imported again. A mail that was read wrongly is repaired when it is
read again, under the id that it has.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
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
from maverick_assets.crm.mailboxes.copies import changes, same_mail
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
    repaired: int = 0  # rows that were there already, and are read better now


def import_mail(
    connection: psycopg.Connection, mails: Iterable[MailRow | SkippedInput]
) -> ImportReport:
    """Insert mails that the CRM does not have, and repair others, in one transaction.

    `same_mail` says which mail is which. The row of a mail with copies names the folders of all.
    """
    rows = (mail if isinstance(mail, SkippedInput) else (mail.id, asdict(mail)) for mail in mails)
    with connection.transaction():
        writer = _MailWriter(connection)
        report = _import(rows, writer.insert)
    n_repaired = len(writer.repaired)
    return replace(report, unchanged=report.unchanged - n_repaired, repaired=n_repaired)


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


class _MailWriter:
    """Inserts mails, and updates the rows of those that the CRM has."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._writer = _TableWriter(connection, "crm_emails")
        # A table without them is another program's: its rows stay as they are.
        self._may_repair = {"message_id", "headers", "folder", "flags"} <= set(self._writer.columns)
        self._inserted: set[str] = set()
        self._seen: set[str] = set()  # ids of all rows that a mail of this import belongs to
        self.repaired: set[str] = set()  # ids of rows that were there before

    def insert(self, mails: list[NamedRow]) -> tuple[int, list[SkippedInput]]:
        """Insert the mails that are new; returns how many, and those that PostgreSQL refuses."""
        known = _KnownMails(self._stored([mail for _, mail in mails]))
        new: dict[str, NamedRow] = {}
        changed: dict[str, dict[str, Any]] = {}
        for name, values in mails:
            row = same_mail(values, known.candidates(values))
            if row is None:
                new[values["id"]] = (name, known.add(values))
                self._seen.add(values["id"])
                continue
            change = changes(row, values, row["id"] in self._seen) if self._may_repair else {}
            known.by_id[row["id"]].update(change)
            if change and row["id"] not in new:
                changed.setdefault(row["id"], {}).update(change)
            self._seen.add(row["id"])
        self._update(changed)
        self._inserted |= new.keys()
        return self._writer.insert(list(new.values()))

    def _stored(self, mails: list[Values]) -> list[dict[str, Any]]:
        """The rows that may be one of these mails."""
        columns = sql.SQL(", ").join(
            sql.Identifier(name) if name in self._writer.columns else sql.SQL("null")
            for name in TABLES["crm_emails"].columns
        )
        has_message_id = "message_id" in self._writer.columns
        query = sql.SQL(
            "select {} from crm_emails where id = any(%s) or sent_at = any(%s) or {} = any(%s)"
        ).format(columns, sql.Identifier("message_id") if has_message_id else sql.SQL("null"))
        keys = ("id", "sent_at", "message_id")
        values = [[mail[key] for mail in mails if mail[key]] for key in keys]
        rows = self._connection.execute(query, values).fetchall()
        return [dict(zip(TABLES["crm_emails"].columns, row, strict=True)) for row in rows]

    def _update(self, changed: Mapping[str, Mapping[str, Any]]) -> None:
        types = TABLES["crm_emails"].columns
        for row_id, change in changed.items():
            columns = [name for name in change if name in self._writer.columns]
            statement = sql.SQL("update crm_emails set {} where id = %s").format(
                sql.SQL(", ").join(
                    sql.SQL("{} = %s").format(sql.Identifier(name)) for name in columns
                )
            )
            values = [_column_value(change[name], types[name]) for name in columns]
            self._connection.execute(statement, [*values, row_id])
        self.repaired |= changed.keys() - self._inserted


class _KnownMails:
    """Rows by what a copy has in common with them."""

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        self.by_id: dict[str, dict[str, Any]] = {}
        self._by_key: defaultdict[object, list[dict[str, Any]]] = defaultdict(list)
        for row in rows:
            self.add(row)

    def add(self, mail: Values) -> dict[str, Any]:
        row = dict(mail)
        self.by_id[row["id"]] = row
        for key in (row["message_id"], row["sent_at"]):
            if key:
                self._by_key[key].append(row)
        return row

    def candidates(self, mail: Values) -> list[dict[str, Any]]:
        """Rows that may be this mail, the one with its id first."""
        rows = [self.by_id.get(mail["id"])]
        rows += self._by_key.get(mail["message_id"], [])
        rows += self._by_key.get(mail["sent_at"], [])
        return list({row["id"]: row for row in rows if row}.values())


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
