import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dagster import (
    AssetExecutionContext,
    MaterializeResult,
    PipesSubprocessClient,
    asset,
    materialize,
)

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.errors import MaverickError
from maverick_assets.recipes import load_recipes
from maverick_assets.records import TrainingSummary
from maverick_assets.training.loop.reporting import Reporter
from maverick_assets.training.loop.run import run_training
from maverick_assets.training.spec import TrainingSpec

TRAIN = [("train", f"question {number}", f"answer {number}, gladly") for number in range(6)]
VALIDATION = [("validation", "question 9", "answer 9")]


def job(table: Path, version: int, out: Path, **changes: Any) -> dict[str, Any]:
    recipe = load_recipes()["allan-maverick"].model_dump(mode="json")
    recipe["training"] |= {"epochs": 2, "batch_tokens": 64, **changes.pop("training", {})}
    return {
        "personality": "allan-maverick",
        "dataset": str(table),
        "dataset_version": version,
        "recipe": recipe,
        "out": str(out),
        "mode": "full",
        "parent_adapter": None,
        "parent_dataset_version": None,
    } | changes


def specification(base: PreparedBase, *jobs: dict[str, Any]) -> dict[str, Any]:
    return {"base": {"directory": str(base.directory), "digest": base.digest}, "jobs": list(jobs)}


def run(spec: dict[str, Any]) -> tuple[list[str], list[dict[str, Any]]]:
    lines: list[str] = []
    results: list[Any] = []
    run_training(
        TrainingSpec.model_validate_json(json.dumps(spec)), Reporter(lines.append, results.append)
    )
    return lines, results


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


def test_a_job_without_examples_is_refused_and_the_others_go_on(
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


def driver(spec: Path) -> list[str]:
    return [sys.executable, "-m", "maverick_assets.training.driver", str(spec)]


def test_without_dagster_the_driver_prints_its_results(
    tiny_base: PreparedBase, table: Path, tmp_path: Path
) -> None:
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps(specification(tiny_base, job(table, 0, tmp_path / "out"))))
    done = subprocess.run(driver(spec), capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert json.loads(done.stdout.splitlines()[-1])["status"] == "trained"


def test_under_dagster_the_driver_reports_custom_messages(
    tiny_base: PreparedBase, table: Path, tmp_path: Path
) -> None:
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps(specification(tiny_base, job(table, 0, tmp_path / "out"))))
    messages: list[Any] = []

    @asset
    def adapter(context: AssetExecutionContext) -> MaterializeResult:
        session = PipesSubprocessClient().run(context=context, command=driver(spec))
        messages.extend(session.get_custom_messages())
        return session.get_materialize_result()

    assert materialize([adapter]).success
    assert [message["status"] for message in messages] == ["trained"]
    assert messages[0]["out"] == str(tmp_path / "out")


def test_a_bad_spec_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    spec = tmp_path / "spec.json"
    spec.write_text('{"base": {}}')
    done = subprocess.run(driver(spec), capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == f"error: {spec}: base.directory: Field required\n"


def test_a_corrupt_base_stops_the_driver(
    tiny_base: PreparedBase, table: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(tiny_base.directory, tmp_path / "copy"))
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    broken = PreparedBase(copy, tiny_base.digest, None)
    with pytest.raises(MaverickError, match="holds another base model"):
        run(specification(broken, job(table, 0, tmp_path / "out")))


def test_sigterm_ends_the_driver_and_leaves_nothing(
    tiny_base: PreparedBase, table: Path, tmp_path: Path
) -> None:
    out = tmp_path / "results" / "out"
    spec = tmp_path / "spec.json"
    endless = job(table, 0, out, training={"epochs": 100_000})
    spec.write_text(json.dumps(specification(tiny_base, endless)))
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        driver(spec), stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout
        assert any("step 1/" in line for line in process.stdout)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 128 + signal.SIGTERM
    assert not out.parent.exists() or list(out.parent.iterdir()) == []


def test_with_tokens_that_are_kept_the_adapter_is_the_same(
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
