"""Incremental training: the new examples, and a replay of old ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.datasets.examples.example import read_examples
from maverick_assets.errors import MaverickError
from maverick_assets.training.loop.adapter_job import training_examples, with_replay
from maverick_assets.training.spec import AdapterJobSpec
from maverick_assets_tests.training.specs import TRAIN, VALIDATION, job, run, specification


@pytest.fixture
def table(tmp_path: Path, write_examples: Any) -> Path:
    write_examples(tmp_path / "dataset", TRAIN + VALIDATION)
    return tmp_path / "dataset"


def test_incremental_training_takes_the_new_examples_and_as_many_old_ones(
    tiny_base: PreparedBase, table: Path, tmp_path: Path, write_examples: Any
) -> None:
    run(specification(tiny_base, job(table, 0, tmp_path / "parent")))
    new = [("train", "question 7", "answer 7"), ("train", "question 8", "answer 8")]
    version = write_examples(table, TRAIN + VALIDATION + new)
    child = job(
        table,
        version,
        tmp_path / "child",
        mode="incremental",
        parent_adapter=str(tmp_path / "parent" / "adapter"),
        parent_dataset_version=0,
    )
    chosen = training_examples(AdapterJobSpec.model_validate_json(json.dumps(child)), seed=0)
    assert [example.messages[1]["content"] for example in chosen[:2]] == [
        "question 7",
        "question 8",
    ]
    assert len({example.example_id for example in chosen}) == 4
    _, results = run(specification(tiny_base, child))
    assert results[0]["status"] == "trained"
    assert results[0]["n_examples"] == 4


def test_incremental_training_with_nothing_new_is_refused(table: Path) -> None:
    examples = read_examples(table, 0, "train")
    with pytest.raises(MaverickError, match="no new training example"):
        with_replay(examples, {example.example_id for example in examples}, 1.0, seed=0)


def test_replay_is_drawn_from_the_seed(table: Path) -> None:
    examples = read_examples(table, 0, "train")
    known = {example.example_id for example in examples[1:]}
    drawn = [with_replay(examples, known, 1.0, seed)[1].example_id for seed in (1, 1, 2, 3, 4, 5)]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) > 1
    assert [len(with_replay(examples, known, share, 0)) for share in (0, 2.4, 9)] == [1, 3, 6]
