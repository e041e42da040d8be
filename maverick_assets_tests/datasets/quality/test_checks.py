"""The checks of a dataset, each with a dataset that it must refuse."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.examples.example import EXAMPLE_SCHEMA, Example
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.quality.checks import (
    CHECKS,
    check_dataset,
    foreign_example,
    kolmogorov_smirnov,
    length_drift,
    overlap_of_splits,
    too_few_examples,
    unsupervised_completion,
)
from maverick_assets.lake.delta import arrow_table, sync_table
from maverick_assets.lake.paths import dataset_path
from maverick_assets.recipes import Recipe, load_recipes
from maverick_assets_tests.datasets.example_template import EXAMPLE
from maverick_assets_tests.raw_tables import write_turns

LONG = "The pallets leave on Tuesday at nine and the carrier wants two people on the ramp by then."


def example(number: int, split: str = "train", answer: str = "", **fields: Any) -> Example:
    messages = [
        EXAMPLE.messages[0],
        Message(role="user", content=f"Question {number}"),
        Message(role="assistant", content=answer or f"Answer number {number}"),
    ]
    own = {"example_id": f"e{number}", "thread_id": f"t{number}", "messages": messages}
    return replace(EXAMPLE, split=split, **own | fields)


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return load_recipes()["gatekeeper"]


@pytest.fixture
def good() -> list[Example]:
    return [*(example(number) for number in range(20)), example(20, "validation")]


def test_every_check_runs_on_a_version_of_a_dataset_and_a_good_one_passes(
    recipe: Recipe, good: list[Example], tmp_path: Path
) -> None:
    owner = Owner(("allan@testpilot.example",), ("allan",))
    path = dataset_path(tmp_path, "gatekeeper")
    longer = [replace(each, n_tokens=90) for each in good]
    write_turns(tmp_path, good)
    for examples in (good, longer):
        rows = arrow_table([asdict(each) for each in examples], EXAMPLE_SCHEMA)
        sync_table(path, rows, "example_id")
    first = check_dataset(tmp_path, recipe, owner, 0, good)
    assert tuple(check.name for check in first) == CHECKS
    assert [check.problem for check in first] == [None] * len(CHECKS)
    second = check_dataset(tmp_path, recipe, owner, 1, longer)
    [warning] = [check for check in second if check.problem]
    assert (warning.name, warning.only_warns) == ("length_drift", True)
    assert "median 90 instead of 40" in (warning.problem or "")


def test_too_few_training_examples_and_a_missing_validation_split_are_reported(
    recipe: Recipe, good: list[Example]
) -> None:
    assert "3 train examples, fewer than 10" in (too_few_examples(recipe, good[:3]) or "")
    assert "no validation" in (too_few_examples(recipe, good[:-1]) or "")
    assert too_few_examples(recipe, good) is None


def test_a_completion_without_a_word_is_refused(good: list[Example]) -> None:
    assert (
        unsupervised_completion([*good, example(30, n_supervised=1)])
        == "example e30 supervises no word"
    )
    open_end = [Message(role="user", content="Still there?")]
    problem = unsupervised_completion([*good, example(31, messages=open_end)])
    assert problem == "example e31 ends with no completion"


def test_a_thread_in_two_splits_is_refused(good: list[Example]) -> None:
    problem = overlap_of_splits([*good, example(30, "validation", thread_id="t3")])
    assert problem == "thread t3 is both in train and in validation"


def test_feedback_outside_of_training_is_refused(good: list[Example]) -> None:
    problem = overlap_of_splits([*good, example(30, "validation", kind="feedback")])
    assert problem == "feedback e30 is held out; ratings are for training alone"


def test_a_validation_answer_that_training_quotes_is_refused_however_it_is_wrapped(
    good: list[Example],
) -> None:
    held_out = example(30, "validation", answer=LONG)
    quoting = [
        Message(role="system", content="You are Gatekeeper."),
        Message(role="user", content=f"You wrote:\n\n{LONG.upper().replace(' ', chr(10), 3)} So?"),
        Message(role="assistant", content="It is."),
    ]
    assert overlap_of_splits([*good, held_out]) is None
    problem = overlap_of_splits([*good, held_out, example(31, messages=quoting)])
    assert problem == "train example e31 holds the answer of the held-out e30"


def test_a_phrase_that_one_person_repeats_is_no_overlap(good: list[Example]) -> None:
    phrase = "Please let me know if you have any questions about this before the end of the week."
    mine = example(30, "validation", answer=f"{LONG} The second lorry comes later. {phrase}")
    theirs = example(31, answer=f"Thanks for the samples. {phrase}")
    assert overlap_of_splits([*good, mine, theirs]) is None


def test_an_example_of_another_personality_or_mode_is_refused(
    recipe: Recipe, good: list[Example]
) -> None:
    assert "is of robbie" in (
        foreign_example(recipe, [*good, example(30, personality="robbie")]) or ""
    )
    assert "mode intimate" in (foreign_example(recipe, [*good, example(30, mode="intimate")]) or "")
    assert foreign_example(recipe, good) is None


def test_lengths_drift_only_when_their_distribution_moves() -> None:
    assert length_drift([40] * 20, []) is None
    assert length_drift([38, 40, 42] * 9, [38, 40, 42] * 5) is None
    assert "Kolmogorov-Smirnov 1.00" in (length_drift([40] * 20, [90] * 20) or "")


def test_kolmogorov_smirnov_is_the_largest_distance_of_the_distributions() -> None:
    assert kolmogorov_smirnov([1, 2, 3, 4], [1, 2, 3, 4]) == 0
    assert kolmogorov_smirnov([1, 1, 1], [2, 2]) == 1
    assert kolmogorov_smirnov([1, 2, 3, 4], [3, 4, 5, 6]) == 0.5
