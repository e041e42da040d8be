"""The new-rows sensor on a real CRM, and the ticks of the schedules."""

from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    SensorResult,
    SkipReason,
    build_schedule_context,
    build_sensor_context,
)

from maverick_assets.definitions import defs
from maverick_assets.defs.automation import new_crm_rows

Tick = SensorResult | SkipReason


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


@pytest.fixture
def settled(
    crm: psycopg.Connection, crm_environment: None, instance: DagsterInstance
) -> tuple[psycopg.Connection, str]:
    """A CRM whose rows the sensor has seen, and the cursor from then."""
    crm.execute("insert into sticky_notes (id, content) values ('n1', 'First')")
    crm.commit()
    cursor = tick(instance, None).cursor
    assert cursor is not None
    return crm, cursor


def tick(instance: DagsterInstance, cursor: str | None) -> SensorResult:
    result = new_crm_rows(build_sensor_context(instance=instance, cursor=cursor))
    assert isinstance(result, SensorResult), result
    return result


def skip(instance: DagsterInstance, cursor: str) -> str:
    result = new_crm_rows(build_sensor_context(instance=instance, cursor=cursor))
    assert isinstance(result, SkipReason), result
    return result.skip_message or ""


@pytest.mark.parametrize(
    "change",
    [
        "insert into sticky_notes (id) values ('n2')",
        "update sticky_notes set content = 'Second'",
        "delete from sticky_notes",
    ],
)
def test_a_committed_change_starts_one_ingest(
    settled: tuple[psycopg.Connection, str], instance: DagsterInstance, change: str
) -> None:
    crm, cursor = settled
    assert "no table" in skip(instance, cursor)
    crm.execute(change.encode())
    assert "no table" in skip(instance, cursor)
    crm.commit()
    result = tick(instance, cursor)
    assert result.run_requests is not None
    assert [request.tags["maverick/changed"] for request in result.run_requests] == ["sticky_notes"]
    assert result.cursor is not None
    assert "no table" in skip(instance, result.cursor)


def test_a_change_during_an_ingest_waits_and_is_not_forgotten(
    settled: tuple[psycopg.Connection, str], instance: DagsterInstance
) -> None:
    crm, cursor = settled
    crm.execute("insert into sticky_notes (id) values ('n2')")
    crm.commit()
    run = instance.create_run_for_job(
        defs.resolve_job_def("ingest"), status=DagsterRunStatus.STARTED
    )
    assert "under way" in skip(instance, cursor)
    instance.report_run_canceled(run)
    assert tick(instance, cursor).run_requests


@pytest.mark.parametrize("job", ["nightly", "weekly", "monthly", "quarterly"])
def test_a_schedules_tick_requests_its_job_once(job: str) -> None:
    schedule = defs.resolve_schedule_def(f"{job}_schedule")
    moment = datetime(2026, 11, 22, 3, tzinfo=UTC)
    data = schedule.evaluate_tick(build_schedule_context(scheduled_execution_time=moment))
    assert data.run_requests is not None
    assert [request.run_key for request in data.run_requests] == [None]
    assert schedule.job_name == job
