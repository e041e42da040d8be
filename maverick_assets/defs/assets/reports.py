"""`reports/monthly` (and the major versions it makes) and `reports/quarterly`."""

from collections.abc import Sequence

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MaterializeResult,
    MetadataValue,
    asset,
)

from maverick_assets.defs.runs.context import run_context
from maverick_assets.pipeline.review import WrittenReport, monthly_report, quarterly_report
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.recipes import Recipe
from maverick_assets.web.report_links import fleet_link


def report_assets(recipes: list[Recipe], pool: str) -> list[AssetsDefinition]:
    """`pool`: that of the trainings on this machine, because a month may begin with audits."""
    releases = [AssetKey([recipe.asset_prefix, "release"]) for recipe in recipes]
    monthly_key = AssetKey(["reports", "monthly"])

    @asset(
        key=monthly_key,
        deps=releases,
        pool=pool,
        check_specs=[AssetCheckSpec("all_promoted", asset=monthly_key)],
        description="Each version in service, measured on the frozen test set of its major version "
        "and released as the next one.",
    )
    def monthly(context: AssetExecutionContext) -> MaterializeResult:
        with run_context(context) as run:
            report = monthly_report(run, recipes)
            return _materialized(run, report, [_all_promoted(report)])

    @asset(
        key=["reports", "quarterly"],
        deps=[*releases, AssetKey(["raw", "feedback"])],
        description="Versions, metrics and ratings of every personality in the last quarter.",
    )
    def quarterly(context: AssetExecutionContext) -> MaterializeResult:
        with run_context(context) as run:
            return _materialized(run, quarterly_report(run))

    return [monthly, quarterly]


def _all_promoted(report: WrittenReport) -> AssetCheckResult:
    """A version that is refused stays a candidate, and the one in service stays: a warning."""
    return AssetCheckResult(
        passed=not report.refused,
        check_name="all_promoted",
        severity=AssetCheckSeverity.WARN,
        metadata={"refused": MetadataValue.json(list(report.refused))},
    )


def _materialized(
    run: RunContext, report: WrittenReport, checks: Sequence[AssetCheckResult] = ()
) -> MaterializeResult:
    return MaterializeResult(
        check_results=checks,
        metadata={
            "report": MetadataValue.md(report.text),
            "path": MetadataValue.path(report.path),
            "page": MetadataValue.url(fleet_link(run.settings.serving_origin, report.page.stem)),
        },
    )
