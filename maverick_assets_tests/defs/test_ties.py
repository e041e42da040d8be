"""A run in which candidates are ties, better or bad: what Dagster makes of each of them."""

from pathlib import Path

import pytest
from dagster import AssetCheckSeverity, AssetsDefinition, ExecuteInProcessResult, materialize

from maverick_assets.defs.assets.evaluation import evaluation_asset
from maverick_assets.defs.assets.release import release_asset
from maverick_assets.pipeline.release import release_version
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.recipes import load_recipes
from maverick_assets_tests.pipeline.child_processes import FAILS, TIES, FakeEvaluation, FakeExport
from maverick_assets_tests.pipeline.conftest import (
    WriteDataset,
    adapter_dir,
    add_version,
    evaluation,
    export,
    log,
    make_manifest,
    registry,
    run,
    write_dataset,
)
from maverick_assets_tests.registry.conftest import AddVersion

__all__ = [
    "adapter_dir",
    "add_version",
    "evaluation",
    "export",
    "log",
    "make_manifest",
    "registry",
    "run",
    "write_dataset",
]
NAMES = ("gatekeeper", "health-monitor", "robbie")


@pytest.fixture
def assets(
    run: RunContext,
    add_version: AddVersion,
    write_dataset: WriteDataset,
    export: FakeExport,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> list[AssetsDefinition]:
    """Evaluation and release of three personalities, each with a candidate beside v1.0."""
    monkeypatch.setenv("MAVERICK_HOME", str(tmp_path))
    for name in NAMES:
        write_dataset(name)
        write_dataset(name, train=13)
        release_version(run, add_version("v1.0", name))
        add_version("v1.1", name, gate=None)
    export.exported.clear()
    recipes = [load_recipes()[name] for name in NAMES]
    return [make(recipe) for recipe in recipes for make in (evaluation_asset, release_asset)]


def test_ties_leave_a_run_green_and_stop_no_other_personality(
    run: RunContext, assets: list[AssetsDefinition], evaluation: FakeEvaluation, export: FakeExport
) -> None:
    evaluation.gates = {"gatekeeper": TIES, "health-monitor": TIES}
    result = materialize(assets)
    assert result.success
    assert gate_checks(result) == {
        "gatekeeper": (False, AssetCheckSeverity.WARN),
        "health_monitor": (False, AssetCheckSeverity.WARN),
        "robbie": (True, AssetCheckSeverity.ERROR),
    }
    assert serving(run) == {"gatekeeper": "v1.0", "health-monitor": "v1.0", "robbie": "v1.1"}
    assert export.exported == ["robbie v1.1"]
    assert kept(result, "gatekeeper__release") == (
        "v1.0 stays, because v1.1 is not better than the version in service"
    )
    assert kept(result, "robbie__release") is None


def test_a_bad_candidate_fails_its_check_and_blocks_its_release_alone(
    run: RunContext, assets: list[AssetsDefinition], evaluation: FakeEvaluation
) -> None:
    evaluation.gates = {"gatekeeper": FAILS, "health-monitor": TIES}
    result = materialize(assets, raise_on_error=False)
    assert not result.success
    assert gate_checks(result)["gatekeeper"] == (False, AssetCheckSeverity.ERROR)
    failed = [event.step_key for event in result.all_events if event.is_step_failure]
    assert failed == ["gatekeeper__evaluation"]
    started = {event.step_key for event in result.all_events if event.is_step_start}
    assert "gatekeeper__release" not in started
    assert serving(run) == {"gatekeeper": "v1.0", "health-monitor": "v1.0", "robbie": "v1.1"}


def gate_checks(result: ExecuteInProcessResult) -> dict[str, tuple[bool, AssetCheckSeverity]]:
    return {
        check.asset_key.path[0]: (check.passed, check.severity)
        for check in result.get_asset_check_evaluations()
        if check.check_name == "gate"
    }


def kept(result: ExecuteInProcessResult, step: str) -> str | None:
    """Why a release left everything as it was, as Dagster shows it."""
    [event] = result.asset_materializations_for_node(step)
    value = event.metadata.get("kept")
    return value and str(value.value)


def serving(run: RunContext) -> dict[str, str]:
    in_service = {name: run.registry.in_service(name) for name in NAMES}
    return {name: str(manifest.version) for name, manifest in in_service.items() if manifest}
