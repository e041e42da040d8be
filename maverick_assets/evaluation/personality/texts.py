"""The texts of all personalities, with what is known of them: what classifier and bleed test need.

Third parties have surrogates in a dataset. A surrogate is somebody's name all the same, and a
classifier that knew a personality by its clients would say nothing of how it writes: names become
one placeholder.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maverick_assets.datasets.examples.example import Example, read_examples
from maverick_assets.lake.delta import open_table, read_table
from maverick_assets.lake.paths import dataset_paths, turns_path
from maverick_assets.recipes import Recipe

MOST_TEXTS = 1000  # of one personality and split, the newest first: what a fit costs is bounded
_NAME = "NAME"
_COLUMNS = ["turn_id", "personality", "sensitivity", "surrogate_words"]
# Dana  don't  don\u2019t  well-known
WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
APOSTROPHE = "\u2019"  # as phones write it


@dataclass(frozen=True)
class Text:
    """An example: what a personality said, what was said before it, and whose words these are."""

    personality: str
    said: str  # the completion
    before: str  # all messages before it but the system prompt
    thread: str
    split: str  # train, validation or test
    mood: str | None = None
    mode: str | None = None
    classes: frozenset[str] = frozenset()  # private ones; none: business words


@dataclass(frozen=True)
class Corpus:
    """The texts of all datasets of a lake, and the words that are names in them."""

    texts: Sequence[Text]
    names: frozenset[str] = frozenset()  # words of surrogates, folded

    def mask(self, text: str) -> str:
        """`text` with one placeholder for each name."""
        if not self.names:
            return text
        return WORD.sub(lambda word: self._masked(word[0]), text)

    def _masked(self, word: str) -> str:
        """`Dana's` -> `NAME's`: what follows the name is the writer's."""
        name, apostrophe, ending = word.replace(APOSTROPHE, "'").partition("'")
        return f"{_NAME}{apostrophe}{ending}" if name.casefold() in self.names else word


def read_corpus(lake: Path, recipes: Collection[Recipe]) -> Corpus:
    """The newest version of each dataset. Recipes say which texts are private where no mark does.

    Datasets without a recipe are those of personalities that are gone; they are left out.
    """
    marks = _read_marks(lake)
    by_name = {recipe.name: recipe for recipe in recipes}
    texts: list[Text] = []
    names: set[str] = set()
    for path in dataset_paths(lake):
        table = open_table(path)
        if table is None or path.name not in by_name:
            continue
        examples = _newest(read_examples(path, table.version()))
        for example in examples:
            turns = [marks.get(f"{example.source}:{row_id}", {}) for row_id in example.source_ids]
            names.update(word for turn in turns for word in turn.get("surrogate_words") or ())
            texts.append(text_of(example, private_classes(turns, by_name)))
    return Corpus(texts, frozenset(names))


def text_of(example: Example, classes: frozenset[str] = frozenset()) -> Text:
    return Text(
        personality=example.personality,
        said=example.messages[-1]["content"],
        before="\n".join(message["content"] for message in example.messages[1:-1]),
        thread=example.thread_id,
        split=example.split,
        mood=example.mood,
        mode=example.mode,
        classes=classes,
    )


def private_classes(turns: Sequence[dict[str, Any]], recipes: dict[str, Recipe]) -> frozenset[str]:
    """The private classes that the marks of some turns name.

    A turn without a class may still be private: samples of a personality that holds such words
    (Health Monitor's: "Pressing feeling in my chest") are not marked one by one. The personality's
    name is their class.
    """
    classes: set[str] = set()
    for turn in turns:
        if turn.get("sensitivity"):
            classes.update(turn["sensitivity"].split("+"))
            continue
        recipe = recipes.get(turn.get("personality") or "")
        if recipe is not None and recipe.sensitivity != "internal":
            classes.add(recipe.name)
    return frozenset(classes)


def _newest(examples: Sequence[Example]) -> Iterator[Example]:
    """At most `MOST_TEXTS` of each split, the newest first."""
    taken: dict[str, int] = {}
    for example in sorted(examples, key=lambda each: each.occurred_at, reverse=True):
        count = taken[example.split] = taken.get(example.split, 0) + 1
        if count <= MOST_TEXTS:
            yield example


def _read_marks(lake: Path) -> dict[str, dict[str, Any]]:
    """Marks and surrogates' words of all turns; without the columns that an old table lacks."""
    table = open_table(turns_path(lake))
    if table is None:
        return {}
    existing = {field.name for field in table.schema().fields}
    columns = [name for name in _COLUMNS if name in existing]
    rows = read_table(turns_path(lake), columns=columns)
    return {row["turn_id"]: row for row in rows.to_pylist()} if rows else {}
