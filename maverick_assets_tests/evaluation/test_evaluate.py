"""Evaluation of an adapter: its metrics, the gates' decision and a report to read."""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.examples.example import EXAMPLE_SCHEMA, read_examples
from maverick_assets.datasets.turns.turn import TURN_SCHEMA, Turn, turn_rows
from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.collect import Candidate, read_candidate
from maverick_assets.evaluation.evaluate import evaluate
from maverick_assets.evaluation.evidence import Arm, pick_evenly
from maverick_assets.evaluation.loaded_base import LoadedBase, load_base
from maverick_assets.evaluation.report import smoothed
from maverick_assets.evaluation.scoring import PackedScorer
from maverick_assets.evaluation.spec import EvaluationSpec
from maverick_assets.evaluation.text.skills import skill_questions
from maverick_assets.lake.delta import arrow_table, sync_table
from maverick_assets.lake.paths import dataset_path, turns_path
from maverick_assets.recipes import load_recipes
from maverick_assets.records import GateDecision, Metrics
from maverick_assets.training.kernels.packing import Document
from maverick_assets.training.loop.reporting import Reporter
from maverick_assets.training.loop.run import run_training
from maverick_assets.training.spec import BaseSpec, TrainingSpec
from maverick_assets_tests.datasets.example_template import EXAMPLE

ROWS = [("train", f"question {n}", "the answer is always tea") for n in range(8)] + [
    ("validation", f"question {n}", "the answer is always tea") for n in range(8, 15)
]

# Answers to general questions, which base and candidate are scored on.
GENERAL = sum(len(question.answers) for question in skill_questions())


def job(dataset: Path, out: Path) -> dict[str, Any]:
    recipe = load_recipes()["robbie"].model_dump(mode="json")
    recipe["training"] |= {"epochs": 8, "batch_tokens": 96, "learning_rate": 0.02}
    return {
        "personality": "robbie",
        "dataset": str(dataset),
        "dataset_version": 0,
        "recipe": recipe,
        "out": str(out),
    }


@pytest.fixture(scope="module")
def trained(
    tiny_base: PreparedBase, tmp_path_factory: pytest.TempPathFactory, write_examples: Any
) -> Path:
    """A folder with a dataset, and with an adapter that was trained on it."""
    folder = tmp_path_factory.mktemp("trained")
    write_examples(folder / "dataset", ROWS)
    base = {"directory": str(tiny_base.directory), "digest": tiny_base.digest}
    training = {"base": base, "jobs": [job(folder / "dataset", folder / "trained")]}
    run_training(
        TrainingSpec.model_validate_json(json.dumps(training)),
        Reporter(lambda _: None, lambda _: None),
    )
    return folder


@pytest.fixture(scope="module")
def loaded(tiny_base: PreparedBase) -> LoadedBase:
    return load_base(BaseSpec(directory=tiny_base.directory, digest=tiny_base.digest))


@pytest.fixture
def spec(trained: Path, tmp_path: Path) -> dict[str, Any]:
    """The evaluation of the adapter on seven validation examples; its summary is a copy."""
    shutil.copy(trained / "trained" / "training.json", tmp_path)
    return {
        "personality": "robbie",
        "dataset": str(trained / "dataset"),
        "dataset_version": 0,
        "adapter": str(trained / "trained" / "adapter"),
        "max_length": 512,
        "gates": {"max_perplexity_ratio": 0.9},
        "training": str(tmp_path / "training.json"),
        "out": str(tmp_path / "report"),
        "answers_each": 5,
        "samples": 5,
        "split": "validation",
    }


Run = Callable[..., Metrics]


@pytest.fixture
def run(loaded: LoadedBase) -> Run:
    """Evaluates a spec with changes."""

    def evaluated(spec: dict[str, Any], **changes: Any) -> Metrics:
        wanted = EvaluationSpec.model_validate_json(json.dumps(spec | changes))
        [(_, result)] = evaluate([wanted], loaded)
        if isinstance(result, str):
            raise MaverickError(result)
        return result.metrics

    return evaluated


def test_an_evaluation_can_be_of_some_examples_of_a_split_only(
    spec: dict[str, Any], run: Run
) -> None:
    chosen = read_examples(Path(spec["dataset"]), 0, "validation")[:3]
    metrics = run(spec, example_ids=[example.example_id for example in chosen], samples=1)
    assert metrics.n_examples == 3
    with pytest.raises(MaverickError, match="no validation example"):
        run(spec, example_ids=["of another dataset"])


def test_an_evaluation_writes_a_readable_report(spec: dict[str, Any], run: Run) -> None:
    metrics = run(spec)
    out = Path(spec["out"])
    assert sorted(path.name for path in out.iterdir()) == [
        "gate.json",
        "loss.png",
        "metrics.json",
        "report.md",
        "samples.json",
    ]
    assert Metrics.model_validate_json((out / "metrics.json").read_bytes()) == metrics
    assert metrics.n_examples == 7
    assert metrics.adapter.perplexity < metrics.base.perplexity
    assert metrics.ratio == pytest.approx(metrics.adapter.perplexity / metrics.base.perplexity)
    samples = json.loads((out / "samples.json").read_text())
    assert len(samples) == 5
    assert all(sample["real"] == "the answer is always tea" for sample in samples)
    report = (out / "report.md").read_text()
    assert f"{metrics.adapter.perplexity:.2f}" in report
    assert "below the limit" in report


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """Two personalities: one talks of tea, as the adapter was trained to, the other of money."""
    sayings = {"robbie": "the answer is always tea", "business-mentor": "count your money first"}
    for name, said in sayings.items():
        rows = [
            replace(
                EXAMPLE,
                example_id=f"{name}-{number}",
                personality=name,
                thread_id=str(number),
                messages=[
                    Message(role="user", content=f"question {number}"),
                    Message(role="assistant", content=f"{said} {number}"),
                ],
                split="train" if number < 25 else "validation",
            )
            for number in range(30)
        ]
        table = arrow_table([asdict(row) for row in rows], EXAMPLE_SCHEMA)
        sync_table(dataset_path(tmp_path / "lake", name), table, "example_id")
    return tmp_path / "lake"


def test_who_is_heard_in_the_answers_is_measured_where_there_is_a_lake(
    spec: dict[str, Any], run: Run, lake: Path
) -> None:
    assert run(spec).personality is None
    figures = run(spec, lake=str(lake)).personality
    assert figures is not None and figures.consistency is not None
    assert sum(figures.consistency.heard.values()) == 5
    assert figures.consistency.voices == ("a machine", "business-mentor", "robbie")
    assert figures.consistency.own.value == 1
    assert figures.drift is None and figures.wordings is None


def test_a_thorough_evaluation_holds_conversations(
    spec: dict[str, Any], run: Run, lake: Path
) -> None:
    figures = run(spec, lake=str(lake), thorough=True).personality
    assert figures is not None
    assert figures.drift is not None and figures.drift.late.n == 5
    assert figures.wordings is not None and figures.wordings.agreement.n == 4


def test_the_prompt_pack_knows_the_surrogates_of_its_lake(
    spec: dict[str, Any], loaded: LoadedBase, tmp_path: Path
) -> None:
    turn = Turn(
        turn_id="crm_emails:1",
        source="crm_emails",
        source_ids=["1"],
        thread_id="1",
        author="owner",
        is_owner=True,
        occurred_at=EXAMPLE.occurred_at,
        text="Zorvane -",
        surrogate_words=["zorvane"],
    )
    rows = arrow_table(turn_rows([turn]), TURN_SCHEMA)
    sync_table(turns_path(tmp_path / "lake"), rows, "turn_id")
    wanted = spec | {"lake": str(tmp_path / "lake"), "thorough": True}
    candidate = read_candidate(EvaluationSpec.model_validate_json(json.dumps(wanted)), loaded)
    assert candidate.pack.names == {"zorvane"}


def test_a_lake_that_cannot_be_read_stops_no_evaluation(
    spec: dict[str, Any], run: Run, lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in dataset_path(lake, "robbie").glob("*.parquet"):
        file.write_bytes(b"no parquet")
    assert run(spec, lake=str(lake)).personality is None
    assert "who is heard in the answers is not measured" in capsys.readouterr().out


def test_the_report_says_what_the_gates_decided_and_nothing_else(
    spec: dict[str, Any], run: Run
) -> None:
    for limit, words in ((0.9, "Passed."), (0.001, "Not passed")):
        run(spec, gates={"max_perplexity_ratio": limit})
        out = Path(spec["out"])
        gate = GateDecision.model_validate_json((out / "gate.json").read_bytes())
        report = (out / "report.md").read_text()
        section = report.partition("## Gates\n\n")[2].partition("\n\n## ")[0]
        assert section.startswith(words)
        assert [line for line in section.splitlines() if line.startswith("- ")] == [
            f"- {reason}" for reason in gate.reasons
        ]
        assert gate.passed is (words == "Passed.")


def test_the_loss_picture_of_a_long_training_is_small(spec: dict[str, Any], run: Run) -> None:
    summary = json.loads(Path(spec["training"]).read_text())
    rng = random.Random(1)
    summary["losses"] = [(step, 3 + rng.random()) for step in range(1, 3001)]
    Path(spec["training"]).write_text(json.dumps(summary))
    run(spec)
    picture = Path(spec["out"]) / "loss.png"
    assert picture.stat().st_size < 50_000
    with Image.open(picture) as image:
        assert image.format == "PNG"


def test_the_version_in_service_is_scored_on_the_same_examples(
    spec: dict[str, Any], run: Run
) -> None:
    metrics = run(spec, in_service_adapter=spec["adapter"], training=None)
    assert metrics.in_service == metrics.adapter


def test_an_evaluation_repeats_exactly(spec: dict[str, Any], run: Run) -> None:
    first = run(spec)
    samples = (Path(spec["out"]) / "samples.json").read_bytes()
    second = run(spec)
    assert (first.base, first.adapter) == (second.base, second.adapter)
    assert (Path(spec["out"]) / "samples.json").read_bytes() == samples


def test_two_threads_measure_what_one_does(
    spec: dict[str, Any], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluated = []
    for threads in ("2", "1"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        metrics = run(spec)
        samples = json.loads((Path(spec["out"]) / "samples.json").read_text())
        evaluated.append((metrics.base, metrics.adapter, samples))
    assert evaluated[0] == evaluated[1]


def test_an_empty_split_is_named_and_nothing_is_written(spec: dict[str, Any], run: Run) -> None:
    with pytest.raises(MaverickError, match="no test example at version 0"):
        run(spec, split="test")
    assert not Path(spec["out"]).exists()


def command(base: LoadedBase, folder: Path, *specs: dict[str, Any]) -> list[dict[str, Any]]:
    """The results that the evaluation process prints for some specs."""
    path = folder / "spec.json"
    path.write_text(json.dumps({"base": base.spec.model_dump(mode="json"), "evaluations": specs}))
    done = subprocess.run(
        [sys.executable, "-m", "maverick_assets.evaluation.evaluate", str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def test_one_process_evaluates_several_adapters_and_one_that_fails_stops_no_other(
    spec: dict[str, Any], loaded: LoadedBase, tmp_path: Path, run: Run
) -> None:
    alone = run(spec)
    missing = spec | {
        "personality": "allan",
        "adapter": str(tmp_path / "nowhere"),
        "out": str(tmp_path / "allan"),
    }
    again = spec | {"personality": "mentor", "out": str(tmp_path / "mentor")}
    results = command(loaded, tmp_path, missing, again)
    problem = f"{tmp_path / 'nowhere'} holds no adapter; train it first"
    assert results == [
        {"personality": "allan", "problem": problem},
        {"personality": "mentor", "problem": None},
    ]
    metrics = Metrics.model_validate_json((tmp_path / "mentor" / "metrics.json").read_bytes())
    assert (metrics.base, metrics.adapter) == (alone.base, alone.adapter)
    assert not (tmp_path / "allan").exists()


@pytest.mark.parametrize("failing", ["allan", "mentor"])
def test_one_whose_prompts_cannot_be_answered_stops_no_other(
    spec: dict[str, Any],
    loaded: LoadedBase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failing: str,
) -> None:
    prompts = Candidate.prompts

    def refused(candidate: Candidate, arm: Arm) -> list[list[Message]]:
        if candidate.spec.personality == failing:
            raise ValueError("no prompt")
        return prompts(candidate, arm)

    monkeypatch.setattr(Candidate, "prompts", refused)
    wanted = [
        EvaluationSpec.model_validate_json(
            json.dumps(spec | {"personality": name, "out": str(tmp_path / name)})
        )
        for name in ("allan", "mentor")
    ]
    results = {of.personality: result for of, result in evaluate(wanted, loaded)}
    assert results.pop(failing) == "ValueError: no prompt"
    [other] = results.values()
    assert not isinstance(other, str)


def test_samples_are_evenly_spaced_in_time(spec: dict[str, Any]) -> None:
    examples = read_examples(Path(spec["dataset"]), 0)
    ordered = sorted(examples, key=lambda example: example.occurred_at)
    assert pick_evenly(examples, 5) == [ordered[at] for at in (0, 4, 7, 10, 14)]
    assert pick_evenly(examples[:3], 5) == sorted(
        examples[:3], key=lambda example: example.occurred_at
    )
    assert len(pick_evenly(examples, 1)) == 1


def test_smoothing_keeps_a_level_curve_level() -> None:
    assert smoothed([2.0] * 5) == pytest.approx([2.0] * 5)
    assert smoothed([]) == []


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many examples of all models each evaluation scored."""
    counts: list[int] = []
    compute = PackedScorer.losses

    def counting(scorer: PackedScorer, documents: Sequence[Document]) -> list[float]:
        counts.append(len(documents))
        return compute(scorer, documents)

    monkeypatch.setattr(PackedScorer, "losses", counting)
    return counts


def test_losses_that_were_kept_are_those_that_would_be_computed(
    spec: dict[str, Any], run: Run, scored: list[int], tmp_path: Path
) -> None:
    anew = run(spec, in_service_adapter=spec["adapter"])
    everything = 14 + 2 * GENERAL
    assert scored == [everything]  # the adapter in service is the candidate: once
    kept = {"losses": str(tmp_path / "losses" / "robbie.json")}
    first = run(spec, **kept)
    again = run(spec, in_service_adapter=spec["adapter"], **kept)
    assert scored == [everything, everything]
    for metrics in (first, again):
        assert (metrics.base, metrics.adapter) == (anew.base, anew.adapter)
    assert again.in_service == anew.in_service


def test_a_night_scores_new_examples_and_the_new_adapter_alone(
    spec: dict[str, Any],
    run: Run,
    scored: list[int],
    tmp_path: Path,
) -> None:
    kept = {"losses": str(tmp_path / "losses" / "robbie.json")}
    ids = [e.example_id for e in read_examples(Path(spec["dataset"]), 0, "validation")]
    run(spec, example_ids=ids[:6], **kept)
    tonight = Path(shutil.copytree(spec["adapter"], tmp_path / "tonight"))
    (tonight / "adapter_config.json").write_text(
        (tonight / "adapter_config.json").read_text() + "\n"
    )
    scored.clear()
    night = {"adapter": str(tonight), "in_service_adapter": spec["adapter"]}
    metrics = run(spec, **night, **kept)
    # The new example under both old models, everything under the new one.
    assert scored == [9 + GENERAL]
    anew = run(spec, **night)
    assert (metrics.base, metrics.in_service, metrics.adapter) == (
        anew.base,
        anew.in_service,
        anew.adapter,
    )


def test_losses_that_other_fast_paths_computed_are_not_used(
    spec: dict[str, Any], run: Run, scored: list[int], tmp_path: Path
) -> None:
    kept = {"losses": str(tmp_path / "losses" / "robbie.json"), "checks": str(tmp_path / "checks")}
    run(spec, **kept)
    [check] = (tmp_path / "checks").glob("*.json")
    found = json.loads(check.read_text())
    check.write_text(json.dumps(found | {"paths": found["paths"] | {"norms": False}}))
    scored.clear()
    run(spec, **kept)
    assert scored == [14 + 2 * GENERAL]
    run(spec, **kept)
    assert scored == [14 + 2 * GENERAL]
