"""Preferences: answers of a personality that feedback rejects, with the ones that were wanted."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.examples.builder import ExampleFilter, prompt_of
from maverick_assets.datasets.examples.withheld import may_hold
from maverick_assets.datasets.pseudonyms.unlisted_names import KeepingText, UnlistedNames
from maverick_assets.datasets.secrets.find import find_secrets
from maverick_assets.datasets.turns.turn import Turn, read_turns
from maverick_assets.lake.delta import Commit, arrow_table, only_writer, row_hash, sync_table
from maverick_assets.lake.incremental import read_sources
from maverick_assets.lake.paths import preferences_path, turns_path
from maverick_assets.lake.schema import schema_of
from maverick_assets.recipes import Recipe


@dataclass(frozen=True)
class Preference:
    """A rejected answer. The fields have the order of the columns."""

    preference_id: str  # id of the turn that it is from
    personality: str
    messages: list[Message]  # the prompt
    chosen: str | None  # what should have been said; None where nobody said it
    rejected: str
    source_ids: list[str]
    occurred_at: datetime


PREFERENCE_SCHEMA = schema_of(Preference)


def build_preferences(
    recipe: Recipe, turns: Iterable[Turn], names: UnlistedNames | None = None
) -> list[Preference]:
    """The rejected answers of a personality; `names` replaces names of persons in them.

    One in a mood or mode that the recipe does not list is left out; its candidate says so.
    """
    rejections = [
        turn
        for turn in turns
        if turn.rejected and turn.personality == recipe.name and may_hold(recipe, turn)
        if prompt_of(recipe, turn) is not None
    ]
    texts = [_texts(turn) for turn in rejections]
    if names:
        keep = [frozenset(turn.surrogate_words) for turn in rejections]
        names.recognize(
            KeepingText(text, words)
            for of_turn, words in zip(texts, keep, strict=True)
            for text in of_turn
        )
        texts = [names.protect(*of_turn) for of_turn in zip(texts, keep, strict=True)]
    return [
        Preference(
            preference_id=turn.turn_id,
            personality=recipe.name,
            messages=[
                Message(role="system", content=recipe.prompt_for(turn.mood, turn.mode)),
                Message(role="user", content=prompt),
            ],
            chosen=chosen or None,
            rejected=rejected,
            source_ids=turn.source_ids,
            occurred_at=turn.occurred_at,
        )
        for turn, (prompt, chosen, rejected) in zip(rejections, texts, strict=True)
    ]


def refresh_preferences(
    lake: Path,
    recipe: Recipe,
    depends_on: Sequence[str] = (),
    example_filter: ExampleFilter | None = None,
) -> Commit:
    """Bring `preferences/<personality>` up to date with the feedback in `clean/turns`.

    A rejection whose prompt or answers hold a secret is left out. `depends_on`: as for
    `refresh_candidates`. The table is small, so any new rejection derives all of it again.
    """
    example_filter = example_filter or ExampleFilter()
    target = preferences_path(lake, recipe.name)
    path = turns_path(lake)
    with only_writer(target):
        cache_key = row_hash([recipe.model_dump(), *depends_on, *example_filter.cache_key])
        sources = read_sources(target, PREFERENCE_SCHEMA, {"turns": path}, cache_key)
        changes = sources.changed_rows({"turns": ["personality", "rejected"]})
        if changes is not None and not any(
            row["rejected"] and row["personality"] == recipe.name for row in changes["turns"]
        ):
            return sync_table(target, arrow_table([], PREFERENCE_SCHEMA), "preference_id", ())
        turns = read_turns(path, {"personality": [recipe.name]})
        safe = [turn for turn in turns if not find_secrets("\n".join(filter(None, _texts(turn))))]
        preferences = build_preferences(recipe, safe, example_filter.names)
        table = arrow_table([asdict(preference) for preference in preferences], PREFERENCE_SCHEMA)
        return sync_table(target, table, "preference_id", None, sources.state)


def _texts(turn: Turn) -> list[str]:
    """The prompt, what should have been said, and what should not."""
    return [turn.context or "", turn.text, turn.rejected or ""]
