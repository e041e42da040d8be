"""Curves that a run draws, read back as TensorBoard reads them."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.recipes import load_recipes
from maverick_assets.records import TrainingSummary
from maverick_assets.training.loop.adapter_state import AdapterStep
from maverick_assets.training.loop.curves import curves
from maverick_assets.training.loop.engine import StepReport
from maverick_assets.training.loop.reporting import Reporter, RunStatus
from maverick_assets.training.loop.run import run_training
from maverick_assets.training.spec import TrainingSpec

ROWS = [("train", f"question {number}", f"answer {number}, gladly") for number in range(8)] + [
    ("validation", f"question {number}", f"answer {number}, gladly") for number in range(8, 12)
]
NAMES = ("robbie", "gatekeeper")


@pytest.fixture
def spec(tiny_base: PreparedBase, tmp_path: Path, write_examples: Any) -> TrainingSpec:
    write_examples(tmp_path / "dataset", ROWS)
    jobs = []
    for name in NAMES:
        recipe = load_recipes()[name].model_dump(mode="json")
        recipe["training"] |= {"epochs": 2, "batch_tokens": 64}
        job = {"personality": name, "dataset": str(tmp_path / "dataset"), "dataset_version": 0}
        jobs.append(job | {"recipe": recipe, "out": str(tmp_path / "out" / name)})
    base = {"directory": str(tiny_base.directory), "digest": tiny_base.digest}
    content = {"base": base, "jobs": jobs, "curves": str(tmp_path / "curves")}
    return TrainingSpec.model_validate_json(json.dumps(content))


def read(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """(step, value) of each curve of a directory."""
    events = EventAccumulator(str(folder)).Reload()
    return {
        tag: [(event.step, event.value) for event in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }


def run(spec: TrainingSpec) -> tuple[list[str], list[Any]]:
    lines: list[str] = []
    results: list[Any] = []
    run_training(spec, Reporter(lines.append, results.append))
    return lines, results


def status(step: int, loss: float) -> RunStatus:
    steps = {"robbie": AdapterStep(step, 9, loss, 0.1, 2.0)}
    return RunStatus(StepReport(step, 9, steps, {}, 100.0, 1.0), 0.25, 500, None)


def no_log(line: str) -> None:
    raise AssertionError(line)


def test_event_files_hold_the_figures_of_training_json(spec: TrainingSpec, tmp_path: Path) -> None:
    run(spec)
    for name in NAMES:
        path = tmp_path / "out" / name / "training.json"
        summary = TrainingSummary.model_validate_json(path.read_bytes())
        assert summary.curves
        curves = read(Path(summary.curves) / name)
        assert [step for step, _ in curves["loss"]] == list(range(1, summary.steps + 1))
        losses = [loss for _, loss in summary.losses]
        assert [loss for _, loss in curves["loss"]] == pytest.approx(losses)
        for tag, expected in (
            ("loss", summary.losses),
            ("held_out_loss", summary.validation_losses),
        ):
            assert [step for step, _ in curves[tag]] == [step for step, _ in expected]
            values = [value for _, value in expected]
            assert [value for _, value in curves[tag]] == pytest.approx(values)
        rates = [rate for _, rate in curves["learning_rate"]]
        assert summary.learning_rate is not None
        assert max(rates) == pytest.approx(summary.learning_rate, rel=0.01)
        assert all(norm > 0 for _, norm in curves["gradient_norm"])
        of_run = read(Path(summary.curves))
        assert all(share > 0 for _, share in of_run["share_of_bound"])
        assert of_run["tokens_per_second"][-1][1] > 0
        assert of_run["peak_memory_mb"][-1][1] > 50
        assert summary.roofline_share is not None


def test_a_resumed_run_replaces_what_was_drawn_after_its_checkpoint(
    tmp_path: Path,
) -> None:
    for steps, loss in ((range(1, 7), 5.0), (range(4, 9), 3.0)):
        with curves(tmp_path, {}, no_log) as draw:
            for step in steps:
                draw(status(step, loss))
    expected = [(step, 5.0 if step < 4 else 3.0) for step in range(1, 9)]
    assert read(tmp_path / "robbie")["loss"] == expected
    assert len(read(tmp_path)["tokens_per_second"]) == 8


def test_training_continues_when_no_curves_can_be_drawn(spec: TrainingSpec, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    lines, results = run(spec.model_copy(update={"curves": tmp_path / "file" / "curves"}))
    assert [result["status"] for result in results] == ["trained", "trained"]
    assert [
        line for line in lines if "no curves in TensorBoard: " in line and "Not a directory" in line
    ]


def test_a_full_disk_ends_the_curves_alone(tmp_path: Path) -> None:
    code = (
        "import resource, sys; from pathlib import Path; "
        "from maverick_assets.training.loop.curves import curves; "
        "from maverick_assets_tests.training.loop.test_curves import status\n"
        "with curves(Path(sys.argv[1]), {}, print) as draw:\n"
        "    draw(status(1, 5.0))\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        "    for step in range(2, 500): draw(status(step, 5.0))\n"
        "print('trained')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.count("no curves in TensorBoard: ") == 1
    assert "File too large" in done.stdout
    assert done.stdout.endswith("trained\n")


TRAIN = (
    "import sys; from pathlib import Path; from maverick_assets.training.spec import *; "
    "from maverick_assets.training.loop.reporting import Reporter; "
    "from maverick_assets.training.loop.run import run_training\n"
    "run_training(read_json(Path(sys.argv[1]), TrainingSpec), Reporter(print, print))\n"
    "print('wandb' in sys.modules)"
)


def train(spec: TrainingSpec, path: Path, **environment: str) -> str:
    path.write_text(spec.model_dump_json())
    done = subprocess.run(
        [sys.executable, "-c", TRAIN, str(path)],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()[-1]


def test_without_a_key_weights_and_biases_is_not_even_imported(
    spec: TrainingSpec, tmp_path: Path
) -> None:
    assert train(spec, tmp_path / "spec.json") == "False"


def test_weights_and_biases_gets_the_curves_and_nothing_of_the_machine(
    spec: TrainingSpec, tmp_path: Path
) -> None:
    offline = {"WANDB_MODE": "offline", "WANDB_API_KEY": "0123456789" * 4}
    assert train(spec, tmp_path / "spec.json", **offline) == "True"
    assert spec.curves_of_run
    [kept] = spec.curves_of_run.glob("wandb/offline-run-*/run-*.wandb")
    content = kept.read_bytes()
    assert b"robbie/loss" in content
    assert b"gatekeeper/gradient_norm" in content
    assert b"share_of_bound" in content
    secrets = [str(Path(sys.executable).parent), offline["WANDB_API_KEY"], "gladly"]
    assert not [secret for secret in secrets if secret.encode() in content]
    assert len(read(spec.curves_of_run / "robbie")["loss"]) > 2
