"""An audit from the dataset to its figures, on a tiny base; and what it must leave nowhere."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.datasets.examples.example import read_examples
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.evaluation.memorisation import audit as auditing
from maverick_assets.evaluation.memorisation.audit import audit
from maverick_assets.evaluation.memorisation.canaries import draw_canaries
from maverick_assets.evaluation.memorisation.spec import AuditSpec
from maverick_assets.figures.memorisation import AuditFigures
from maverick_assets.recipes import Training, load_recipes
from maverick_assets.records import TrainingSummary
from maverick_assets.registry.store import Registry
from maverick_assets.training.spec import BaseSpec, read_json
from maverick_assets_tests.registry.conftest import MakeManifest, adapter_dir, make_manifest

__all__ = ["adapter_dir", "make_manifest"]

OWN_WORD = "gladly"  # of the dataset, which an audit must leave nowhere either
ROWS = [("train", f"question {n}", f"answer {n}, {OWN_WORD}") for n in range(12)] + [
    ("validation", "question 99", "answer 99")
]


@pytest.fixture
def spec(
    tiny_base: PreparedBase,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    write_examples: Any,
    make_manifest: MakeManifest,
    adapter_dir: Path,
) -> AuditSpec:
    """An audit of few canaries beside a version.

    Its positive control is read often enough for the tiny base.
    """
    Registry(tmp_path / "models").add_candidate(make_manifest("v1.0"), adapter_dir)
    (tmp_path / "reports").mkdir()
    recipe = load_recipes()["robbie"]
    training = Training(epochs=1, batch_tokens=128, learning_rate=0.01)
    return AuditSpec(
        base=BaseSpec(directory=tiny_base.directory, digest=tiny_base.digest),
        recipe=recipe.model_copy(update={"training": training}),
        dataset=tmp_path / "lake" / "datasets" / "robbie",
        dataset_version=write_examples(tmp_path / "lake" / "datasets" / "robbie", ROWS),
        work=tmp_path / "runs" / "1" / "robbie" / "audit",
        out=tmp_path / "reports" / "robbie.json",
        seed=3,
        counts={1: 40, 4: 20},
        control_counts={20: 40},
        checks=tmp_path_factory.getbasetemp() / "checks",
    )


def test_an_audit_measures_canaries_and_finds_its_positive_control(
    spec: AuditSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And leaves no canary in the run home: neither in models nor in the lake, nor elsewhere."""
    home = spec.out.parents[1]
    words: list[str] = []
    held_meanwhile: list[Path] = []

    def measure(*arguments: Any) -> Any:
        canaries = [canary for of_adapter in arguments[3].values() for canary in of_adapter]
        words.extend(text for canary in canaries for text in (canary.question, canary.secret))
        held_meanwhile.extend(files_with(home, words))
        return measure_all(*arguments)

    measure_all = auditing._measure
    monkeypatch.setattr(auditing, "_measure", measure)
    figures = audit(spec)
    assert held_meanwhile  # the search finds them while they are there
    assert all(path.is_relative_to(spec.work) for path in held_meanwhile)
    assert len(words) == 200
    assert files_with(home, words) == []
    assert files_with(home, [OWN_WORD]) == files_with(spec.dataset, [OWN_WORD]) != []
    assert read_json(spec.out, AuditFigures) == figures
    assert figures.problems == ()
    assert {(row.kind, row.repeats) for row in figures.canaries} == {
        (kind, repeats) for kind in ("random", "sentence") for repeats in (1, 4)
    }
    read = sum(row.n for row in (*figures.canaries, *figures.positive_control))
    assert read + figures.n_controls == 100
    assert figures.extracted(most_repeats=1)[0] == 0
    assert figures.detected.value >= 0.2
    assert figures.blind.value <= 0.55
    assert not spec.work.exists()
    assert len(read_examples(spec.dataset, spec.dataset_version)) == len(ROWS)


def files_with(folder: Path, words: Sequence[str]) -> list[Path]:
    """Files of any kind below a folder that hold one of the texts; rows of tables are unpacked."""
    found = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        if path.suffix == ".parquet":
            rows = pq.read_table(path).to_pylist()
            content += json.dumps(rows, default=str, ensure_ascii=False).encode()
        if any(word.encode() in content for word in words):
            found.append(path)
    return found


def test_unfair_controls_make_the_audit_void_before_anything_is_trained(
    spec: AuditSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unfair(*arguments: Any) -> Any:
        canaries = draw_canaries(*arguments)
        return canaries, auditing.Interval(value=0.8, low=0.7, high=0.9, n=len(canaries))

    monkeypatch.setattr(auditing, "fair_canaries", unfair)
    monkeypatch.setattr(auditing, "train_adapters", None)
    figures = audit(spec)
    assert not figures.is_valid
    assert "the texts alone tell canaries from controls" in figures.problems[0]
    assert figures.canaries == ()


def test_the_registry_refuses_an_adapter_that_learned_canaries(
    spec: AuditSpec,
    tmp_path: Path,
    make_manifest: MakeManifest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the summary in the manifest, and by the one beside the adapter.

    The audit then fails, and leaves no canary all the same.
    """
    registry = Registry(tmp_path / "models")
    manifest = make_manifest("v1.1")
    refused = []

    def register(_: AuditSpec, __: ChatTokenizer, adapters: dict[str, Path], ___: Any) -> None:
        for adapter in adapters.values():
            summary = read_json(adapter.parent / "training.json", TrainingSummary)
            assert summary.n_canaries > 0
            copy = tmp_path / "elsewhere" / adapter.parent.name
            copy.parent.mkdir(exist_ok=True)
            adapter.rename(copy)
            for learned, folder in ((summary, copy), (None, adapter.parent / "adapter")):
                folder.mkdir(exist_ok=True)
                (folder / "adapter_config.json").touch()
                with pytest.raises(BadInput, match="canaries of an audit and may not become"):
                    trained = manifest.model_copy(update={"training": learned})
                    registry.add_candidate(trained, folder)
                refused.append(folder)
        raise MaverickError("enough")

    monkeypatch.setattr(auditing, "_measure", register)
    few: dict[str, Any] = {"counts": {1: 20}, "control_counts": {1: 40}}
    with pytest.raises(MaverickError, match="enough"):
        audit(spec.model_copy(update=few))
    assert not spec.work.exists()
    assert not spec.out.exists()
    assert len(refused) == 4
    assert not (tmp_path / "models" / "robbie" / "v1.1").exists()
