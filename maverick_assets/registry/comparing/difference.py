"""What is different between two versions of one personality."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maverick_assets.errors import MaverickError
from maverick_assets.lake.delta import read_table
from maverick_assets.lake.paths import dataset_path
from maverick_assets.registry.comparing.figure_list import Number, figures_of
from maverick_assets.registry.manifest import Manifest


@dataclass(frozen=True)
class Rows:
    """Examples that one version's dataset has and the other's has not."""

    added: int
    removed: int
    moved: int  # to another split


@dataclass(frozen=True)
class Difference:
    """From `before` to `after`."""

    before: Manifest
    after: Manifest
    recipe: Mapping[str, tuple[Any, Any]]  # by key; None where one of them lacks it
    rows: Rows | None
    no_rows: str | None  # why the datasets cannot be compared
    figures: Mapping[str, tuple[Number | None, Number | None]]

    @property
    def same_measure(self) -> bool:
        """Whether both were measured on the same split, and on equally many examples."""
        first, second = self.before.metrics, self.after.metrics
        if first is None or second is None:
            return False
        return (first.split, first.n_examples) == (second.split, second.n_examples)


def difference(lake: Path, before: Manifest, after: Manifest) -> Difference:
    """Recipe, dataset and figures of two versions, compared."""
    first, second = _flat(before.recipe.stored), _flat(after.recipe.stored)
    recipe = {
        key: (first.get(key), second.get(key))
        for key in [*first, *(key for key in second if key not in first)]
        if first.get(key) != second.get(key)
    }
    old, new = figures_of(before.metrics), figures_of(after.metrics)
    names = [*old, *(name for name in new if name not in old)]
    rows, problem = None, None
    try:
        rows = _compared_rows(lake, before, after)
    except MaverickError as error:
        problem = str(error)
    figures = {name: (old.get(name), new.get(name)) for name in names}
    return Difference(before, after, recipe, rows, problem, figures)


def _compared_rows(lake: Path, before: Manifest, after: Manifest) -> Rows:
    first, second = _splits(lake, before), _splits(lake, after)
    both = first.keys() & second.keys()
    return Rows(
        added=len(second.keys() - both),
        removed=len(first.keys() - both),
        moved=sum(first[key] != second[key] for key in both),
    )


def _splits(lake: Path, manifest: Manifest) -> dict[str, str]:
    """The split of each example that a version was made from.

    Raises `MaverickError` where the lake has it no more: forgetting somebody deletes old datasets,
    and a lake that was built again counts its versions anew.
    """
    path, number = dataset_path(lake, manifest.personality), manifest.dataset_version
    table = read_table(path, number, ["example_id", "split"])
    if table is None:
        raise MaverickError(f"{path} does not exist")
    ids, splits = (table[name].to_pylist() for name in ("example_id", "split"))
    if manifest.dataset_rows not in (None, len(ids)):
        raise MaverickError(
            f"version {number} of {path} has {len(ids)} rows, and {manifest.version} was made from "
            f"{manifest.dataset_rows}: it is another dataset"
        )
    return dict(zip(ids, splits, strict=True))


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    """Nested JSON as one value a key, such as `training.rank`, `sources.1.limit`."""
    if isinstance(value, Mapping):
        parts = list(value.items())
    elif isinstance(value, list):
        parts = list(enumerate(value))
    else:
        return {name: value}
    flat: dict[str, Any] = {}
    for key, each in parts:
        flat |= _flat(each, f"{name}.{key}" if name else str(key))
    return flat
