"""The sensor `new_crm_rows`: an ingest when the CRM changed, a nightly when it grew a lot."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from dagster import (
    DagsterError,
    DagsterInstance,
    DagsterRunStatus,
    DefaultSensorStatus,
    RunRecord,
    RunRequest,
    RunsFilter,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    sensor,
)
from pydantic import BaseModel, ConfigDict, ValidationError

from maverick_assets.crm.changes import (
    ChangeMarker,
    ChangeMarkers,
    change_markers,
    settled_change_markers,
)
from maverick_assets.crm.connection import connect
from maverick_assets.defs.runs.tags import TRAINING_STEP, TRAINING_TAG
from maverick_assets.private.errors import words_withheld
from maverick_assets.settings import load_settings

if TYPE_CHECKING:  # Dagster does not export what define_asset_job returns
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )

# In effect 10 s: the daemon looks at its sensors every 5 s, and 10 would often become 15.
INTERVAL_SECONDS = 8
PAUSE_SECONDS = 0.5  # without a change, after which a burst of changes is over
BURST_SECONDS = 5.0  # the longest wait for that
RETRY_SECONDS = 1800  # after a failed run
CHANGED_TAG = "maverick/changed"
BEGUN = (DagsterRunStatus.STARTING, DagsterRunStatus.STARTED)
INGESTS = RunsFilter(job_name="ingest")
TRAININGS = RunsFilter(tags={TRAINING_TAG: ["incremental", "full"]})


class Cursor(BaseModel):
    """What the sensor remembers between ticks."""

    model_config = ConfigDict(frozen=True)

    version: Literal[2] = 2
    tables: Mapping[str, ChangeMarker] = {}  # what the newest requested run will have seen
    training: str | None = None  # id of the newest nightly or weekly run
    rows: int = 0  # of the CRM, when that run was first seen


def read_cursor(text: str | None) -> Cursor:
    """The stored cursor; a new one when it is of another version, which costs one idle ingest."""
    try:
        return Cursor.model_validate_json(text or "{}")
    except ValidationError:
        return Cursor()


def new_crm_rows(
    ingest: "UnresolvedAssetJobDefinition", nightly: "UnresolvedAssetJobDefinition"
) -> SensorDefinition:
    """Sensor that requests `ingest`, or `nightly` when the CRM has grown enough since the last."""

    @sensor(
        name="new_crm_rows",
        jobs=[ingest, nightly],
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=DefaultSensorStatus.STOPPED,
        description="Starts `ingest` when a table of the CRM changed, never two at once; "
        "`nightly` when the CRM has grown by MAVERICK_NIGHTLY_AFTER_ROWS since the last training.",
    )
    def new_rows(context: SensorEvaluationContext) -> SensorResult:
        settings = load_settings()
        cursor = read_cursor(context.cursor)
        with words_withheld(settings.runs, DagsterError), connect(settings) as connection:
            markers: ChangeMarkers = change_markers(connection)
            if markers != cursor.tables:
                markers = settled_change_markers(connection, PAUSE_SECONDS, BURST_SECONDS)
        return request_runs(context.instance, markers, cursor, settings.nightly_after_rows)

    return new_rows


def request_runs(
    instance: DagsterInstance, markers: ChangeMarkers, cursor: Cursor, nightly_after: int | None
) -> SensorResult:
    """The run to request now, if any.

    No run was requested yet for tables whose marker differs from that in `cursor.tables`. With
    `nightly_after` None, growth alone starts no training.
    """
    rows = sum(marker.rows for marker in markers.values())
    training = _newest_run(instance, TRAININGS)
    if training and training.dagster_run.run_id != cursor.training:
        update = {"training": training.dagster_run.run_id, "rows": rows}
        cursor = cursor.model_copy(update=update)
    changed = sorted(name for name in markers if markers[name] != cursor.tables.get(name))
    grown = rows - cursor.rows
    enough = nightly_after is not None and grown >= nightly_after
    if _reads_now(instance, training):
        return _wait(cursor, "an ingest is under way; later changes are read after it")
    if enough and (training is None or training.dagster_run.is_finished):
        reason = f"{grown} new rows since the last training"
        return _request("nightly", reason, cursor, markers)
    if changed:
        return _request("ingest", ", ".join(changed), cursor, markers)
    if _failed_a_while_ago(instance, training):
        return _request("ingest", "nothing, but the last run failed", cursor, markers)
    return _wait(cursor, "no table of the CRM changed")


def _request(job: str, reason: str, cursor: Cursor, markers: ChangeMarkers) -> SensorResult:
    return SensorResult(
        run_requests=[RunRequest(job_name=job, tags={CHANGED_TAG: reason})],
        cursor=cursor.model_copy(update={"tables": markers}).model_dump_json(),
    )


def _wait(cursor: Cursor, reason: str) -> SensorResult:
    return SensorResult(skip_reason=reason, cursor=cursor.model_dump_json())


def _reads_now(instance: DagsterInstance, training: RunRecord | None) -> bool:
    """True while a run may read the CRM: an ingest, or a nightly or weekly before it trains."""
    ingest = _newest_run(instance, INGESTS)
    if ingest and not ingest.dagster_run.is_finished:
        return True
    if training is None or training.dagster_run.status not in BEGUN:
        return False
    steps = instance.get_run_step_stats(training.dagster_run.run_id)
    return not any(step.step_key.endswith(TRAINING_STEP) for step in steps)


def _failed_a_while_ago(instance: DagsterInstance, training: RunRecord | None) -> bool:
    """True when the newest run that reads the CRM failed, long enough ago for another try."""
    runs = [run for run in (_newest_run(instance, INGESTS), training) if run]
    newest = max(runs, key=lambda run: run.create_timestamp, default=None)
    if newest is None or newest.dagster_run.status != DagsterRunStatus.FAILURE:
        return False
    return newest.end_time is None or time.time() - newest.end_time > RETRY_SECONDS


def _newest_run(instance: DagsterInstance, which: RunsFilter) -> RunRecord | None:
    return next(iter(instance.get_run_records(which, limit=1)), None)
