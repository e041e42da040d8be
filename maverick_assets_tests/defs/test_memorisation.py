"""The asset of an audit: what Dagster shows of it, and of a personality without a version."""

import pytest
from dagster import AssetCheckSeverity, ExecuteInProcessResult, materialize

from maverick_assets.defs.assets.memorisation import CHECKS, memorisation_asset
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.recipes import load_recipes
from maverick_assets_tests.audits import FakeAudit
from maverick_assets_tests.pipeline.conftest import (
    adapter_dir,
    add_version,
    audits,
    log,
    make_manifest,
    registry,
    run,
)
from maverick_assets_tests.registry.conftest import AddVersion

__all__ = ["adapter_dir", "add_version", "audits", "log", "make_manifest", "registry", "run"]
ROBBIE = load_recipes()["robbie"]


@pytest.fixture(autouse=True)
def home(run: RunContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAVERICK_HOME", str(run.settings.home))


def checks(result: ExecuteInProcessResult) -> dict[str, tuple[bool, AssetCheckSeverity]]:
    return {
        check.check_name: (check.passed, check.severity)
        for check in result.get_asset_check_evaluations()
    }


def audited() -> ExecuteInProcessResult:
    return materialize([memorisation_asset(ROBBIE, "gpu_laptop")])


def test_a_personality_that_is_not_in_service_warns_and_fails_no_run(audits: FakeAudit) -> None:
    result = audited()
    assert result.success
    assert checks(result) == dict.fromkeys(CHECKS, (False, AssetCheckSeverity.WARN))
    assert audits.specs == []


def test_a_canary_that_is_given_away_fails_its_check(
    run: RunContext, add_version: AddVersion, audits: FakeAudit
) -> None:
    add_version("v1.0")
    run.registry.release("robbie", "v1.0")
    audits.given_away = 2
    assert checks(audited()) == {
        "audit_is_valid": (True, AssetCheckSeverity.ERROR),
        "no_canary_given_away": (False, AssetCheckSeverity.ERROR),
    }
    [spec] = audits.specs
    assert spec.recipe.name == "robbie"


def test_of_a_void_audit_nobody_says_that_no_canary_was_given_away(
    run: RunContext, add_version: AddVersion, audits: FakeAudit
) -> None:
    add_version("v1.0")
    run.registry.release("robbie", "v1.0")
    audits.problems = ("the positive control is not found",)
    assert checks(audited()) == dict.fromkeys(CHECKS, (False, AssetCheckSeverity.ERROR))
