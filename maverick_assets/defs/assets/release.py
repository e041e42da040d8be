"""`<p>/release`: GGUF export, a test answer through llama.cpp, and the `final` pointer."""

import json

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    DataVersion,
    MaterializeResult,
    MetadataValue,
    asset,
)

from maverick_assets.errors import MaverickError
from maverick_assets.processes import Log, run_module
from maverick_assets.recipes import Recipe
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.settings import load_settings


def release_asset(recipe: Recipe) -> AssetsDefinition:
    @asset(
        key=[recipe.asset_prefix, "release"],
        deps=[AssetKey([recipe.asset_prefix, "evaluation"]), AssetKey("base_model")],
        description=f"The version of {recipe.title} in service: manifest, GGUF, `final`.",
    )
    def release(context: AssetExecutionContext) -> MaterializeResult:
        settings = load_settings()
        registry = Registry(settings.models)
        version = registry.newest(recipe.name)
        if version is None:
            raise MaverickError(f"{recipe.name} has no version; materialize its adapter first")
        released, answer = release_version(registry, version, context.log)
        context.log.info(f"{recipe.name} {released.version} is in service; it says: {answer[:120]}")
        directory = registry.directory(recipe.name, released.version)
        return MaterializeResult(
            metadata={
                "version": str(released.version),
                "answer through llama.cpp": answer,
                "manifest": MetadataValue.path(directory / "manifest.json"),
                "adapter_gguf": MetadataValue.path(directory / "adapter.gguf"),
                "gate": MetadataValue.json(list(released.gate.reasons if released.gate else ())),
            },
            data_version=DataVersion(f"{released.version} {released.fingerprint[:12]}"),
        )

    return release


def release_version(registry: Registry, version: Manifest, log: Log) -> tuple[Manifest, str]:
    """Export a version, have it answer through llama.cpp, and put it in service.

    Raises `MaverickError` when its gate refused it, when a file is corrupt, or when the exported
    adapter does not answer; the version in service then stays.
    """
    name, number = version.personality, str(version.version)
    if version.gate is None or not version.gate.passed:
        reasons = "; ".join(version.gate.reasons) if version.gate else "it was never evaluated"
        raise MaverickError(f"{name} {number} is not released: {reasons}")
    result = run_module("maverick_assets.serving.publish", name, number, log=log)
    return registry.release(name, number), str(json.loads(result)["answer"])
