"""Runs whose process died: reported as failed, and their pool slots freed.

Dagster notices a dead worker only while the code server that started it lives, and a dead
`maverick run` never: its run would stay STARTED and hold the node's GPUs for good.
"""

from pathlib import Path

from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    DefaultSensorStatus,
    SensorEvaluationContext,
    SkipReason,
    sensor,
)

from maverick_assets.defs.runs.liveness import dead_runs
from maverick_assets.settings import load_settings

DEATH_REASON = (
    "Its process ended without a word: killed, out of memory, or the machine was switched off."
)


def settle_dead_runs(instance: DagsterInstance, folder: Path) -> list[str]:
    """Report the runs whose lock in `folder` is free; returns the ids of those not yet finished.

    Such a run becomes FAILURE, and the retry daemon requests it again, once; or CANCELED when
    someone had asked for that. A finished run is left alone. The next call completes one that was
    interrupted.
    """
    settled = []
    for run_id in dead_runs(folder):
        # Read after the lock was free, so it holds everything that the process wrote.
        run = instance.get_run_by_id(run_id)
        if run is None:  # it belongs to another Dagster storage
            continue
        if run.status == DagsterRunStatus.CANCELING:
            instance.report_run_canceled(run, DEATH_REASON)
            settled.append(run_id)
        elif not run.is_finished:
            instance.report_run_failed(run, DEATH_REASON)
            settled.append(run_id)
        instance.event_log_storage.free_concurrency_slots_for_run(run_id)
        (folder / run_id).unlink(missing_ok=True)
    return settled


@sensor(
    name="reaper",
    # In effect 10 s: the daemon looks every 5 s, and 10 would often become 15.
    minimum_interval_seconds=8,
    default_status=DefaultSensorStatus.RUNNING,
    description="Reports runs whose process died as failed and frees the GPUs that they held; "
    "Dagster then requests them again, once.",
)
def reaper(context: SensorEvaluationContext) -> SkipReason:
    settled = settle_dead_runs(context.instance, load_settings().run_locks)
    if not settled:
        return SkipReason("every run under way has a living process")
    return SkipReason(f"reported as dead: {', '.join(settled)}")
