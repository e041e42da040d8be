"""Every number of an evaluation under a name of its own, whatever records hold it."""

import json
import math
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from maverick_assets.figures.figure import Interval
from maverick_assets.records import Metrics

Number = float | Interval


def figures_of(metrics: Metrics | None) -> dict[str, Number]:
    """The figures of a version, such as `adapter.perplexity`; texts are left out.

    An entry of a list is named by its fields of fixed values, such as a kind, and its place.
    """
    return {} if metrics is None else dict(_numbers("", metrics))


def shown(figure: Number | None) -> str:
    """A figure as people read it, with its interval where it has one."""
    if figure is None:
        return "not measured"
    if isinstance(figure, Interval):
        return f"{_short(figure.value)} [{_short(figure.low)}, {_short(figure.high)}]"
    return _short(figure)


def figure_as_json(figure: Number | None) -> Any:
    """A figure as JSON holds it, which has no NaN: null in its place."""
    if isinstance(figure, Interval):
        return json.loads(figure.model_dump_json())
    return None if figure is None or not math.isfinite(figure) else figure


def _short(number: float) -> str:
    if math.isnan(number):
        return "not a number"
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:.4g}"


def _numbers(name: str, value: Any) -> Iterator[tuple[str, Number]]:
    if isinstance(value, Interval):
        yield name, value
    elif isinstance(value, (bool, int, float)):
        yield name, float(value)
    elif isinstance(value, BaseModel):
        for field in type(value).model_fields:
            yield from _numbers(_under(name, field), getattr(value, field))
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _numbers(_under(name, str(key)), each)
    elif isinstance(value, (list, tuple)):
        for index, each in enumerate(value):
            yield from _numbers(_under(name, _name_of(each, index)), each)


def _under(name: str, part: str) -> str:
    return f"{name}.{part}" if name else part


def _name_of(entry: Any, index: int) -> str:
    if not isinstance(entry, BaseModel):
        return str(index)
    fixed = [
        str(getattr(entry, field))
        for field, info in type(entry).model_fields.items()
        if _is_fixed(info.annotation)
    ]
    return "-".join([*fixed, str(index)])


def _is_fixed(annotation: Any) -> bool:
    if get_origin(annotation) in (Union, UnionType):
        return any(_is_fixed(each) for each in get_args(annotation))
    return get_origin(annotation) is Literal
