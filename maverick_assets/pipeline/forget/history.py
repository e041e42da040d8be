"""Older versions of the lake's tables, which still hold rows that the newest no longer hold."""

from pathlib import Path

from maverick_assets.datasets.examples.token_cache import forget_tokens
from maverick_assets.evaluation.kept_results import forget_results
from maverick_assets.lake.delta import purge
from maverick_assets.lake.paths import dataset_paths, text_paths
from maverick_assets.pipeline.forget.tombstone import RowIds
from maverick_assets.pipeline.forget.trace import clean_versions, read_contents
from maverick_assets.registry.store import Registry


def purge_history(lake: Path, registry: Registry, rows: RowIds) -> None:
    """Remove from the disk what older versions of tables hold of `rows`, and both caches.

    The caches hold token ids and losses of examples, and answers to them.

    Call it once the tables are rebuilt. A dataset version without these rows stays when a version
    of the personality that is not revoked was trained on it.
    """
    forget_tokens(lake)
    forget_results(lake)
    for path in text_paths(lake):
        purge(path)
    for path in dataset_paths(lake):
        contents = read_contents(path, rows)
        clean = clean_versions(contents)
        if len(clean) < len(contents):
            purge(path, _in_use(registry, path.name) & clean)


def _in_use(registry: Registry, personality: str) -> set[int]:
    """Dataset versions that versions which are not revoked, or their ancestors, were trained on."""
    return {
        link.dataset_version
        for manifest in registry.versions_of(personality)
        if manifest.revoked is None
        for link in manifest.chain
    }
