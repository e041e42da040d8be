"""Figures as tables: each figure with what it means, as its own field describes it.

So a report shows every figure of a model, and says of none what the model does not say.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from maverick_assets.figures.figure import Interval

NOT_MEASURED = "not measured"


@dataclass(frozen=True)
class Row:
    """One figure."""

    name: str
    text: str
    meaning: str = ""


@dataclass(frozen=True)
class Grid:
    """Several entries of the same fields, or counts in two dimensions."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    meaning: str = ""


@dataclass(frozen=True)
class FigureTable:
    """The figures of one model: single ones, grids, and models within it."""

    title: str
    meaning: str
    rows: Sequence[Row]
    grids: Sequence[Grid]
    parts: Sequence["FigureTable"]


def table_of(title: str, model: BaseModel) -> FigureTable:
    """The figures of a model. What it has not measured is said, too."""
    rows: list[Row] = []
    grids: list[Grid] = []
    parts: list[FigureTable] = []
    for name, field in type(model).model_fields.items():
        value, label, meaning = getattr(model, name), words(name), field.description or ""
        if isinstance(value, BaseModel) and not isinstance(value, Interval):
            parts.append(table_of(label, value))
        elif isinstance(value, Mapping) and value:
            grids.append(_grid_of_mapping(label, meaning, value))
        elif isinstance(value, tuple | list) and value and isinstance(value[0], BaseModel):
            grids.append(_grid_of_models(label, meaning, value))
        else:
            rows.append(Row(label, shown(value), meaning))
    return FigureTable(title, _meaning_of(model), rows, grids, parts)


def words(name: str) -> str:
    """`expected_calibration_error` -> `expected calibration error`."""
    return name.replace("_", " ")


def shown(value: object) -> str:
    """A figure as people read it: an interval in brackets, three significant digits."""
    if value is None:
        return NOT_MEASURED
    if isinstance(value, Interval):
        if math.isfinite(value.low) and math.isfinite(value.high):
            return f"{_number(value.value)} ({_number(value.low)} to {_number(value.high)})"
        return f"{_number(value.value)} (no interval)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, tuple | list | set | frozenset):
        return "; ".join(map(shown, value)) or "none"
    if isinstance(value, BaseModel):
        return "; ".join(f"{words(name)} {shown(each)}" for name, each in value)
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {shown(each)}" for key, each in value.items()) or "none"
    return str(value)


def _meaning_of(model: BaseModel) -> str:
    """The docstring of a model, in one line."""
    return " ".join((type(model).__doc__ or "").split())


def _number(value: float) -> str:
    if not math.isfinite(value):
        return NOT_MEASURED
    value = value or 0.0  # 0, where floats have -0.0
    if value and abs(value) < 0.001:
        return f"{value:.1e}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _grid_of_models(title: str, meaning: str, entries: Sequence[BaseModel]) -> Grid:
    columns = list(type(entries[0]).model_fields)
    rows = [[shown(getattr(entry, name)) for name in columns] for entry in entries]
    return Grid(title, [words(name) for name in columns], rows, meaning)


def _grid_of_mapping(title: str, meaning: str, value: Mapping[Any, Any]) -> Grid:
    if all(isinstance(each, Mapping) for each in value.values()):
        inner = _keys(each for each in value.values())
        rows = [[str(key), *(shown(each.get(k, 0)) for k in inner)] for key, each in value.items()]
        return Grid(title, ["", *inner], rows, meaning)
    return Grid(title, ["", ""], [[words(str(k)), shown(v)] for k, v in value.items()], meaning)


def _keys(mappings: Iterable[Mapping[Any, Any]]) -> list[str]:
    return sorted({str(key) for mapping in mappings for key in mapping})
