"""`reports/monthly` (and the major versions it makes) and `reports/quarterly`."""

from dagster import (
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


def report_assets(recipes: list[Recipe]) -> list[AssetsDefinition]:
    releases = [AssetKey([recipe.asset_prefix, "release"]) for recipe in recipes]

    @asset(
        key=["reports", "monthly"],
        deps=releases,
        description="Each version in service, measured on the frozen test set of its major version "
        "and released as the next one.",
    )
    def monthly(context: AssetExecutionContext) -> MaterializeResult:
        with run_context(context) as run:
            return _materialized(run, monthly_report(run, recipes))

    @asset(
        key=["reports", "quarterly"],
        deps=[*releases, AssetKey(["raw", "feedback"])],
        description="Versions, metrics and ratings of every personality in the last quarter.",
    )
    def quarterly(context: AssetExecutionContext) -> MaterializeResult:
        with run_context(context) as run:
            return _materialized(run, quarterly_report(run))

    return [monthly, quarterly]


def _materialized(run: RunContext, report: WrittenReport) -> MaterializeResult:
    return MaterializeResult(
        metadata={
            "report": MetadataValue.md(report.text),
            "path": MetadataValue.path(report.path),
            "page": MetadataValue.url(fleet_link(run.settings.serving_origin, report.page.stem)),
        }
    )
