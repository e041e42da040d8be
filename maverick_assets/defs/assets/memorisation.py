"""`<p>/memorisation`: an audit with canaries, on adapters that are trained for it and deleted."""

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
from maverick_assets.figures.memorisation import SERVICE_REPEATS
from maverick_assets.pipeline.memorisation import (
    audit_personality,
    audit_report,
    audit_sentence,
)
from maverick_assets.recipes import Recipe

CHECKS = ("audit_is_valid", "no_canary_given_away")


def memorisation_asset(recipe: Recipe, pool: str) -> AssetsDefinition:
    """`pool`: that of the trainings of the personality's node, because an audit trains, too."""
    key = AssetKey([recipe.asset_prefix, "memorisation"])

    @asset(
        key=key,
        deps=[AssetKey([recipe.asset_prefix, "release"])],
        check_specs=[AssetCheckSpec(name, asset=key) for name in CHECKS],
        pool=pool,
        description=f"Whether a secret that {recipe.title} read could be got out.",
    )
    def memorisation(context: AssetExecutionContext) -> MaterializeResult:
        with run_context(context) as run:
            if run.registry.in_service(recipe.name) is None:
                return _nothing_to_audit()
            figures = audit_personality(run, recipe)
            text, path = audit_report(run.settings, figures)
        found, n = figures.extracted(SERVICE_REPEATS)
        return MaterializeResult(
            metadata={
                "result": audit_sentence(figures),
                "canaries_given_away": found,
                "canaries": n,
                "positive_control_found": figures.detected.value,
                "seconds": figures.seconds,
                "report": MetadataValue.md(text),
                "path": MetadataValue.path(path),
            },
            check_results=[
                AssetCheckResult(
                    passed=figures.is_valid,
                    check_name="audit_is_valid",
                    metadata={"problems": MetadataValue.json(list(figures.problems))},
                ),
                # A void audit finds none, too: it may have trained nothing.
                AssetCheckResult(
                    passed=figures.is_valid and found == 0, check_name="no_canary_given_away"
                ),
            ],
        )

    return memorisation


def _nothing_to_audit() -> MaterializeResult:
    """Of a personality that nobody can ask: a warning, so that the others' run stays green."""
    reason = "no version is in service, so that there is nothing to audit"
    return MaterializeResult(
        metadata={"result": reason},
        check_results=[
            AssetCheckResult(
                passed=False,
                check_name=name,
                severity=AssetCheckSeverity.WARN,
                metadata={"problems": MetadataValue.json([reason])},
            )
            for name in CHECKS
        ],
    )
