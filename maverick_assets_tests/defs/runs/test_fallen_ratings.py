"""The sensor `fallen_ratings`: what it asks for, and how often."""

from pathlib import Path

import pytest
from dagster import AssetKey, DagsterInstance, SensorResult, build_sensor_context

from maverick_assets.definitions import defs
from maverick_assets.lake.delta import arrow_table, sync_table
from maverick_assets.lake.paths import day_metrics_path
from maverick_assets.pipeline.production.days import METRICS_SCHEMA


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MAVERICK_HOME", str(tmp_path))
    return tmp_path / "lake"


def tick() -> SensorResult:
    with DagsterInstance.ephemeral() as instance:
        context = build_sensor_context(instance=instance, repository_def=defs.get_repository_def())
        result = defs.resolve_sensor_def("fallen_ratings")(context)
    assert isinstance(result, SensorResult)
    return result


def write_fallen(lake: Path, *fallen: tuple[str, str]) -> None:
    state = {
        "fallen": [
            {"personality": name, "version": version, "reason": "14 ratings, 3.5 of 10"}
            for name, version in fallen
        ]
    }
    sync_table(day_metrics_path(lake), arrow_table([], METRICS_SCHEMA), "key", state=state)


def test_without_metrics_nothing_is_asked_for(lake: Path) -> None:
    assert "no version's ratings have fallen" in str(tick().skip_reason)


def test_a_fall_asks_for_the_nightly_training_of_that_personality_alone(lake: Path) -> None:
    write_fallen(lake, ("robbie", "v1.1"))
    [request] = tick().run_requests or []
    assert request.job_name == "nightly"
    assert request.tags["maverick/changed"] == "robbie v1.1: 14 ratings, 3.5 of 10"
    selected = set(request.asset_selection or [])
    assert AssetKey(["robbie", "adapter"]) in selected
    assert AssetKey(["raw", "feedback"]) in selected
    assert AssetKey(["gatekeeper", "adapter"]) not in selected
    job = defs.resolve_job_def("nightly")
    assert selected < set(job.asset_layer.selected_asset_keys)


def test_it_is_asked_for_once_for_each_version(lake: Path) -> None:
    """Dagster starts no second run of a key, as long as it keeps its history."""
    write_fallen(lake, ("robbie", "v1.1"))
    first, again = (tick().run_requests or [] for _ in range(2))
    assert [each.run_key for each in first] == [each.run_key for each in again]
    write_fallen(lake, ("robbie", "v1.2"))
    [later] = tick().run_requests or []
    assert later.run_key != first[0].run_key


def test_a_version_that_recovered_asks_no_more(lake: Path) -> None:
    write_fallen(lake, ("robbie", "v1.1"))
    write_fallen(lake)
    assert not tick().run_requests


def test_a_personality_without_a_recipe_is_not_trained(lake: Path) -> None:
    write_fallen(lake, ("gone", "v1.0"))
    assert not tick().run_requests
