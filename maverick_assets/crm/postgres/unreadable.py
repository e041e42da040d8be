"""Rows with a value that cannot be read as the schema says: each costs itself and no other row."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import errors, sql

from maverick_assets.crm.raw_table import TIME
from maverick_assets.crm.schema import Table
from maverick_assets.errors import BadInput

# PostgreSQL knows `infinity` and the year 4713 BC; Python's datetime does not.
_EARLIEST = pa.scalar(datetime(1, 1, 1, tzinfo=UTC), TIME)
_LATEST = pa.scalar(datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), TIME)
# Types of columns whose every value can be cast to the type of the schema. Any value is a text.
_SAFE_TYPES = {
    "timestamptz": {"timestamp with time zone", "timestamp without time zone", "date"},
    "double precision": {"double precision", "real", "bigint", "integer", "smallint"},
    "integer": {"integer", "smallint"},
    "boolean": {"boolean"},
    "text[]": {"text[]", "character varying[]"},
}
_JSON_TYPES = {"json", "jsonb"}
_RESULT = "maverick.unreadable"  # a setting of the transaction, to bring the result out of a block


def is_safe(kind: str, source_type: str) -> bool:
    """Whether every value of a column can be cast to a type of the schema."""
    return kind in ("text", "jsonb") or source_type in _SAFE_TYPES[kind]


def uncastable_rows(
    connection: psycopg.Connection,
    table: Table,
    types: Mapping[str, str],
    condition: sql.Composable | None,
) -> dict[str, str]:
    """Rows with a value that PostgreSQL cannot cast to the schema's type: why, by id.

    `types`: types of the columns at the source. Raises `BadInput` where no value of a column can be
    cast: then the column is wrong, not a row.
    """
    rows: dict[str, str] = {}
    for name, source_type in types.items():
        kind = table.columns[name]
        if not is_safe(kind, source_type) and not _casts_all(connection, table, name, condition):
            rows |= _uncastable(connection, table, name, condition)
    return rows


def unstorable_rows(
    batch: pa.RecordBatch, table: Table, types: Mapping[str, str]
) -> dict[str, str]:
    """Rows of a batch with a value that the lake cannot hold or read, by id, with the reason."""
    rows: dict[str, str] = {}
    for name, kind in table.columns.items():
        if kind == "timestamptz":
            bad = pc.or_(pc.less(batch[name], _EARLIEST), pc.greater(batch[name], _LATEST))
            reason = f"{name} is no time of the years 1 to 9999"
        elif kind == "double precision":
            bad = pc.invert(pc.is_finite(batch[name]))
            reason = f"{name} is no number"
        elif kind == "jsonb" and types.get(name, "jsonb") not in _JSON_TYPES:
            bad = pa.array([_is_broken_json(value) for value in batch[name].to_pylist()])
            reason = f"{name} is broken JSON"
        else:
            continue
        for row_id in batch["id"].filter(pc.fill_null(bad, False)).to_pylist():
            rows.setdefault(row_id, reason)
    return rows


def without_rows(batch: pa.RecordBatch, ids: Mapping[str, str]) -> pa.RecordBatch:
    """A batch without the rows of these ids."""
    if not ids:
        return batch
    bad = pc.is_in(batch["id"], value_set=pa.array(list(ids), pa.string()))
    return batch.filter(pc.invert(bad))


def _is_broken_json(value: str | None) -> bool:
    """Whether a text looks like JSON and cannot be parsed. Plain words do not look like JSON."""
    if not value or value.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(value)
    except (ValueError, RecursionError):
        return True
    return False


def _casts_all(
    connection: psycopg.Connection, table: Table, column: str, condition: sql.Composable | None
) -> bool:
    query = sql.SQL("select count({}::{}) from {} where {}").format(
        sql.Identifier(column),
        sql.SQL(table.columns[column]),
        sql.Identifier(table.name),
        condition or sql.SQL("true"),
    )
    try:
        with connection.transaction():  # a savepoint: the snapshot survives the error
            connection.execute(query)
    except errors.DataError:
        return False
    return True


def _uncastable(
    connection: psycopg.Connection, table: Table, column: str, condition: sql.Composable | None
) -> dict[str, str]:
    """As `uncastable_rows`, of one column. A block of PL/pgSQL tries each row by itself."""
    connection.execute(
        sql.SQL(_BLOCK).format(
            column=sql.Identifier(column),
            kind=sql.SQL(table.columns[column]),
            table=sql.Identifier(table.name),
            condition=condition or sql.SQL("true"),
            setting=sql.Literal(_RESULT),
        )
    )
    row = connection.execute("select current_setting(%s)", [_RESULT]).fetchone()
    assert row is not None
    bad = json.loads(row[0])
    query = sql.SQL("select count({}) from {}")
    names = sql.Identifier(column), sql.Identifier(table.name)
    n_values = connection.execute(query.format(*names)).fetchone()
    if (len(bad),) == n_values and len(bad) > 1:
        raise BadInput(
            f"the CRM's table {table.name}: column {column} cannot be read: {bad[0][1]}; correct it"
        )
    return {row_id: f"{column}: {reason}" for row_id, reason in bad}


_BLOCK = """
do $block$
declare
    candidate record;
    bad jsonb := '[]';
begin
    for candidate in select id::text as id, {column} as value from {table}
                     where ({condition}) and {column} is not null loop
        begin
            perform candidate.value::{kind};
        exception when data_exception then
            bad := bad || jsonb_build_array(jsonb_build_array(candidate.id, sqlerrm));
        end;
    end loop;
    perform set_config({setting}, bad::text, true);
end $block$
"""
