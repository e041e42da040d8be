"""A lock file for each run, held by the process that executes it.

The kernel frees the lock however that process ends, a reboot included. Neither clocks nor process
numbers are compared, and a run of another machine or run home has no file here.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dagster import (
    DagsterRun,
    Executor,
    ExecutorDefinition,
    InitExecutorContext,
    in_process_executor,
)

from maverick_assets.defs.runs.connections import keep_connections
from maverick_assets.defs.runs.tags import OVERRIDES_TAG, TRAINING_TAG
from maverick_assets.files import hold_file, is_held
from maverick_assets.pipeline.trainings import hold_training, new_training
from maverick_assets.recipes import TrainingOverrides
from maverick_assets.settings import Settings, load_settings

if TYPE_CHECKING:  # Dagster does not export the types of an executor's interface
    from dagster._core.events import DagsterEvent
    from dagster._core.execution.context.system import PlanOrchestrationContext
    from dagster._core.execution.plan.plan import ExecutionPlan
    from dagster._core.execution.retries import RetryMode


def hold_run_lock(folder: Path, run_id: str) -> None:
    """Lock `folder/run_id` until this process ends, which is after the run's last event."""
    folder.mkdir(parents=True, exist_ok=True)
    hold_file(folder / run_id)


def dead_runs(folder: Path) -> list[str]:
    """Ids of the runs whose process held a lock in `folder` and has ended."""
    # A file that is gone since belongs to a run that another process has settled.
    return [path.name for path in sorted(folder.glob("[!.]*")) if is_held(path) is False]


def hold_if_training(settings: Settings, run: DagsterRun) -> None:
    """Say that a run trains, if it does, until this process ends."""
    mode = run.tags.get(TRAINING_TAG)
    if mode is not None:
        overrides = TrainingOverrides.model_validate_json(run.tags.get(OVERRIDES_TAG, "{}"))
        is_full = mode == "full"
        training = new_training(
            run.run_id, "full" if is_full else "incremental", overrides=overrides
        )
        hold_training(settings, training)


class LockingExecutor(Executor):
    """Wraps an executor: a run holds its lock in this process while it executes."""

    def __init__(self, inner: Executor) -> None:
        self._inner = inner

    @property
    def retries(self) -> "RetryMode":
        return self._inner.retries

    def execute(
        self, plan_context: "PlanOrchestrationContext", execution_plan: "ExecutionPlan"
    ) -> Iterator["DagsterEvent"]:
        settings = load_settings()
        hold_run_lock(settings.run_locks, plan_context.run_id)
        hold_if_training(settings, plan_context.dagster_run)
        keep_connections(plan_context.instance)
        yield from self._inner.execute(plan_context, execution_plan)


def _create_executor(context: InitExecutorContext) -> LockingExecutor:
    create = in_process_executor.executor_creation_fn
    assert create is not None
    return LockingExecutor(create(context))


locking_in_process_executor = ExecutorDefinition(
    name="in_process",
    config_schema=in_process_executor.config_schema.as_field(),
    executor_creation_fn=_create_executor,
    description="All steps in one process, which holds the run's lock for as long as it lives.",
)
