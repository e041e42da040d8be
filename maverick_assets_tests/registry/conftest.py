"""A registry of tiny versions."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from maverick_assets.figures.response import ResponseTimes, Speed
from maverick_assets.records import (
    GateDecision,
    Metrics,
    ParityDecision,
    Score,
    TrainingSummary,
)
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.recorded_recipe import RecordedRecipe
from maverick_assets.registry.store import Registry
from maverick_assets.registry.versions import Version

PASSED = GateDecision(passed=True, decided_at=datetime(2026, 11, 1, tzinfo=UTC))
SCORES = Metrics(
    split="validation",
    n_examples=9,
    n_supervised=90,
    base=Score(loss=4.0, perplexity=54.321),
    adapter=Score(loss=3.0, perplexity=12.3),
    ratio=0.226,
    seconds=1.0,
    base_digest="b",
)
SUMMARY = TrainingSummary(
    personality="robbie",
    mode="full",
    base_digest="b",
    dataset_version=1,
    n_examples=5,
    n_tokens=50,
    n_supervised=25,
    epochs=1,
    steps=1,
    seconds=1.0,
    tokens_per_second=50.0,
    peak_memory_mb=1,
    losses=[(1, 2.0)],
    seed=0,
    dtype="float32",
    device="cpu",
)
MakeManifest = Callable[..., Manifest]
AddVersion = Callable[..., Manifest]


def parity(passed: bool) -> ParityDecision:
    """What the parity gate decided about an export."""
    reason = "llama.cpp, float16: 20 of 20 greedy answers equal" if passed else "2 of 20 equal"
    return ParityDecision(
        passed=passed,
        reasons=(reason,),
        n_prompts=20,
        decided_at=datetime(2026, 11, 1, tzinfo=UTC),
    )


TIMES = ResponseTimes(
    machine="Some CPU 9, 2 cores",
    threads=1,
    n=20,
    prompt_tokens=37,
    first_token_ms=Speed(p50=200.4, p95=310),
    tokens_per_second=Speed(p50=97.3, p95=71),
)


def recipe_of(personality: str) -> dict[str, Any]:
    """The shortest recipe that a manifest may hold."""
    return {
        "name": personality,
        "title": personality.title(),
        "description": "",
        "system_prompt": "You are here.",
        "sources": [{"table": "crm_emails", "examples": "reply"}],
    }


def forget_signatures(models: Path) -> None:
    """Make of a registry what a release that signed nothing has left."""
    keys = models.with_name("keys")
    for name in ("versions.pem", "versions.pub"):
        (keys / name).unlink()
    shutil.rmtree(keys / "versions")
    for signature in models.glob("*/*/manifest.*.sig"):
        signature.unlink()


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "models")


@pytest.fixture
def adapter_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "trained"
    folder.mkdir()
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    (folder / "adapter_model.safetensors").write_bytes(bytes(range(256)) * 40)
    return folder


@pytest.fixture
def make_manifest() -> MakeManifest:
    """The manifest of a version that was trained in full, and not evaluated yet."""

    def manifest(version: str, personality: str = "robbie", fingerprint: str = "f") -> Manifest:
        return Manifest(
            personality=personality,
            version=Version.parse(version),
            kind="full",
            created_at=datetime(2026, 11, 1, tzinfo=UTC),
            fingerprint=fingerprint,
            base_digest="b",
            dataset_version=1,
            recipe=RecordedRecipe.model_validate(recipe_of(personality)),
            code_version="1",
        )

    return manifest


@pytest.fixture
def add_version(registry: Registry, adapter_dir: Path, make_manifest: MakeManifest) -> AddVersion:
    """AddVersion a version that passed its gate."""

    def add(
        version: str, personality: str = "robbie", gate: GateDecision | None = PASSED
    ) -> Manifest:
        manifest = registry.add_candidate(make_manifest(version, personality), adapter_dir)
        if gate is None:
            return manifest
        return registry.record_evaluation(personality, version, SCORES, gate)

    return add
