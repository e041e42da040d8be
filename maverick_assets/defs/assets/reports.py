"""`reports/monthly` (and the major versions it makes) and `reports/quarterly`."""

from datetime import UTC, datetime

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    MaterializeResult,
    MetadataValue,
    asset,
)

from maverick_assets.crm.raw_table import live_rows
from maverick_assets.defs.assets.evaluation import evaluate_version
from maverick_assets.defs.assets.release import release_version
from maverick_assets.errors import MaverickError
from maverick_assets.files import write_atomically
from maverick_assets.lake.paths import raw_path
from maverick_assets.recipes import Recipe
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.review import quarter_of, quarterly_review, version_table
from maverick_assets.registry.store import Registry
from maverick_assets.registry.versions import next_version
from maverick_assets.settings import Settings, load_settings


def report_assets(recipes: list[Recipe]) -> list[AssetsDefinition]:
    releases = [AssetKey([recipe.asset_prefix, "release"]) for recipe in recipes]

    @asset(
        key=["reports", "monthly"],
        deps=releases,
        description="Each version in service, measured on the frozen test set of its major version "
        "and released as the next one.",
    )
    def monthly(context: AssetExecutionContext) -> MaterializeResult:
        settings = load_settings()
        promoted = [
            manifest
            for recipe in recipes
            if (manifest := _promoted(context, settings, recipe)) is not None
        ]
        if not promoted:
            raise MaverickError("no personality has a version in service; run the weekly job first")
        month = f"{datetime.now(UTC):%Y-%m}"
        text = f"# Evaluation of {month}\n\n{version_table(promoted)}\n"
        return _report(settings, f"monthly-{month}.md", text)

    @asset(
        key=["reports", "quarterly"],
        deps=[*releases, AssetKey(["raw", "feedback"])],
        description="Versions, metrics and ratings of every personality in the last quarter.",
    )
    def quarterly() -> MaterializeResult:
        settings = load_settings()
        quarter, since = quarter_of(datetime.now(UTC))
        manifests = Registry(settings.models).list()
        feedback = live_rows(raw_path(settings.lake, "feedback"))
        text = quarterly_review(quarter, since, manifests, feedback)
        return _report(settings, f"quarterly-{quarter}.md", text)

    return [monthly, quarterly]


def _promoted(
    context: AssetExecutionContext, settings: Settings, recipe: Recipe
) -> Manifest | None:
    """The version in service as a new major one, once a month; None where none is in service."""
    registry = Registry(settings.models)
    current = registry.in_service(recipe.name)
    now = datetime.now(UTC)
    if current is None:
        context.log.warning(f"{recipe.name} has no version in service")
        return None
    if current.kind == "major" and f"{current.created_at:%Y-%m}" == f"{now:%Y-%m}":
        return current
    known = [manifest.version for manifest in registry.list(recipe.name)]
    candidate = current.model_copy(
        update={
            "version": next_version(known, "major", current.version),
            "kind": "major",
            "created_at": now,
            "parent": current.version,
            "ancestors": current.chain,
            "metrics": None,
            "gate": None,
        }
    )
    adapter = registry.directory(recipe.name, current.version) / "adapter"
    major = registry.add_candidate(candidate, adapter)
    folder = settings.runs / context.run_id / recipe.name
    judged, decision = evaluate_version(
        settings, registry, recipe, major, folder, context.log, current.version.major
    )
    if judged.metrics and judged.metrics.split != "test":
        context.log.warning(f"{recipe.name} has no test examples; validation took their place")
    if not decision.passed:
        context.log.error(f"{recipe.name} {judged.version}: {'; '.join(decision.reasons)}")
        return judged
    return release_version(registry, judged, context.log)[0]


def _report(settings: Settings, name: str, text: str) -> MaterializeResult:
    path = settings.reports / name
    write_atomically(path, text)
    return MaterializeResult(
        metadata={"report": MetadataValue.md(text), "path": MetadataValue.path(path)}
    )
