"""Retention: old versions lose their weights, so that the disk does not fill up."""

from dataclasses import dataclass

from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.registry.catalog import WEIGHTS
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.retention import without_weights


@dataclass(frozen=True)
class Pruned:
    """A version that has lost its weights, or is to lose them."""

    personality: str
    version: str
    size: int  # bytes


def prune(
    run: RunContext, personality: str, keep: int | None = None, *, dry_run: bool = False
) -> list[Pruned]:
    """Delete the weights that `without_weights` names, and say so in the log.

    `keep` is `MAVERICK_KEEP_VERSIONS` unless it is given. A version that does not verify is left as
    it is, with a warning.
    """
    keep = keep or run.settings.keep_versions
    named = without_weights(run.registry.list(personality), keep)
    rows = {manifest.version: _row(run, manifest) for manifest in named}
    if dry_run:
        return list(rows.values())
    done = {m.version for m in run.registry.prune(personality, keep)} if named else set()
    for version, row in rows.items():
        if version in done:
            run.log.info(f"{personality} {version} lost its weights: {row.size / 1e6:.1f} MB")
        else:
            run.log.warning(f"{personality} {version} keeps its weights: it does not verify")
    return [row for version, row in rows.items() if version in done]


def _row(run: RunContext, manifest: Manifest) -> Pruned:
    directory = run.registry.directory(manifest.personality, manifest.version)
    paths = [directory / name for name in manifest.files if name.split("/")[0] in WEIGHTS]
    size = sum(path.stat().st_size for path in paths if path.is_file())
    return Pruned(manifest.personality, str(manifest.version), size)
