"""`<p>/release`: GGUF export, a trial answer through llama.cpp, and the `final` pointer."""

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

from maverick_assets.defs.assets.display import data_version
from maverick_assets.defs.runs.context import run_context
from maverick_assets.pipeline.release import release_next
from maverick_assets.recipes import Recipe
from maverick_assets.registry.manifest import Manifest

# A small base runs into loops at temperature 0 now and then, before its export as after it.
_MOST_STOP = 0.75  # of the answers of the parity gate


def release_asset(recipe: Recipe) -> AssetsDefinition:
    key = AssetKey([recipe.asset_prefix, "release"])

    @asset(
        key=key,
        check_specs=[AssetCheckSpec(name, asset=key) for name in ("parity", "answers_end")],
        deps=[AssetKey([recipe.asset_prefix, "evaluation"]), AssetKey("base_model")],
        description=f"The version of {recipe.title} in service: manifest, GGUF, `final`.",
    )
    def release(context: AssetExecutionContext) -> MaterializeResult:
        with run_context(context) as run:
            released = release_next(run, recipe.name)
            manifest = released.manifest
            directory = run.registry.directory(recipe.name, manifest.version)
        return MaterializeResult(
            metadata={
                "version": str(manifest.version),
                **({"kept": released.kept} if released.kept else {}),
                "manifest": MetadataValue.path(directory / "manifest.json"),
                "adapter_gguf": MetadataValue.path(
                    run.registry.weights(recipe.name, manifest.version, "adapter.gguf")
                ),
                "parity": MetadataValue.json(
                    list(manifest.parity.reasons if manifest.parity else ())
                ),
                "gate": MetadataValue.json(list(manifest.gate.reasons if manifest.gate else ())),
            },
            data_version=data_version(manifest),
            check_results=_checks(manifest),
        )

    return release


def _checks(manifest: Manifest) -> list[AssetCheckResult]:
    """Whether the export answers as what was trained, and whether most of its answers end.

    A version that does not pass the first is not released, unless an operator overrode it.
    """
    parity = manifest.parity
    engines = parity.engines if parity else ()
    stopped = [engine.stopped for engine in engines if engine.stopped is not None]
    metadata = {"reasons": MetadataValue.json(list(parity.reasons if parity else ()))}
    most = parity is not None and all(count >= _MOST_STOP * parity.n_prompts for count in stopped)
    return [
        AssetCheckResult(
            passed=parity is not None and parity.passed, check_name="parity", metadata=metadata
        ),
        AssetCheckResult(
            passed=most,
            check_name="answers_end",
            severity=AssetCheckSeverity.WARN,
            metadata={"answers_that_end": MetadataValue.json(stopped)},
        ),
    ]
