"""Jobs, schedules and sensors."""

from typing import TYPE_CHECKING

from dagster import (
    AssetSelection,
    DefaultSensorStatus,
    RunFailureSensorContext,
    ScheduleDefinition,
    SensorDefinition,
    define_asset_job,
    run_failure_sensor,
)

from maverick_assets.defs.runs.fallen_ratings import fallen_ratings
from maverick_assets.defs.runs.new_rows import new_crm_rows
from maverick_assets.defs.runs.progress import root_cause
from maverick_assets.defs.runs.recovery import reaper
from maverick_assets.defs.runs.tags import TRAINING_TAG
from maverick_assets.recipes import Recipe

if TYPE_CHECKING:  # Dagster does not export what define_asset_job returns
    from dagster._core.definitions.unresolved_asset_job_definition import (
        UnresolvedAssetJobDefinition,
    )


def jobs(recipes: list[Recipe]) -> list["UnresolvedAssetJobDefinition"]:
    """The jobs. Each runs in one process, whose heavy steps start child processes."""
    data = AssetSelection.groups("raw", "clean", "base", "production") | AssetSelection.assets(
        *([recipe.asset_prefix, "dataset"] for recipe in recipes)
    )
    audits = AssetSelection.assets(*([recipe.asset_prefix, "memorisation"] for recipe in recipes))
    everything = AssetSelection.all() - AssetSelection.groups("reports") - audits
    return [
        define_asset_job(
            "ingest",
            data,
            description="Bring raw tables, turns and datasets up to date with the CRM.",
        ),
        define_asset_job(
            "nightly",
            everything,
            description="Ingest, then train new examples on top of the version in service.",
            tags={TRAINING_TAG: "incremental"},
        ),
        define_asset_job(
            "weekly",
            everything,
            description="Ingest, then retrain from the base each personality whose inputs changed.",
            tags={TRAINING_TAG: "full"},
        ),
        define_asset_job(
            "memorisation",
            audits,
            description="Audit with canaries what versions in service could give away.",
        ),
        define_asset_job(
            "monthly",
            AssetSelection.assets(["reports", "monthly"]),
            description="Evaluate versions in service on frozen test sets, as major versions.",
        ),
        define_asset_job(
            "quarterly",
            AssetSelection.assets(["reports", "quarterly"]),
            description="Review of every personality: versions, metrics, ratings.",
        ),
    ]


def schedules(timezone: str) -> list[ScheduleDefinition]:
    """One schedule per timed job; they are switched on in the UI."""
    times = {
        "nightly": "0 3 * * *",
        "weekly": "0 4 * * 0",
        "memorisation": "0 1 25 * *",  # before the major versions of the next month
        "monthly": "0 5 1 * *",
        "quarterly": "0 6 1 1,4,7,10 *",
    }
    return [
        ScheduleDefinition(
            name=f"{job}_schedule", job_name=job, cron_schedule=cron, execution_timezone=timezone
        )
        for job, cron in times.items()
    ]


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


def sensors(
    jobs: list["UnresolvedAssetJobDefinition"], recipes: list[Recipe]
) -> list[SensorDefinition]:
    """The sensors. Two start `jobs`: new rows `ingest` and `nightly`, fallen ratings `nightly`."""
    by_name = {job.name: job for job in jobs}
    return [
        new_crm_rows(by_name["ingest"], by_name["nightly"]),
        fallen_ratings(by_name["nightly"], recipes),
        log_failed_runs,
        reaper,
    ]
