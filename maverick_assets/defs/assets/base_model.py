"""`base_model`: what every adapter is trained on."""

from dagster import AssetExecutionContext, DataVersion, MaterializeResult, MetadataValue, asset

from maverick_assets.defs.runs.context import run_context
from maverick_assets.pipeline.base.prepare import prepare_base


@asset(description="The frozen causal language model that all adapters share, pinned by digest.")
def base_model(context: AssetExecutionContext) -> MaterializeResult:
    with run_context(context) as run:
        base = prepare_base(run)
    return MaterializeResult(
        metadata={"path": MetadataValue.path(base.directory), "digest": base.digest},
        data_version=DataVersion(base.digest),
    )
