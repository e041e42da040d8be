"""A run home with tiny datasets and versions, and functions in place of child processes."""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.examples.example import EXAMPLE_SCHEMA, Example
from maverick_assets.lake.delta import arrow_table, sync_table
from maverick_assets.lake.paths import dataset_path
from maverick_assets.pipeline import evaluate, memorisation, release
from maverick_assets.pipeline.base import prepare as base_model
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.settings import Settings
from maverick_assets_tests.audits import FakeAudit
from maverick_assets_tests.datasets.example_template import EXAMPLE
from maverick_assets_tests.pipeline.child_processes import FakeEvaluation, FakeExport
from maverick_assets_tests.raw_tables import write_turns
from maverick_assets_tests.recording_log import RecordingLog
from maverick_assets_tests.registry.conftest import (
    adapter_dir,
    add_version,
    make_manifest,
    parity,
    registry,
)
from maverick_assets_tests.training.conftest import tiny_base

__all__ = ["adapter_dir", "add_version", "make_manifest", "registry", "tiny_base"]

WriteDataset = Callable[..., int]


@pytest.fixture
def log() -> RecordingLog:
    return RecordingLog()


@pytest.fixture
def run(tmp_path: Path, log: RecordingLog, monkeypatch: pytest.MonkeyPatch) -> RunContext:
    """A run whose base model is unpacked already; its registry is that of the other fixtures."""
    base = PreparedBase(tmp_path / "base", "b", None)
    monkeypatch.setattr(base_model, "find_base", lambda _settings: base)
    return RunContext(Settings(home=tmp_path), "run", log)


@pytest.fixture
def write_dataset(run: RunContext) -> WriteDataset:
    """Make a personality's dataset hold so many examples of each split; its Delta version."""

    def write(
        personality: str = "robbie", train: int = 12, validation: int = 3, test: int = 0
    ) -> int:
        counts = {"train": train, "validation": validation, "test": test}
        splits = [split for split, count in counts.items() for _ in range(count)]
        examples = [_example(personality, split, at) for at, split in enumerate(splits)]
        write_turns(run.settings.lake, examples)
        rows = [asdict(example) for example in examples]
        path = dataset_path(run.settings.lake, personality)
        return sync_table(path, arrow_table(rows, EXAMPLE_SCHEMA), "example_id").version

    return write


def _example(personality: str, split: str, number: int) -> Example:
    key = f"{split} {number}"
    messages = [
        Message(role="system", content="You are here."),
        Message(role="user", content=f"Question {number}?"),
        Message(role="assistant", content=f"Answer {number}."),
    ]
    return replace(
        EXAMPLE,
        example_id=key,
        personality=personality,
        kind="sample",
        messages=messages,
        source="personality_samples",
        source_ids=[key],
        thread_id=key,
        occurred_at=EXAMPLE.occurred_at + timedelta(days=number),
        split=split,
    )


@pytest.fixture
def evaluation(monkeypatch: pytest.MonkeyPatch) -> FakeEvaluation:
    fake = FakeEvaluation()
    monkeypatch.setattr(evaluate, "run_module", fake)
    return fake


@pytest.fixture
def audits(monkeypatch: pytest.MonkeyPatch) -> FakeAudit:
    fake = FakeAudit()
    monkeypatch.setattr(memorisation, "run_module", fake)
    return fake


@pytest.fixture
def export(run: RunContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeExport:
    def attach(personality: str, version: str, agrees: bool) -> None:
        (tmp_path / "x.gguf").write_bytes(b"GGUF")
        run.registry.record_parity(personality, version, parity(agrees))
        run.registry.attach(personality, version, tmp_path / "x.gguf", "adapter.gguf")

    fake = FakeExport(attach)
    monkeypatch.setattr(release, "run_module", fake)
    return fake
