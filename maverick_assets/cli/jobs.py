"""Jobs of the definitions, executed in this process."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from maverick_assets.cli.services import dagster_instance
from maverick_assets.crm.connection import connect, present_columns
from maverick_assets.crm.schema import TABLES
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.pipeline.trainings import (
    JOB_OF_MODE,
    Training,
    hold_training,
    new_training,
    note_end,
)
from maverick_assets.recipes import TrainingOverrides, load_recipes, recipe_named
from maverick_assets.settings import Settings, load_settings

if TYPE_CHECKING:
    from dagster import AssetKey, ExecuteInProcessResult


@dataclass(frozen=True)
class StepFailure:
    """A step that failed, with the class and the first line of its error."""

    step: str
    error_class: str
    message: str


def execute_job(
    job: str, personalities: Sequence[str] = (), training: Training | None = None
) -> list[StepFailure]:
    """Run a job here and now, with one line per event on stderr; returns the steps that failed.

    `training`: of a job that trains, as `begin_training` returned it; None begins one here.

    With `personalities`, only their assets and what these are made from are materialized. Raises
    `BadInput` for an unknown personality, and, before anything runs, for a CRM that cannot be read.
    """
    from maverick_assets.definitions import defs
    from maverick_assets.defs.runs.connections import keep_connections
    from maverick_assets.defs.runs.liveness import hold_run_lock
    from maverick_assets.defs.runs.recovery import settle_dead_runs
    from maverick_assets.defs.runs.tags import OVERRIDES_TAG

    settings = load_settings()
    selection = asset_selection(job, personalities) if personalities else None
    with connect(settings) as connection:
        for table in TABLES.values():
            present_columns(connection, table)
    with dagster_instance() as instance:
        keep_connections(instance)
        settle_dead_runs(instance, settings.run_locks)  # without a daemon no sensor does it
        training = training or begin_training(settings, job, personalities)
        run_id = training.run_id if training else str(uuid4())
        hold_run_lock(settings.run_locks, run_id)
        result = defs.resolve_job_def(job).execute_in_process(
            instance=instance,
            run_id=run_id,
            asset_selection=selection,
            run_config={"loggers": {"progress": {}}},
            tags={
                "dagster/max_retries": "0",  # the daemon cannot restart a run of a terminal
                **({OVERRIDES_TAG: training.overrides.model_dump_json()} if training else {}),
            },
            raise_on_error=False,
        )
    failures = _step_failures(result)
    if training is not None:
        note_end(settings, training, [failure.step for failure in failures])
    return failures


def begin_training(
    settings: Settings,
    job: str,
    personalities: Sequence[str] = (),
    overrides: TrainingOverrides | None = None,
    run_id: str | None = None,
) -> Training | None:
    """The training that a job is, if it trains: from now on until this process ends it runs."""
    mode = next((mode for mode, name in JOB_OF_MODE.items() if name == job), None)
    if mode is None:
        return None
    name = run_id or str(uuid4())
    training = new_training(name, mode, personalities, overrides or TrainingOverrides())
    hold_training(settings, training)
    return training


def asset_selection(job: str, personalities: Sequence[str]) -> list["AssetKey"]:
    """Keys of a job's assets without those of the other personalities."""
    from maverick_assets.definitions import defs

    recipes = load_recipes()
    selected = {recipe_named(recipes, name).name for name in personalities}
    left_out = {recipe.asset_prefix for name, recipe in recipes.items() if name not in selected}
    keys = defs.resolve_job_def(job).asset_layer.selected_asset_keys
    return sorted(key for key in keys if key.path[0] not in left_out)


def raise_first(failures: Sequence[StepFailure]) -> None:
    """Raise the first failure, if there is one, as an error of the same exit code.

    Bad input goes first: other steps often fail because of it.
    """
    if not failures:
        return
    bad_input = next((f for f in failures if f.error_class == BadInput.__name__), None)
    first = bad_input or failures[0]
    if first.error_class == "DagsterExecutionInterruptedError":
        raise MaverickError("interrupted; run the same command again to resume")
    step = first.step.split(".")[0].replace("__", "/")
    more = f" (and {len(failures) - 1} more steps failed)" if len(failures) > 1 else ""
    error = BadInput if bad_input else MaverickError
    raise error(f"{step}: {first.message}{more}")


def _step_failures(result: "ExecuteInProcessResult") -> list[StepFailure]:
    from maverick_assets.defs.runs.progress import root_cause

    failed = [event for event in result.all_events if event.is_step_failure]
    failures = [StepFailure(event.step_key or "", *root_cause(event)) for event in failed]
    return failures + _unread_sources(result, {failure.step for failure in failures})


def _unread_sources(result: "ExecuteInProcessResult", failed: Collection[str]) -> list[StepFailure]:
    """Sources that could not be read: their steps go on, so that they stop nothing else."""
    unread = []
    for evaluation in result.get_asset_check_evaluations():
        step = "__".join(evaluation.asset_key.path)
        if evaluation.passed or evaluation.check_name != "readable" or step in failed:
            continue
        words = {name: str(value.value) for name, value in evaluation.metadata.items()}
        message = f"{words.get('problem', '')}; everything else went on"
        unread.append(StepFailure(step, words.get("error_class", ""), message))
    return unread
