"""Versions in service on the fleet's Ollama servers, where it has any.

`<p>/deployment` follows a release. A night without one skips it, so `nodes`, which depends on no
training, brings a node level that was down.
"""

from collections.abc import Sequence

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
from maverick_assets.pipeline.deploy import Deployment, deploy, require_no_refusal
from maverick_assets.recipes import Recipe


def deployment_asset(recipe: Recipe) -> AssetsDefinition:
    """The version in service of one personality on its nodes."""

    @asset(
        key=[recipe.asset_prefix, "deployment"],
        deps=[AssetKey([recipe.asset_prefix, "release"])],
        description=f"The version of {recipe.title} in service, on every node that answers as it.",
    )
    def deployment(context: AssetExecutionContext) -> MaterializeResult:
        with run_context(context) as run:
            deployments = deploy(run, [recipe.name])
            require_no_refusal(deployments)
        return MaterializeResult(metadata=_metadata(deployments))

    return deployment


def nodes_asset() -> AssetsDefinition:
    """All personalities on all nodes."""

    @asset(
        key="nodes",
        deps=[AssetKey("base_model")],
        description="Nodes that were down, brought level with the versions in service.",
    )
    def nodes(context: AssetExecutionContext) -> MaterializeResult:
        with run_context(context) as run:
            deployments = deploy(run)
            require_no_refusal(deployments)
        return MaterializeResult(metadata=_metadata(deployments))

    return nodes


def _metadata(deployments: Sequence[Deployment]) -> dict[str, MetadataValue]:
    records = [
        TableRecord(
            {
                "personality": each.personality,
                "node": node.node,
                "state": node.state,
                "version": node.serves or "",
                "seconds": node.seconds,
                "override": node.override or "",
            }
        )
        for each in deployments
        for node in each.nodes
    ]
    return {"nodes": MetadataValue.table(records)} if records else {}
