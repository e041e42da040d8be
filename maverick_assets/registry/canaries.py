"""Canaries of an audit, which no version may have learned."""

from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from maverick_assets.records import TrainingSummary
from maverick_assets.registry.manifest import Manifest


def learned_canaries(manifest: Manifest, adapter_dir: Path) -> int:
    """How many canaries an adapter learned, by its manifest and by the summary beside it."""
    summaries = [manifest.training] if manifest.training else []
    with suppress(OSError, ValidationError):  # no summary, or one of another program
        summary = (adapter_dir.parent / "training.json").read_bytes()
        summaries.append(TrainingSummary.model_validate_json(summary))
    return max((summary.n_canaries for summary in summaries), default=0)
