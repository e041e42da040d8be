"""`maverick run`: a job, now and here."""

from enum import StrEnum
from typing import Annotated

import typer

from maverick_assets.cli import services
from maverick_assets.cli.console import AsJson
from maverick_assets.cli.models import show_versions, versions_in_service
from maverick_assets.settings import load_settings


class Job(StrEnum):
    ingest = "ingest"
    nightly = "nightly"
    weekly = "weekly"
    monthly = "monthly"
    quarterly = "quarterly"


def run(
    job: Job,
    personality: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be given several times.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a job now, here."""
    settings = load_settings()
    with services.services(settings):
        services.create_in_embedded(settings)
        failures = services.execute_job(job, personality or [])
        if job not in (Job.ingest, Job.quarterly):
            show_versions(versions_in_service(settings), as_json)
        services.raise_failures(failures)
