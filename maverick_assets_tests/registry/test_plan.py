"""What to train tonight: full, on top of the version in service, or nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maverick_assets.recipes import Recipe, load_recipes
from maverick_assets.records import GateDecision
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.plan import plan_training
from maverick_assets.registry.recorded_recipe import RecordedRecipe
from maverick_assets.registry.store import Registry
from maverick_assets.registry.training_inputs import TrainingInputs
from maverick_assets.registry.versions import Kind, Version
from maverick_assets_tests.registry.conftest import SCORES

START = datetime(2026, 11, 1, tzinfo=UTC)
Trained = Callable[..., Manifest]


@pytest.fixture
def recipe() -> Recipe:
    return load_recipes()["robbie"]


@pytest.fixture
def inputs(recipe: Recipe) -> TrainingInputs:
    return TrainingInputs(RecordedRecipe.model_validate(recipe), 3, "dataset", "base", "1")


@pytest.fixture
def trained(registry: Registry, adapter_dir: Path) -> Trained:
    """AddVersion a version trained from `inputs`; evaluated and released unless said otherwise."""

    def add(
        inputs: TrainingInputs,
        version: str = "v1.0",
        kind: Kind = "full",
        passed: bool | None = True,
    ) -> Manifest:
        before = len(registry.list(inputs.recipe.name)) if registry.personalities() else 0
        manifest = Manifest(
            personality=inputs.recipe.name,
            version=Version.parse(version),
            kind=kind,
            created_at=START + timedelta(days=before),
            fingerprint=inputs.fingerprint(kind),
            base_digest=inputs.base_digest,
            dataset_version=inputs.dataset_version,
            recipe=inputs.recipe,
            code_version=inputs.code_version,
        )
        registry.add_candidate(manifest, adapter_dir)
        if passed is not None:
            gate = GateDecision(passed=passed, decided_at=START)
            manifest = registry.record_evaluation(manifest.personality, version, SCORES, gate)
        return registry.release(manifest.personality, version) if passed else manifest

    return add


def test_the_first_training_is_full_whatever_was_asked_for(
    registry: Registry, inputs: TrainingInputs
) -> None:
    for kind in ("full", "incremental"):
        plan = plan_training(registry, inputs, kind)
        assert (plan.action, plan.kind, plan.parent) == ("train", "full", None)


@pytest.mark.parametrize("kind", ["full", "incremental"])
def test_an_unchanged_night_trains_nothing_and_says_so(
    registry: Registry, inputs: TrainingInputs, trained: Trained, kind: Kind
) -> None:
    trained(inputs)
    plan = plan_training(registry, inputs, kind)
    assert plan.action == "skip"
    assert "v1.0 was trained on this dataset" in plan.reason


def test_new_examples_train_on_top_of_the_version_in_service(
    registry: Registry, inputs: TrainingInputs, trained: Trained
) -> None:
    trained(inputs)
    plan = plan_training(registry, replace(inputs, dataset_version=4), "incremental")
    assert (plan.action, plan.kind) == ("train", "incremental")
    assert plan.parent is not None
    assert str(plan.parent.version) == "v1.0"


@pytest.mark.parametrize("change", [{"base_digest": "other"}, {"code_version": "2"}])
def test_another_base_or_code_cannot_be_trained_on_top(
    registry: Registry, inputs: TrainingInputs, trained: Trained, change: dict[str, str]
) -> None:
    trained(inputs)
    plan = plan_training(registry, replace(inputs, **change), "incremental")  # type: ignore[arg-type]
    assert (plan.action, plan.kind, plan.parent) == ("train", "full", None)


def test_a_week_with_nightly_versions_is_trained_in_full_again(
    registry: Registry, inputs: TrainingInputs, trained: Trained
) -> None:
    trained(inputs)
    later = replace(inputs, dataset_version=4)
    trained(later, "v1.0.1", "incremental")
    assert plan_training(registry, later, "incremental").action == "skip"
    assert plan_training(registry, later, "full").action == "train"


def test_a_version_without_a_gate_decision_is_resumed(
    registry: Registry, inputs: TrainingInputs, trained: Trained
) -> None:
    trained(inputs, passed=None)
    plan = plan_training(registry, inputs, "full")
    assert plan.action == "resume"
    assert plan.version is not None


def test_a_refused_version_is_not_trained_again_and_not_in_service(
    registry: Registry, inputs: TrainingInputs, trained: Trained
) -> None:
    trained(inputs)
    later = replace(inputs, dataset_version=4)
    trained(later, "v1.1", passed=False)
    assert plan_training(registry, later, "full").action == "skip"
    serving, last = registry.in_service("robbie"), registry.newest("robbie")
    assert serving is not None
    assert last is not None
    assert (str(serving.version), str(last.version)) == ("v1.0", "v1.1")
