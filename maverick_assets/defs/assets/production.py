"""`production/metrics`: what each version did in service, by day."""

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MaterializeResult,
    MetadataValue,
    TableRecord,
    asset,
)

from maverick_assets.defs.runs.context import run_context
from maverick_assets.pipeline.production.days import VersionMetrics
from maverick_assets.pipeline.production.journal import KEPT_DAYS
from maverick_assets.pipeline.production.refresh import ProductionMetrics, refresh_production

_SHOWN_ROWS = 30  # the newest


def production_metrics() -> AssetsDefinition:
    @asset(
        key=["production", "metrics"],
        deps=[AssetKey(["raw", "feedback"])],
        description="Answers served, times, ratings, corrections, blind judgements, and drift of "
        f"topics and length against training, by personality, version and day; {KEPT_DAYS} days.",
    )
    def metrics(context: AssetExecutionContext) -> MaterializeResult:
        with run_context(context) as run:
            return MaterializeResult(metadata=_metadata(refresh_production(run)))

    return metrics


def _metadata(found: ProductionMetrics) -> dict[str, MetadataValue | int]:
    newest = sorted(found.days, key=lambda row: (row.day, row.key), reverse=True)[:_SHOWN_ROWS]
    shown: dict[str, MetadataValue | int] = {
        "answers": found.journal.rows,
        "new_answers": found.journal.new,
        "expired_answers": found.journal.expired,
        "damaged_lines": found.journal.damaged,
        "fallen_ratings": MetadataValue.json(
            [f"{each.personality} {each.version}: {each.reason}" for each in found.fallen]
        ),
    }
    if newest:
        shown["days"] = MetadataValue.table([_record(row) for row in newest])
    return shown


def _record(row: VersionMetrics) -> TableRecord:
    return TableRecord(
        {
            "day": row.day,
            "personality": row.personality,
            "version": row.version,
            "answers": row.answers,
            "first word p50/p95 (ms)": f"{row.first_token_ms_p50}/{row.first_token_ms_p95}",
            "ratings": row.ratings,
            "rating": round(row.rating_mean, 1) if row.rating_mean is not None else "",
            "corrections": row.corrections,
            "judged blind": row.judgements,
            "taken for the owner": row.taken_for_owner if row.judgements else "",
            "judged": round(row.judged_mean, 1) if row.judged_mean is not None else "",
            "topic drift (p)": _shown(row.topic_drift, row.topic_p),
            "length drift (p)": _shown(row.length_drift, row.length_p),
        }
    )


def _shown(distance: float | None, p_value: float | None) -> str:
    return "" if distance is None else f"{distance:.2f} ({p_value:.2g})"
