"""Words in a dataset that are not its personality's, found by where they come from.

Selecting looks at turns, this looks at examples: each row that an example names leads to its turn,
and so do rows that only stand in the prompt.
"""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from maverick_assets.crm.schema import crm_table
from maverick_assets.datasets.examples.example import Example
from maverick_assets.errors import MaverickError
from maverick_assets.lake.delta import open_table, read_table
from maverick_assets.lake.paths import dataset_path, turns_path
from maverick_assets.recipes import Recipe

_COLUMNS = ["turn_id", "personality", "sensitivity"]
_OF_ONE_PERSONALITY = (crm_table("sample").name, crm_table("feedback").name)

_UNKNOWN = "that clean/turns does not hold; `maverick run ingest` derives it again"

_TurnMarks = dict[str, dict[str, Any]]  # turn id -> personality and sensitivity


def foreign_words(lake: Path, recipe: Recipe, examples: Sequence[Example]) -> list[str]:
    """Examples with a turn that their personality may not hold, a sentence each.

    An example is also refused where nothing says whose words it holds: its turn is gone, or
    `clean/turns` is of a release that knew no classes.
    """
    turns = _read_marks(lake)
    if turns is None:
        return ["clean/turns does not say whose words it holds; `maverick run ingest` derives it"]
    problems = []
    for example in examples:
        for row_id in example.source_ids:
            turn = turns.get(f"{example.source}:{row_id}")
            problem = _foreign_mark(recipe, example.source, turn) if turn else _UNKNOWN
            if problem:
                row = f"a row of {example.source} {problem}"
                problems.append(f"example {example.example_id} holds {row}")
    return problems


def learned_foreign_words(lake: Path, recipe: Recipe, versions: Collection[int]) -> bool:
    """Whether one of these versions of the dataset has an example made from words of others.

    Today's marks decide. Rows that are gone have none, and so has a version that was purged.
    """
    turns = _read_marks(lake) or {}
    foreign = {
        turn_id
        for turn_id, turn in turns.items()
        if _foreign_mark(recipe, turn_id.partition(":")[0], turn)
    }
    return any(not foreign.isdisjoint(_turn_ids(lake, recipe, version)) for version in versions)


def _turn_ids(lake: Path, recipe: Recipe, version: int) -> Iterator[str]:
    """Ids of the turns that a version of the dataset was made from; none where it was purged."""
    try:
        table = read_table(dataset_path(lake, recipe.name), version, ["source", "source_ids"])
    except MaverickError:
        return
    for row in table.to_pylist() if table else ():
        yield from (f"{row['source']}:{row_id}" for row_id in row["source_ids"])


def _read_marks(lake: Path) -> _TurnMarks | None:
    """The marks of all turns; None where `clean/turns` has none."""
    path = turns_path(lake)
    table = open_table(path)
    existing = {field.name for field in table.schema().fields} if table else set()
    if not existing >= set(_COLUMNS):
        return None
    turns = read_table(path, columns=_COLUMNS)
    return {row["turn_id"]: row for row in turns.to_pylist()} if turns else {}


def _foreign_mark(recipe: Recipe, source: str, turn: dict[str, Any]) -> str | None:
    """Which mark of a turn says that it is not the personality's; None where none does."""
    if turn["personality"] and turn["personality"] != recipe.name:
        return f"of {turn['personality']}"
    classes = set((turn["sensitivity"] or "business").split("+"))
    return f"of {turn['sensitivity']} words" if classes - _allowed(recipe, source) else None


def _allowed(recipe: Recipe, table: str) -> set[str]:
    """The classes that examples from a table may have."""
    if recipe.sensitivity == "internal":
        return {"business"}
    if table in _OF_ONE_PERSONALITY:
        return {"business", "health", "intimate"}
    return {"business", recipe.sensitivity}
