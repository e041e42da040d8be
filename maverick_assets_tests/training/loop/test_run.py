"""A run trains the jobs of a spec, writes their adapters and reports their results."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.errors import MaverickError
from maverick_assets.records import TrainingSummary
from maverick_assets_tests.training.specs import TRAIN, VALIDATION, job, run, specification


@pytest.fixture
def table(tmp_path: Path, write_examples: Any) -> Path:
    write_examples(tmp_path / "dataset", TRAIN + VALIDATION)
    return tmp_path / "dataset"


def test_each_job_is_trained_and_reported(
    tiny_base: PreparedBase, table: Path, tmp_path: Path
) -> None:
    jobs = [job(table, 0, tmp_path / "one"), job(table, 0, tmp_path / "two", personality="robbie")]
    lines, results = run(specification(tiny_base, *jobs))
    assert [result["status"] for result in results] == ["trained", "trained"]
    assert results[1]["personality"] == "robbie"
    assert any("loss allan-maverick" in line and "% of roofline" in line for line in lines)
    summary = TrainingSummary.model_validate_json((tmp_path / "one/training.json").read_bytes())
    assert summary.n_examples == len(TRAIN)
    assert summary.steps == len(summary.losses) > 2
    assert 0 < summary.n_supervised < summary.n_tokens
    assert summary.base_digest == tiny_base.digest
    names = sorted(path.name for path in (tmp_path / "one" / "adapter").iterdir())
    assert names == ["adapter_config.json", "adapter_model.safetensors"]


def test_a_job_without_examples_is_refused_and_the_others_are_trained(
    tiny_base: PreparedBase, table: Path, tmp_path: Path, write_examples: Any
) -> None:
    write_examples(tmp_path / "empty", VALIDATION)
    _, results = run(
        specification(
            tiny_base,
            job(tmp_path / "empty", 0, tmp_path / "one"),
            job(tmp_path / "nowhere", 0, tmp_path / "two"),
            job(table, 0, tmp_path / "three"),
        )
    )
    assert [result["status"] for result in results] == ["refused", "refused", "trained"]
    assert "has no training example at version 0" in results[0]["reason"]
    assert not (tmp_path / "one").exists()
    assert (tmp_path / "three" / "training.json").is_file()


def test_an_adapter_that_cannot_be_written_is_refused(
    tiny_base: PreparedBase, table: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    _, results = run(specification(tiny_base, job(table, 0, tmp_path / "file" / "out")))
    assert results[0]["status"] == "refused"
    assert "cannot write" in results[0]["reason"]


def test_a_corrupt_base_stops_the_run(tiny_base: PreparedBase, table: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(tiny_base.directory, tmp_path / "copy"))
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    broken = PreparedBase(copy, tiny_base.digest, None)
    with pytest.raises(MaverickError, match="holds another base model"):
        run(specification(broken, job(table, 0, tmp_path / "out")))


def test_cached_tokens_give_the_same_adapter(
    tiny_base: PreparedBase, table: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "tokens"
    adapters = []
    for number, tokens in enumerate((None, str(kept), str(kept))):
        out = tmp_path / str(number)
        run(specification(tiny_base, job(table, 0, out)) | {"tokens": tokens})
        adapters.append((out / "adapter" / "adapter_model.safetensors").read_bytes())
    assert len(set(adapters)) == 1
    assert len(json.loads((kept / "dataset.json").read_text().split("\n")[1])) == 7
