"""A registry of tiny versions."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maverick_assets.registry.manifest import Gate, Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.registry.versions import Version

PASSED = Gate(passed=True, decided_at=datetime(2026, 11, 1, tzinfo=UTC))
Describe = Callable[..., Manifest]


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
def describe() -> Describe:
    def manifest(version: str, personality: str = "robbie", fingerprint: str = "f") -> Manifest:
        return Manifest(
            personality=personality,
            version=Version.parse(version),
            kind="full",
            created_at=datetime(2026, 11, 1, tzinfo=UTC),
            fingerprint=fingerprint,
            base_digest="b",
            dataset_version=1,
            recipe={"name": personality},
            code_version="1",
        )

    return manifest


@pytest.fixture
def add(registry: Registry, adapter_dir: Path, describe: Describe) -> Callable[..., Manifest]:
    """Add a version that passed its gate."""

    def added(version: str, personality: str = "robbie", gate: Gate | None = PASSED) -> Manifest:
        manifest = registry.add_candidate(describe(version, personality), adapter_dir)
        if gate is None:
            return manifest
        return registry.record_evaluation(personality, version, {"perplexity": 30.0}, gate)

    return added
