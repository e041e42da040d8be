"""The version that a run left between its training and its release."""

from maverick_assets.pipeline.base_model import require_base
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.plan import unfinished_version


def find_unfinished(run: RunContext, personality: str) -> Manifest | None:
    """The version that this run or an earlier one trained and that may still go into service."""
    base = require_base(run.settings)
    return unfinished_version(run.registry, personality, base.digest)
