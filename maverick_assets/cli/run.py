"""`maverick run`: a job, now and here, as its schedule would run it."""

from enum import StrEnum
from typing import Annotated

import typer

from maverick_assets.cli.console import AsJson
from maverick_assets.cli.jobs import execute_job, raise_first
from maverick_assets.cli.models import show_versions, versions_in_service
from maverick_assets.cli.services import running_services
from maverick_assets.settings import load_settings


class JobName(StrEnum):
    ingest = "ingest"
    nightly = "nightly"
    weekly = "weekly"
    monthly = "monthly"
    quarterly = "quarterly"


def run(
    job: Annotated[JobName, typer.Argument(help="The job to run.")],
    personality: Annotated[
        list[str] | None, typer.Option(help="Only this personality; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a job now, in this terminal, and show the versions that are then in service."""
    settings = load_settings()
    with running_services(settings):
        failures = execute_job(job, personality or [])
        if job not in (JobName.ingest, JobName.quarterly):
            show_versions(versions_in_service(settings), as_json)
        raise_first(failures)
