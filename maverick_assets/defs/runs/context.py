"""A run of Dagster as the stages of `pipeline/` see it."""

from dagster import AssetExecutionContext, OpExecutionContext

from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.settings import load_settings


def run_context(context: AssetExecutionContext | OpExecutionContext) -> RunContext:
    """The context of a Dagster run, with the settings as they are now."""
    return RunContext(load_settings(), context.run_id, context.log)
