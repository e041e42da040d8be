"""The Arrow schema of a dataclass, so that a table's columns and its rows are written down once."""

from collections.abc import Collection
from dataclasses import fields, is_dataclass
from datetime import datetime
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import pyarrow as pa

_SCALARS: dict[Any, pa.DataType] = {
    str: pa.string(),
    bytes: pa.binary(),
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    datetime: pa.timestamp("us", tz="UTC"),
}


def schema_of(row: type, without: Collection[str] = ()) -> pa.Schema:
    """The columns of a table whose rows are instances of the dataclass `row`.

    One column for each field, in the order of the fields, except those named in `without`. Every
    column is nullable: Delta compares schemas, and a column that became nullable later would
    rewrite its table. Raises `TypeError` for a field whose type has no Arrow type here.
    """
    hints = get_type_hints(row)
    return pa.schema(
        [
            (field.name, _arrow_type(hints[field.name]))
            for field in fields(row)
            if field.name not in without
        ]
    )


def _arrow_type(hint: Any) -> pa.DataType:
    if hint in _SCALARS:
        return _SCALARS[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        [present] = [member for member in arguments if member is not type(None)]
        return _arrow_type(present)
    if origin is Literal:
        return _arrow_type(type(arguments[0]))
    if origin in (list, tuple):  # of equal items: `list[str]`, `tuple[str, ...]`
        return pa.list_(_arrow_type(arguments[0]))
    if is_dataclass(hint) or is_typeddict(hint):
        members = get_type_hints(hint)
        return pa.struct([(name, _arrow_type(member)) for name, member in members.items()])
    raise TypeError(f"no Arrow type for {hint}")
