"""Production metrics, brought up to date with the journal of the service and the CRM's ratings.

The asset, `maverick status` and the sensor read what is computed here.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from maverick_assets.evaluation.people.judgements import Judgement, JudgementFile, latest
from maverick_assets.lake.delta import (
    arrow_table,
    compact,
    only_writer,
    read_state,
    sync_table,
)
from maverick_assets.lake.paths import day_metrics_path
from maverick_assets.pipeline.production.days import (
    METRICS_SCHEMA,
    VersionMetrics,
    by_day,
    grouped,
)
from maverick_assets.pipeline.production.feedback import (
    FallenRatings,
    fallen_ratings,
    read_feedback,
)
from maverick_assets.pipeline.production.journal import (
    KEPT_DAYS,
    TakenIn,
    all_served,
    read_served,
    take_in_journal,
)
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.settings import Settings

WEEK = timedelta(days=7)
_FALLEN = "fallen"  # key of the table's state


@dataclass(frozen=True)
class ProductionMetrics:
    """What a refresh of the production metrics found."""

    journal: TakenIn
    days: Sequence[VersionMetrics]
    fallen: Sequence[FallenRatings]


def refresh_production(run: RunContext, now: datetime | None = None) -> ProductionMetrics:
    """Take in the journal, and bring `lake/metrics/days` up to date with it and with feedback."""
    now = now or datetime.now(UTC)
    journal = take_in_journal(run, now)
    path = day_metrics_path(run.settings.lake)
    with only_writer(path):  # so that no other run puts older days in their place
        days, fallen = _read_production(run, now)
        sync_table(
            path,
            arrow_table([asdict(each) for each in days], METRICS_SCHEMA),
            "key",
            state={_FALLEN: [asdict(each) for each in fallen]},
        )
    compact(path)
    run.log.info(f"{journal.rows} answers in {KEPT_DAYS} days, {journal.new} of them new")
    for each in fallen:
        run.log.warning(f"{each.personality} {each.version}: ratings have fallen: {each.reason}")
    return ProductionMetrics(journal, days, fallen)


def _read_production(
    run: RunContext, now: datetime
) -> tuple[list[VersionMetrics], list[FallenRatings]]:
    """The days of the last `KEPT_DAYS`, and the versions whose ratings have fallen."""
    settings, since = run.settings, now - timedelta(days=KEPT_DAYS)
    feedback = read_feedback(settings.lake)
    served = [row for row in read_served(settings) if row.served_at >= since]
    days = by_day(
        settings.lake,
        served,
        [each for each in feedback if each.at >= since],
        _judgements(settings, since),
    )
    return days, fallen_ratings(run.registry, feedback, now)


def read_fallen(lake: Path) -> list[FallenRatings]:
    """The versions in service whose ratings had fallen when the metrics were refreshed last."""
    state = read_state(day_metrics_path(lake), None) or {}
    return [FallenRatings(**each) for each in state.get(_FALLEN, ())]


def last_week(settings: Settings, now: datetime) -> list[VersionMetrics]:
    """What each version did in the last seven days, with answers that no ingest has taken in."""
    since = now - WEEK
    served = [row for row in all_served(settings) if row.served_at >= since]
    feedback = [each for each in read_feedback(settings.lake) if each.at >= since]
    judgements = _judgements(settings, since)
    return grouped(settings.lake, served, feedback, judgements, lambda _: since.date())


def _judgements(settings: Settings, since: datetime) -> list[Judgement]:
    """The blind judgements since a moment; of one question by one judge the last."""
    said = latest(JudgementFile(settings.judgements).read())
    return [each for each in said if each.at >= since]
