"""The sensor `new_crm_rows` on a real CRM: what it requests, and when it waits."""

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from dagster import (
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    SensorResult,
    build_sensor_context,
)

from maverick_assets.definitions import defs
from maverick_assets.defs.runs import new_rows

NOTES = "insert into sticky_notes (id) select 'n' || n from generate_series(%s::int, %s::int) n"


class Sensor:
    """Ticks on a CRM of one note, which it has seen, with Dagster's cursor between them."""

    def __init__(self, crm: psycopg.Connection, instance: DagsterInstance) -> None:
        self.crm = crm
        self.instance = instance
        self.cursor: str | None = None
        self.insert(1, 1)
        assert self.tick() == ["ingest"]

    def insert(self, first: int, last: int) -> None:
        self.crm.execute(NOTES, [first, last])
        self.crm.commit()

    def evaluate(self) -> SensorResult:
        sensor = defs.resolve_sensor_def("new_crm_rows")
        result = sensor(build_sensor_context(instance=self.instance, cursor=self.cursor))
        assert isinstance(result, SensorResult)
        self.cursor = result.cursor
        return result

    def tick(self) -> list[str | None]:
        """Names of the requested jobs."""
        return [request.job_name for request in self.evaluate().run_requests or []]

    def reason(self) -> str:
        """Why nothing is requested."""
        result = self.evaluate()
        assert not result.run_requests
        return str(result.skip_reason)

    def run(self, job: str, status: DagsterRunStatus) -> DagsterRun:
        definition = defs.resolve_job_def(job)
        return self.instance.create_run_for_job(definition, status=status, tags=definition.tags)


@pytest.fixture
def sensor(crm: psycopg.Connection, crm_environment: None) -> Iterator[Sensor]:
    with DagsterInstance.ephemeral() as ephemeral:
        yield Sensor(crm, ephemeral)


@pytest.mark.parametrize(
    "change",
    [
        "insert into sticky_notes (id) values ('n2')",
        "update sticky_notes set content = 'Second'",
        "delete from sticky_notes",
    ],
)
def test_a_committed_change_starts_one_ingest(sensor: Sensor, change: str) -> None:
    assert "no table" in sensor.reason()
    sensor.crm.execute(change.encode())
    assert "no table" in sensor.reason()
    sensor.crm.commit()
    [request] = sensor.evaluate().run_requests or []
    assert (request.job_name, request.tags["maverick/changed"]) == ("ingest", "sticky_notes")
    assert request.run_key is None  # Dagster would never again accept the same key
    assert "no table" in sensor.reason()


def test_ten_thousand_rows_in_a_burst_of_commits_are_one_ingest(sensor: Sensor) -> None:
    def write() -> None:
        for first in range(2, 10_002, 100):
            sensor.insert(first, first + 99)

    burst = threading.Thread(target=write)
    burst.start()
    time.sleep(0.1)
    requested = sensor.tick()
    burst.join()
    assert requested + sensor.tick() == ["ingest"]


@pytest.mark.parametrize("status", [DagsterRunStatus.NOT_STARTED, DagsterRunStatus.STARTED])
def test_a_change_during_an_ingest_waits_and_is_not_forgotten(
    sensor: Sensor, status: DagsterRunStatus
) -> None:
    sensor.insert(2, 2)
    run = sensor.run("ingest", status)
    assert "under way" in sensor.reason()
    sensor.instance.report_run_canceled(run)
    assert sensor.tick() == ["ingest"]


def test_a_nightly_that_has_not_begun_to_train_is_an_ingest_too(sensor: Sensor) -> None:
    run = sensor.run("nightly", DagsterRunStatus.STARTED)
    sensor.insert(2, 2)
    assert "under way" in sensor.reason()
    step = "adapters_laptop.deepspeed_train"
    begun = DagsterEvent(DagsterEventType.STEP_START.value, "nightly", step_key=step)
    sensor.instance.report_dagster_event(begun, run.run_id)
    assert sensor.tick() == ["ingest"]


def test_so_many_new_rows_start_nightly_early_and_once(
    sensor: Sensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAVERICK_NIGHTLY_AFTER_ROWS", "50")
    sensor.run("weekly", DagsterRunStatus.SUCCESS)
    assert "no table" in sensor.reason()
    sensor.insert(2, 50)
    assert sensor.tick() == ["ingest"]
    sensor.insert(51, 51)
    assert sensor.tick() == ["nightly"]
    nightly = sensor.run("nightly", DagsterRunStatus.SUCCESS)
    assert "no table" in sensor.reason()
    sensor.insert(52, 100)
    assert sensor.tick() == ["ingest"]
    assert nightly.is_finished


def test_a_training_under_way_is_not_followed_by_another_in_the_queue(
    sensor: Sensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAVERICK_NIGHTLY_AFTER_ROWS", "50")
    weekly = sensor.run("weekly", DagsterRunStatus.NOT_STARTED)
    assert "no table" in sensor.reason()
    sensor.insert(2, 100)
    assert sensor.tick() == ["ingest"]
    assert "no table" in sensor.reason()
    sensor.instance.report_run_canceled(weekly)
    assert sensor.tick() == ["nightly"]


def test_a_failed_ingest_is_requested_again_after_a_while_and_not_at_once(
    sensor: Sensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = sensor.run("ingest", DagsterRunStatus.STARTED)
    sensor.instance.report_run_failed(run)
    assert "no table" in sensor.reason()
    monkeypatch.setattr(new_rows, "RETRY_SECONDS", 0)
    assert sensor.tick() == ["ingest"]


def test_a_cursor_of_another_version_costs_one_ingest(sensor: Sensor) -> None:
    sensor.cursor = '{"version": 1, "tables": {"sticky_notes": "1:700"}}'
    assert sensor.tick() == ["ingest"]
    assert "no table" in sensor.reason()
