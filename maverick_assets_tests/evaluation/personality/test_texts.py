"""What is read of a lake's datasets."""

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maverick_assets.datasets.examples.example import EXAMPLE_SCHEMA, Example
from maverick_assets.datasets.turns.turn import TURN_SCHEMA, Turn, turn_rows
from maverick_assets.evaluation.personality import texts
from maverick_assets.evaluation.personality.texts import private_classes, read_corpus
from maverick_assets.lake.delta import arrow_table, sync_table
from maverick_assets.lake.paths import dataset_path, turns_path
from maverick_assets.recipes import Recipe, load_recipes
from maverick_assets.settings import PACKAGED_PERSONALITIES
from maverick_assets_tests.datasets.example_template import EXAMPLE

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def recipes() -> dict[str, Recipe]:
    return load_recipes([PACKAGED_PERSONALITIES])


def example(number: int, personality: str = "robbie", **fields: object) -> Example:
    template = replace(
        EXAMPLE,
        example_id=f"{personality}-{number}",
        personality=personality,
        source="personality_samples",
        source_ids=[str(number)],
        occurred_at=START + timedelta(days=number),
    )
    return replace(template, **fields)


def write(lake: Path, examples: list[Example], turns: list[Turn]) -> None:
    for name in {each.personality for each in examples}:
        rows = [asdict(each) for each in examples if each.personality == name]
        sync_table(dataset_path(lake, name), arrow_table(rows, EXAMPLE_SCHEMA), "example_id")
    sync_table(turns_path(lake), arrow_table(turn_rows(turns), TURN_SCHEMA), "turn_id")


def turn(number: int, **fields: object) -> Turn:
    template = Turn(
        turn_id=f"personality_samples:{number}",
        source="personality_samples",
        source_ids=[str(number)],
        thread_id=str(number),
        author="owner",
        is_owner=True,
        occurred_at=START,
        text="",
    )
    return replace(template, **fields)


def test_texts_have_the_classes_of_their_turns_and_surrogates_are_names(
    tmp_path: Path, recipes: dict[str, Recipe]
) -> None:
    intimate = turn(0, personality="robbie", sensitivity="intimate", surrogate_words=["dana"])
    business = turn(1, personality="gatekeeper")
    write(tmp_path, [example(0, mood="joy"), example(1, "gatekeeper")], [intimate, business])
    corpus = read_corpus(tmp_path, recipes.values())
    by_name = {text.personality: text for text in corpus.texts}
    assert by_name["robbie"].classes == {"intimate"}
    assert by_name["robbie"].mood == "joy"
    assert by_name["robbie"].before == "Question 0"
    assert by_name["gatekeeper"].classes == set()
    assert corpus.mask("Dana") == "NAME"


def test_a_dataset_without_a_recipe_is_left_out(tmp_path: Path, recipes: dict[str, Recipe]) -> None:
    write(tmp_path, [example(0, "gone"), example(1)], [turn(0), turn(1)])
    assert {text.personality for text in read_corpus(tmp_path, recipes.values()).texts} == {
        "robbie"
    }


def test_of_many_texts_the_newest_are_taken(
    tmp_path: Path, recipes: dict[str, Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "MOST_TEXTS", 2)
    examples = [example(number, thread_id=str(number)) for number in range(5)]
    write(tmp_path, [*examples, example(9, split="test")], [turn(number) for number in range(10)])
    corpus = read_corpus(tmp_path, recipes.values())
    assert {text.thread for text in corpus.texts if text.split == "train"} == {"3", "4"}
    assert sum(text.split == "test" for text in corpus.texts) == 1


def test_a_lake_without_turns_or_datasets_has_no_texts(
    tmp_path: Path, recipes: dict[str, Recipe]
) -> None:
    assert read_corpus(tmp_path, recipes.values()).texts == []


@pytest.mark.parametrize(
    ("turns", "classes"),
    [
        ([{"personality": None, "sensitivity": None}], set()),
        ([{"personality": None, "sensitivity": "health+intimate"}], {"health", "intimate"}),
        ([{"personality": "health-monitor", "sensitivity": None}], {"health-monitor"}),
        ([{"personality": "gatekeeper", "sensitivity": None}], set()),
        ([{"personality": "somebody else's", "sensitivity": None}], set()),
        ([{"personality": "robbie", "sensitivity": "intimate"}, {}], {"intimate"}),
    ],
)
def test_classes_are_those_of_marks_and_else_of_the_personality_that_holds_such_words(
    turns: list[dict[str, str | None]], classes: set[str], recipes: dict[str, Recipe]
) -> None:
    assert private_classes(turns, recipes) == classes
