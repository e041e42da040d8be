"""Older versions of the lake's tables, which still hold what the newest ones hold no more."""

from pathlib import Path

from maverick_assets.datasets.examples.token_cache import forget_tokens
from maverick_assets.lake.delta import purge
from maverick_assets.lake.paths import dataset_paths, text_paths
from maverick_assets.pipeline.forget.tombstone import RowIds
from maverick_assets.pipeline.forget.trace import read_contents
from maverick_assets.registry.store import Registry


def purge_history(lake: Path, registry: Registry, rows: RowIds) -> None:
    """Remove from the disk what older versions of tables hold of `rows`, and all cached token ids.

    To be called once the tables are rebuilt. Versions of datasets without these rows stay when a
    version of the personality that is not revoked was trained on them.
    """
    forget_tokens(lake)
    for path in text_paths(lake):
        purge(path)
    for path in dataset_paths(lake):
        contents = read_contents(path, rows)
        clean = {number for number, it in contents.items() if it and not it.touched}
        if len(clean) < len(contents):
            purge(path, _in_use(registry, path.name) & clean)


def _in_use(registry: Registry, personality: str) -> set[int]:
    """Versions of a dataset that a version in the chain of a usable one was trained on."""
    return {
        link.dataset_version
        for manifest in registry.versions_of(personality)
        if manifest.revoked is None
        for link in manifest.chain
    }
