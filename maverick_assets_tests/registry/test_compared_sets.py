"""Which examples a candidate is compared on, and what the records say it may know of them."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from maverick_assets.datasets.examples.example import EXAMPLE_SCHEMA
from maverick_assets.lake.delta import arrow_table, sync_table
from maverick_assets.registry.compared_sets import N_TRAINED, ComparedSets, compared_sets
from maverick_assets.registry.manifest import ChainLink, Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.registry.versions import Version
from maverick_assets_tests.datasets.example_template import EXAMPLE
from maverick_assets_tests.registry.conftest import SUMMARY, AddVersion

Splits = Mapping[str, str]  # of each example, by the number of its thread
Commit = Callable[[Splits], int]
FIRST = {f"{at}": "train" for at in range(10)} | {
    "10": "validation",
    "11": "validation",
    "20": "test",
    "21": "test",
}
NEXT = FIRST | {"12": "validation", "22": "test", "30": "train", "31": "train"}


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return tmp_path / "dataset"


@pytest.fixture
def commit(dataset: Path) -> Commit:
    """Make the dataset hold these examples; its Delta version."""

    def committed(splits: Splits) -> int:
        words = {number: [dict(m) for m in EXAMPLE.messages] for number in splits}
        for number, messages in words.items():
            messages[-1]["content"] = f"Answer {number}"
        rows = [
            asdict(replace(EXAMPLE, example_id=n, source_ids=[n], thread_id=n, split=split))
            | {"messages": words[n]}
            for n, split in splits.items()
        ]
        return sync_table(dataset, arrow_table(rows, EXAMPLE_SCHEMA), "example_id").version

    return committed


Compare = Callable[..., ComparedSets]


@pytest.fixture
def compared(registry: Registry, dataset: Path, tmp_path: Path) -> Compare:
    def sets(
        candidate: Manifest, in_service: Manifest | None = None, **changes: Any
    ) -> ComparedSets:
        changed = candidate.model_copy(update=changes)
        return compared_sets(tmp_path / "models", dataset, changed, in_service)

    return sets


@pytest.fixture
def first(commit: Commit, add_version: AddVersion) -> Manifest:
    commit(FIRST)
    return add_version("v1.0").model_copy(update={"dataset_version": 0})


def test_the_first_version_is_compared_on_validation_and_on_the_test_set_that_it_freezes(
    first: Manifest, compared: Compare
) -> None:
    sets = compared(first)
    assert sets.newest == {"10", "11"}
    assert sets.frozen == {"20", "21"}
    assert sets.trained == {f"{at}" for at in range(10)}
    assert sets.new == frozenset()
    assert sets.provenance == ComparedSets().provenance


@pytest.mark.parametrize("kind", ["full", "incremental"])
def test_a_later_version_is_compared_on_todays_validation_and_on_the_same_frozen_set(
    first: Manifest, commit: Commit, compared: Compare, kind: str
) -> None:
    compared(first)
    number = commit(NEXT)
    ancestors = first.chain if kind == "incremental" else ()
    sets = compared(first, first, kind=kind, dataset_version=number, ancestors=ancestors)
    assert sets.newest == {"10", "11", "12"}
    assert sets.frozen == {"20", "21"}
    assert sets.new == {"30", "31"}


def test_a_major_version_is_compared_on_the_set_of_the_one_before_and_is_a_copy(
    first: Manifest, commit: Commit, compared: Compare, tmp_path: Path
) -> None:
    compared(first)
    major = {"version": Version(2, 0), "kind": "major", "parent": first.version}
    sets = compared(first, first, dataset_version=commit(NEXT), **major)
    assert sets.frozen == {"20", "21"}
    assert sets.provenance.is_copy
    assert (tmp_path / "models" / "robbie" / "test-v2.json").exists()
    other = dict.fromkeys(first.files, "another digest")
    assert not compared(first, first, files=other, **major).provenance.is_copy
    assert not compared(first, first, kind="full").provenance.is_copy


@pytest.mark.parametrize("learned_by", ["ancestor", "in service"])
def test_held_out_examples_that_an_earlier_version_learned_are_left_out(
    first: Manifest, commit: Commit, compared: Compare, learned_by: str
) -> None:
    """An older thread that is imported late may move the ones after it to another side."""
    compared(first)
    number = commit(NEXT | {"0": "validation", "1": "validation"})
    if learned_by == "ancestor":
        sets = compared(first, dataset_version=number, ancestors=first.chain)
    else:
        sets = compared(first, first, dataset_version=number)
    assert sets.newest == {"10", "11", "12"}
    assert sets.provenance.left_out == 2
    assert sets.provenance.overlap is None


def test_an_example_on_two_sides_of_its_own_dataset_is_named(
    first: Manifest, dataset: Path, compared: Compare
) -> None:
    rows = [
        asdict(replace(EXAMPLE, example_id=split, source_ids=["1"], split=split))
        for split in ("train", "test")
    ]
    version = sync_table(dataset, arrow_table(rows, EXAMPLE_SCHEMA), "example_id").version
    overlap = compared(first, dataset_version=version).provenance.overlap
    assert overlap == "thread t0 is both in test and in train"


def test_more_examples_than_its_training_split_has_are_counted(
    first: Manifest, compared: Compare
) -> None:
    for learned, surplus in ((10, 0), (12, 2)):
        training = SUMMARY.model_copy(update={"n_examples": learned})
        assert compared(first, training=training).provenance.surplus == surplus


def test_a_version_of_the_dataset_that_is_gone_is_named_and_nothing_counts_as_new(
    first: Manifest, commit: Commit, compared: Compare
) -> None:
    compared(first)
    number = commit(NEXT)
    gone = ChainLink(version=first.version, kind="full", fingerprint="f", dataset_version=99)
    in_service = first.model_copy(update={"ancestors": (gone,)})
    sets = compared(first, in_service, dataset_version=number)
    assert sets.provenance.unreadable == (99,)
    assert sets.new == frozenset()


def test_some_learned_examples_are_scored_and_mostly_the_same_ones_later(
    commit: Commit, add_version: AddVersion, compared: Compare
) -> None:
    many = FIRST | {f"m{at}": "train" for at in range(200)}
    version = add_version("v1.0")
    first = compared(version, dataset_version=commit(many)).trained
    later = compared(version, dataset_version=commit(many | {"n1": "train"})).trained
    assert len(first) == len(later) == N_TRAINED
    assert len(first & later) >= N_TRAINED - 1
