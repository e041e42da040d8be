"""The chain of versions trained on top of one another, in each one's manifest."""

import json
import shutil
from pathlib import Path

import pytest

from maverick_assets.defs.assets.training import Job, candidate_of
from maverick_assets.recipes import load_recipes
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.plan import plan_training
from maverick_assets.registry.recorded_recipe import RecordedRecipe
from maverick_assets.registry.store import Registry
from maverick_assets.registry.training_inputs import TrainingInputs
from maverick_assets_tests.registry.conftest import PASSED, SCORES, SUMMARY

CHAIN = ["v1.0 full 0", "v1.0.1 incremental 1", "v1.0.2 incremental 2"]


@pytest.fixture
def nights(registry: Registry, adapter_dir: Path, tmp_path: Path) -> list[Manifest]:
    """A full training and two nights, as they are planned, added and released."""
    (tmp_path / "training.json").write_text(SUMMARY.model_dump_json())
    return [night(registry, adapter_dir, tmp_path, number) for number in range(3)]


def night(registry: Registry, adapter_dir: Path, out: Path, number: int) -> Manifest:
    inputs = TrainingInputs(
        RecordedRecipe.model_validate(load_recipes()["robbie"]),
        number,
        f"digest {number}",
        "base",
        "1",
    )
    job = Job(inputs, plan_training(registry, inputs, "incremental"), out, 5)
    added = registry.add_candidate(candidate_of(registry, job), adapter_dir)
    registry.record_evaluation("robbie", added.version, SCORES, PASSED)
    return registry.release("robbie", added.version)


def told(manifest: Manifest) -> list[str]:
    return [f"{link.version} {link.kind} {link.dataset_version}" for link in manifest.chain]


def test_a_manifest_has_the_whole_chain_also_when_its_middle_is_deleted(
    registry: Registry, nights: list[Manifest]
) -> None:
    assert [told(manifest) for manifest in nights] == [CHAIN[:1], CHAIN[:2], CHAIN]
    shutil.rmtree(registry.directory("robbie", "v1.0.1"))
    newest = registry.get("robbie", "final")
    assert told(newest) == CHAIN
    assert [link.fingerprint for link in newest.chain] == [m.fingerprint for m in nights]


def test_the_chain_of_manifests_of_before_is_told_as_far_as_they_are_there(
    registry: Registry, nights: list[Manifest]
) -> None:
    for manifest in nights:
        path = registry.directory("robbie", manifest.version) / "manifest.json"
        content = json.loads(path.read_text())
        del content["ancestors"]
        path.write_text(json.dumps(content))
    assert told(registry.get("robbie", "final")) == CHAIN
    shutil.rmtree(registry.directory("robbie", "v1.0"))
    assert told(registry.get("robbie", "final")) == CHAIN[1:]
    shutil.rmtree(registry.directory("robbie", "v1.0.1"))
    assert told(registry.get("robbie", "final")) == CHAIN[2:]
