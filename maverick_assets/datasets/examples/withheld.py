"""Turns that a personality may not hold: words of another one, and health or intimate words.

The rule stands here once, for examples and for rejected answers. What a dataset then holds is
checked by another path (`quality/foreign_words`).
"""

from collections import Counter
from pathlib import Path
from typing import Any

from maverick_assets.crm.schema import crm_table
from maverick_assets.datasets.turns.turn import Turn, require_classes
from maverick_assets.lake.delta import read_table
from maverick_assets.lake.paths import turns_path
from maverick_assets.recipes import Recipe

# Tables whose rows are made for one personality, by a person who chose it.
_CURATED = frozenset({crm_table("sample").name, crm_table("feedback").name})


def why_withheld(
    recipe: Recipe, source: str, personality: str | None, sensitivity: str | None
) -> str | None:
    """Why a personality may not hold a turn; None where it may.

    A turn that names a personality is that one's alone. A turn with a class is for the
    personalities that hold the class (see `Recipe.sensitivity`), and one with two classes must be
    allowed by both.
    """
    if personality not in (None, recipe.name):
        return "words of another personality"
    classes = sensitivity.split("+") if sensitivity else []
    is_own_sample = personality == recipe.name and source in _CURATED
    if is_own_sample and recipe.sensitivity != "internal":
        return None
    foreign = [name for name in classes if name != recipe.sensitivity]
    return f"{' and '.join(foreign)} words" if foreign else None


def may_hold(recipe: Recipe, turn: Turn) -> bool:
    """Whether the words of a turn may become the personality's."""
    return why_withheld(recipe, turn.source, turn.personality, turn.sensitivity) is None


def count_withheld(lake: Path, recipe: Recipe) -> Counter[str]:
    """By reason, how many turns of the recipe's sources are withheld from it.

    Raises `MaverickError` for turns of an earlier release.
    """
    filters = {name for source in recipe.sources for name in source.filter}
    columns = sorted({"source", "personality", "sensitivity"} | filters)
    tables = {source.table for source in recipe.sources}
    require_classes(turns_path(lake))
    turns = read_table(turns_path(lake), columns=columns, where={"source": tables})
    rows: list[dict[str, Any]] = turns.to_pylist() if turns else []
    reasons = (
        why_withheld(recipe, row["source"], row["personality"], row["sensitivity"])
        for row in rows
        if any(_is_read(row, source.table, source.filter) for source in recipe.sources)
    )
    return Counter(reason for reason in reasons if reason)


def _is_read(row: dict[str, Any], table: str, wanted: dict[str, str]) -> bool:
    return row["source"] == table and all(row[name] == value for name, value in wanted.items())
