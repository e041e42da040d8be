"""`maverick run`: a job, now and here, as its schedule would run it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError

from maverick_assets.cli.console import AsJson
from maverick_assets.cli.jobs import begin_training, execute_job, raise_first
from maverick_assets.cli.models.versions import show_versions, versions_in_service
from maverick_assets.cli.services import running_services
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.pipeline.trainings import JOB_OF_MODE, Training, last_ended, note_end
from maverick_assets.private.run_home import open_run_home
from maverick_assets.recipes import TrainingOverrides
from maverick_assets.settings import Settings, load_settings


class JobName(StrEnum):
    ingest = "ingest"
    nightly = "nightly"
    weekly = "weekly"
    memorisation = "memorisation"
    monthly = "monthly"
    quarterly = "quarterly"


def run(
    job: Annotated[JobName, typer.Argument(help="The job to run.")],
    personality: Annotated[
        list[str] | None, typer.Option(help="Only this personality; may be repeated.")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the examples, in this run only.")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Peak learning rate, in this run only.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Examples of the full length in one step, in this run only.")
    ] = None,
    max_length: Annotated[
        int | None, typer.Option(help="Tokens of one example, in this run only.")
    ] = None,
    run_id: Annotated[
        UUID | None, typer.Option(help="Id of the run, where its starter chose one.", hidden=True)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a job now, in this terminal, and show the versions that are then in service.

    What the options change stands in the manifests of the versions that are trained.
    """
    settings = load_settings()
    overrides = _overrides(
        job,
        {
            "epochs": epochs,
            "learning_rate": learning_rate,
            "batch_size": batch_size,
            "max_length": max_length,
        },
    )
    open_run_home(settings.home)
    training = begin_training(
        settings, job, personality or [], overrides, str(run_id) if run_id else None
    )
    with _noting_a_failed_start(settings, training), running_services(settings):
        failures = execute_job(job, personality or [], training)
        if job not in (JobName.ingest, JobName.memorisation, JobName.quarterly):
            show_versions(versions_in_service(settings), as_json)
        raise_first(failures)


@contextmanager
def _noting_a_failed_start(settings: Settings, training: Training | None) -> Iterator[None]:
    """Keep that a training failed before its first step, as when the CRM cannot be reached."""
    try:
        yield
    except MaverickError:
        last = last_ended(settings)
        if training and (last is None or last.training.run_id != training.run_id):
            note_end(settings, training, ["start"])
        raise


def _overrides(job: JobName, given: Mapping[str, float | None]) -> TrainingOverrides | None:
    """What the options change. Raises `BadInput` for a value, or a job that does not train."""
    values = {name: value for name, value in given.items() if value is not None}
    if not values:
        return None
    if job not in JOB_OF_MODE.values():
        raise BadInput(f"{job} does not train; give these options to nightly or weekly")
    try:
        return TrainingOverrides.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).replace("_", "-")
        raise BadInput(f"--{name}: {first['msg']}") from error
