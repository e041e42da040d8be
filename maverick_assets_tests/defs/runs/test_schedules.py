"""Schedules as Dagster's own scheduler runs them, at times that the test sets."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from dagster import DagsterInstance, RunsFilter, build_schedule_context
from dagster._core.remote_representation.external import RemoteSchedule
from dagster._core.test_utils import create_test_daemon_workspace_context, freeze_time
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget
from dagster._scheduler.scheduler import launch_scheduled_runs

from maverick_assets.crm.embedded import database_url
from maverick_assets.definitions import defs
from maverick_assets_tests.command import PROJECT

BERLIN = ZoneInfo("Europe/Berlin")
NIGHTLY = RunsFilter(tags={"dagster/schedule_name": "nightly_schedule"})


@pytest.fixture(scope="module")
def workspace(
    pgdata: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WorkspaceProcessContext]:
    """The daemon's view of the project, on an empty Dagster storage, with Berlin's time."""
    folder = tmp_path_factory.mktemp("schedules")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAVERICK_HOME", str(folder / "home"))
        patch.setenv("MAVERICK_DAGSTER_URL", database_url(pgdata, "schedules"))
        patch.setenv("MAVERICK_ARTIFACTS", str(folder / "logs"))
        patch.setenv("MAVERICK_TIMEZONE", BERLIN.key)
        patch.setenv("DAGSTER_HOME", str(PROJECT / "dagster_home"))
        target = ModuleTarget("maverick_assets.definitions", None, str(PROJECT), "maverick")
        with (
            DagsterInstance.get() as instance,
            create_test_daemon_workspace_context(target, instance) as context,
        ):
            yield context


@pytest.fixture
def nightly(workspace: WorkspaceProcessContext) -> Iterator[RemoteSchedule]:
    [entry] = workspace.create_request_context().get_code_location_entries().values()
    assert entry.code_location is not None, entry.load_error
    schedule = entry.code_location.get_repository("__repository__").get_schedule("nightly_schedule")
    yield schedule
    workspace.instance.stop_schedule(
        schedule.get_remote_origin_id(), schedule.selector_id, schedule
    )


def switch_on(workspace: WorkspaceProcessContext, schedule: RemoteSchedule, now: datetime) -> None:
    with freeze_time(now):
        workspace.instance.start_schedule(schedule)


def daemon_looks(workspace: WorkspaceProcessContext, now: datetime) -> list[datetime]:
    """The first look of a scheduler that starts `now`; the nights that it requests, in Berlin."""
    known = {run.run_id for run in workspace.instance.get_runs(NIGHTLY)}
    with freeze_time(now):
        list(launch_scheduled_runs(workspace, logging.getLogger("test"), now, iteration_times={}))
    return [
        datetime.fromisoformat(run.tags[".dagster/scheduled_execution_time"]).astimezone(BERLIN)
        for run in workspace.instance.get_runs(NIGHTLY)
        if run.run_id not in known
    ]


def test_after_three_missed_nights_one_runs(
    workspace: WorkspaceProcessContext, nightly: RemoteSchedule
) -> None:
    switch_on(workspace, nightly, datetime(2026, 11, 16, 20, tzinfo=BERLIN))
    assert daemon_looks(workspace, datetime(2026, 11, 17, 3, 0, 5, tzinfo=BERLIN)) == [
        datetime(2026, 11, 17, 3, tzinfo=BERLIN)
    ]
    back = datetime(2026, 11, 20, 9, 30, tzinfo=BERLIN)
    assert daemon_looks(workspace, back) == [datetime(2026, 11, 20, 3, tzinfo=BERLIN)]
    assert daemon_looks(workspace, back + timedelta(minutes=1)) == []
    assert daemon_looks(workspace, back + timedelta(hours=1)) == []
    assert daemon_looks(workspace, datetime(2026, 11, 21, 3, 0, 5, tzinfo=BERLIN)) == [
        datetime(2026, 11, 21, 3, tzinfo=BERLIN)
    ]


@pytest.mark.parametrize(
    "before", [datetime(2027, 3, 27, tzinfo=BERLIN), datetime(2027, 10, 30, tzinfo=BERLIN)]
)
def test_three_in_the_morning_stays_so_when_the_clocks_change(
    workspace: WorkspaceProcessContext, nightly: RemoteSchedule, before: datetime
) -> None:
    switch_on(workspace, nightly, before)
    midnights = [(before + timedelta(days=day)).astimezone(UTC) for day in range(3)]
    requested = [
        night
        for midnight in midnights
        for hour in range(1, 6)
        for night in daemon_looks(workspace, midnight + timedelta(hours=hour))
    ]
    assert [night.strftime("%d %H:%M") for night in requested] == [
        (before + timedelta(days=day)).strftime("%d 03:00") for day in range(3)
    ]


@pytest.mark.parametrize("job", ["nightly", "weekly", "monthly", "quarterly"])
def test_a_schedules_tick_requests_its_job_once(job: str) -> None:
    schedule = defs.resolve_schedule_def(f"{job}_schedule")
    moment = datetime(2026, 11, 22, 3, tzinfo=UTC)
    data = schedule.evaluate_tick(build_schedule_context(scheduled_execution_time=moment))
    assert data.run_requests is not None
    assert [request.run_key for request in data.run_requests] == [None]
    assert schedule.job_name == job
