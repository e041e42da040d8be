"""`<p>/release`: GGUF export, a trial answer through llama.cpp, and the `final` pointer."""

from dagster import (
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


def release_asset(recipe: Recipe) -> AssetsDefinition:
    @asset(
        key=[recipe.asset_prefix, "release"],
        deps=[AssetKey([recipe.asset_prefix, "evaluation"]), AssetKey("base_model")],
        description=f"The version of {recipe.title} in service: manifest, GGUF, `final`.",
    )
    def release(context: AssetExecutionContext) -> MaterializeResult:
        with run_context(context) as run:
            manifest = release_next(run, recipe.name).manifest
            directory = run.registry.directory(recipe.name, manifest.version)
        return MaterializeResult(
            metadata={
                "version": str(manifest.version),
                "manifest": MetadataValue.path(directory / "manifest.json"),
                "adapter_gguf": MetadataValue.path(
                    run.registry.weights(recipe.name, manifest.version, "adapter.gguf")
                ),
                "gate": MetadataValue.json(list(manifest.gate.reasons if manifest.gate else ())),
            },
            data_version=data_version(manifest),
        )

    return release
