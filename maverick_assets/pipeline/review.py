"""Reports over the versions of all personalities: the month's evaluation, the quarter's review."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from maverick_assets.files import write_atomically
from maverick_assets.pipeline.feedback import all_feedback
from maverick_assets.pipeline.promote import promote_all
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.recipes import Recipe
from maverick_assets.registry.review import quarter_of, quarterly_review, version_table


@dataclass(frozen=True)
class WrittenReport:
    """A report in Markdown, and where it lies."""

    text: str
    path: Path


def monthly_report(run: RunContext, recipes: Iterable[Recipe]) -> WrittenReport:
    """Promote every version in service, and report on the major versions of the month.

    Raises `MaverickError` when no version is in service.
    """
    majors = promote_all(run, recipes)
    month = f"{datetime.now(UTC):%Y-%m}"
    text = f"# Evaluation of {month}\n\n{version_table(majors)}\n"
    return _write(run, f"monthly-{month}.md", text)


def quarterly_report(run: RunContext) -> WrittenReport:
    """Report on the versions, metrics and ratings since the start of the last full quarter."""
    quarter, since = quarter_of(datetime.now(UTC))
    text = quarterly_review(quarter, since, run.registry.list(), all_feedback(run.settings))
    return _write(run, f"quarterly-{quarter}.md", text)


def _write(run: RunContext, name: str, text: str) -> WrittenReport:
    path = run.settings.reports / name
    write_atomically(path, text)
    return WrittenReport(text, path)
