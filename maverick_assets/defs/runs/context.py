"""A run of Dagster as the stages of `pipeline/` see it."""

from dagster import AssetExecutionContext, OpExecutionContext

from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.settings import load_settings


def run_context(context: AssetExecutionContext | OpExecutionContext) -> RunContext:
    """Settings as they are now, the run's id, and its log."""
    return RunContext(load_settings(), context.run_id, context.log)
