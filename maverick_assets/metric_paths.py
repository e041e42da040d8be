"""Dotted paths into an evaluation's metrics: `style.detector.score`, `comparisons.base.newest`.

A comparison is named by what it is against and by its set. Of any other list the entries count:
`personality.bleed.leaked` is how many classes of words were found.
"""

import types
from collections.abc import Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from maverick_assets.figures.comparison import Against, ComparedSet, Comparison
from maverick_assets.figures.figure import Interval
from maverick_assets.records import Metrics


def path_problem(path: str) -> str | None:
    """Why a path leads to no number of `Metrics`, or None."""
    kind: Any = Metrics
    walked: list[str] = []
    for name in path.split("."):
        kind, choices = _step(kind, name)
        if kind is None:
            where = f" of {'.'.join(walked)}" if walked else ""
            return f"{path} is no metric: {name!r} is none{where}; there are: {', '.join(choices)}"
        walked.append(name)
    if kind in (int, float, bool, Interval) or _is_list(kind):
        return None
    _, choices = _step(kind, "")
    below = f"; add one of: {', '.join(choices)}" if choices else ""
    return f"{path} is not a number{below}"


def meaning(path: str) -> str:
    """What the figure behind a path is, in the words of the innermost field that says it."""
    kind: Any = Metrics
    said = ""
    for name in path.split("."):
        field = kind.model_fields.get(name) if hasattr(kind, "model_fields") else None
        said = (field and field.description) or said
        kind, _ = _step(kind, name)
    return said if kind is not None else ""


def measured(metrics: Metrics, path: str) -> Interval | float | None:
    """What a path leads to; None where it was not measured."""
    value: Any = metrics
    names = path.split(".")
    while names and value is not None:
        if isinstance(value, tuple):
            value = _comparison(value, names.pop(0), names.pop(0))
        elif isinstance(value, Mapping):
            value = value.get(names.pop(0))
        else:
            value = getattr(value, names.pop(0), None)
    if isinstance(value, tuple):
        return float(len(value))
    return value if value is None or isinstance(value, Interval) else float(value)


def _is_list(kind: Any) -> bool:
    return get_origin(kind) is tuple and kind != tuple[Comparison, ...]


def _comparison(comparisons: tuple[Comparison, ...], against: str, on: str) -> Interval | None:
    wanted = (each.difference for each in comparisons if (each.against, each.on) == (against, on))
    return next(wanted, None)


def _step(kind: Any, name: str) -> tuple[Any, list[str]]:
    """The type behind a name of a type, or None and the names that there are."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = kind.model_fields
        return (_plain(fields[name].annotation) if name in fields else None), list(fields)
    if kind == tuple[Comparison, ...]:
        against = get_args(Against)
        return (Against if name in against else None), list(against)
    if kind == Against:
        sets = get_args(ComparedSet)
        return (Interval if name in sets else None), list(sets)
    if get_origin(kind) in (dict, Mapping):
        key, value = get_args(kind)
        names = [str(choice) for choice in get_args(key)]  # of a Literal; none for any text
        return (_plain(value) if not names or name in names else None), names
    return None, []


def _plain(kind: Any) -> Any:
    """A type without what validates it and without None."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, types.UnionType):
        [kind] = [part for part in get_args(kind) if part is not type(None)][:1]
        return _plain(kind)
    return kind
