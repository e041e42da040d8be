"""Jobs, schedules and sensors."""

import json
from typing import TYPE_CHECKING

from dagster import (
    AssetSelection,
    DagsterRunStatus,
    DefaultSensorStatus,
    RunFailureSensorContext,
    RunRequest,
    RunsFilter,
    ScheduleDefinition,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    define_asset_job,
    run_failure_sensor,
    sensor,
)

from maverick_assets.crm.changes import table_states
from maverick_assets.crm.database import connect
from maverick_assets.defs.progress import root_cause
from maverick_assets.defs.recovery import reaper
from maverick_assets.defs.training import TRAINING_TAG
from maverick_assets.recipes import Recipe
from maverick_assets.settings import load_settings

if TYPE_CHECKING:  # Dagster does not export what define_asset_job returns
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )

UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


def jobs(recipes: list[Recipe]) -> list["UnresolvedAssetJobDefinition"]:
    """The five jobs; all run in one process, whose heavy steps start processes of their own."""
    data = AssetSelection.groups("raw", "clean", "base") | AssetSelection.assets(
        *([recipe.asset_prefix, "dataset"] for recipe in recipes)
    )
    everything = AssetSelection.all() - AssetSelection.groups("reports")
    return [
        define_asset_job("ingest", data, description="New CRM rows into raw, clean, datasets."),
        define_asset_job(
            "nightly",
            everything,
            description="Ingest, then train new examples on top of the version in service.",
            tags={TRAINING_TAG: "incremental"},
        ),
        define_asset_job(
            "weekly",
            everything,
            description="Ingest, then train from the base what has changed since it last was.",
            tags={TRAINING_TAG: "full"},
        ),
        define_asset_job(
            "monthly",
            AssetSelection.assets(["reports", "monthly"]),
            description="Versions in service on their frozen held-out sets; major versions.",
        ),
        define_asset_job(
            "quarterly",
            AssetSelection.assets(["reports", "quarterly"]),
            description="Review of every personality: versions, metrics, ratings.",
        ),
    ]


def schedules(timezone: str) -> list[ScheduleDefinition]:
    """One schedule for each of the timed jobs; switched on in the UI."""
    times = {
        "nightly": "0 3 * * *",
        "weekly": "0 4 * * 0",
        "monthly": "0 5 1 * *",
        "quarterly": "0 6 1 1,4,7,10 *",
    }
    return [
        ScheduleDefinition(
            name=f"{job}_schedule", job_name=job, cron_schedule=cron, execution_timezone=timezone
        )
        for job, cron in times.items()
    ]


@sensor(
    name="new_crm_rows",
    job_name="ingest",
    minimum_interval_seconds=10,
    default_status=DefaultSensorStatus.STOPPED,
    description="Starts `ingest` when a table of the CRM changed, never two at once.",
)
def new_crm_rows(context: SensorEvaluationContext) -> SensorResult | SkipReason:
    with connect(load_settings()) as connection:
        states = table_states(connection)
    seen: dict[str, str] = json.loads(context.cursor)["tables"] if context.cursor else {}
    changed = sorted(name for name in states if states[name] != seen.get(name))
    if not changed:
        return SkipReason("no table of the CRM changed")
    if context.instance.get_runs(RunsFilter(job_name="ingest", statuses=UNFINISHED), limit=1):
        return SkipReason("an ingest is under way; the change is taken up after it")
    return SensorResult(
        run_requests=[RunRequest(tags={"maverick/changed": ", ".join(changed)})],
        cursor=json.dumps({"version": 1, "tables": states}),
    )


@run_failure_sensor(
    name="log_failed_runs",
    default_status=DefaultSensorStatus.STOPPED,
    description="Logs every failed run with its first error.",
)
def log_failed_runs(context: RunFailureSensorContext) -> None:
    run = context.dagster_run
    steps = context.get_step_failure_events()
    reason = root_cause(steps[0])[1] if steps else context.failure_event.message
    context.log.error(f"{run.job_name} {run.run_id[:8]} failed: {reason}")


def sensors() -> list[SensorDefinition]:
    return [new_crm_rows, log_failed_runs, reaper]
