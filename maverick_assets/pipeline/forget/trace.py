"""Where forgotten rows were used: dataset versions, and the versions trained on them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from maverick_assets.errors import MaverickError
from maverick_assets.lake.delta import open_table, read_table
from maverick_assets.lake.paths import dataset_paths
from maverick_assets.pipeline.forget.tombstone import RowIds
from maverick_assets.registry.manifest import ChainLink, Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.registry.training_inputs import TrainingInputs, rows_digest
from maverick_assets.registry.versions import Kind

T = TypeVar("T")
_TRAININGS: tuple[Kind, ...] = ("full", "incremental")


@dataclass(frozen=True)
class DatasetContent:
    """What one version of a dataset holds."""

    digest: str
    touched: frozenset[str]  # ids of the examples that are made from forgotten rows


# By version of the dataset; None for a version that cannot be read any more.
Contents = Mapping[int, DatasetContent | None]


@dataclass(frozen=True)
class Trace:
    """Where forgotten rows were used, by personality."""

    datasets: Mapping[str, Sequence[int]]  # versions that held an example made from them
    versions: Mapping[str, Sequence[Manifest]]  # those that learned from them, or may have
    untraceable: Mapping[str, Sequence[Manifest]]  # those of them whose dataset is gone
    contents: Mapping[str, Contents]  # all versions of all datasets


def trace(lake: Path, registry: Registry, rows: RowIds) -> Trace:
    """Find what used `rows`.

    That is every dataset version with an example made from them, every version of a personality
    that was trained on one of these, and every version trained on top of such a version. A version
    whose dataset can no longer be read counts as one that learned from them.
    """
    contents = {path.name: read_contents(path, rows) for path in dataset_paths(lake)}
    versions, untraceable = {}, {}
    for name in registry.personalities():
        versions[name], untraceable[name] = _learned(registry.list(name), contents.get(name, {}))
    datasets = {
        name: [version for version, content in by_version.items() if content and content.touched]
        for name, by_version in contents.items()
    }
    return Trace(
        _without_empty(datasets), _without_empty(versions), _without_empty(untraceable), contents
    )


def _without_empty(by_personality: Mapping[str, list[T]]) -> dict[str, list[T]]:
    return {name: items for name, items in by_personality.items() if items}


def revoke(registry: Registry, traced: Trace, reason: str) -> dict[str, Manifest | None]:
    """Revoke every version that learned from the rows.

    Returns, by personality, the version that is in service afterwards.
    """
    return {
        name: registry.revoke(name, [manifest.version for manifest in manifests], reason)
        for name, manifests in traced.versions.items()
    }


def read_contents(dataset: Path, rows: RowIds) -> dict[int, DatasetContent | None]:
    """What each version of a dataset holds, and which of it is made from `rows`."""
    newest = open_table(dataset)
    versions = range(newest.version() + 1 if newest else 0)
    return {version: _read_content(dataset, version, rows) for version in versions}


def clean_versions(contents: Contents) -> set[int]:
    """The dataset versions that are known to hold nothing made from the rows."""
    return {version for version, content in contents.items() if content and not content.touched}


def _read_content(dataset: Path, version: int, rows: RowIds) -> DatasetContent | None:
    try:
        table = read_table(dataset, version, ["example_id", "split", "source", "source_ids"])
    except MaverickError:
        return None
    assert table is not None
    examples = table.to_pylist()
    digest = rows_digest((example["example_id"], example["split"]) for example in examples)
    touched = (
        example["example_id"]
        for example in examples
        if not set(rows.get(example["source"], ())).isdisjoint(example["source_ids"])
    )
    return DatasetContent(digest, frozenset(touched))


def _learned(
    manifests: Sequence[Manifest], contents: Contents
) -> tuple[list[Manifest], list[Manifest]]:
    """The versions of a personality that learned from the rows, and the untraceable among them."""
    learned: list[Manifest] = []
    untraceable: list[Manifest] = []
    existing = {manifest.version for manifest in manifests}
    # Oldest first, so that a parent is decided before what was trained on top of it.
    for manifest in sorted(manifests, key=lambda manifest: manifest.created_at):
        # A deleted ancestor has no manifest to decide on: its descendants answer for it.
        links = [link for link in manifest.ancestors if link.version not in existing]
        links.append(manifest.chain[-1])
        trained_on = [_content_of(manifest, link, contents.values()) for link in links]
        if None in trained_on and manifest.revoked is None:
            untraceable.append(manifest)
        ancestors = {link.version for link in manifest.ancestors}
        if (
            manifest in untraceable
            or any(content and content.touched for content in trained_on)
            or any(parent.version in ancestors for parent in learned)
        ):
            learned.append(manifest)
    return learned, untraceable


def _content_of(
    manifest: Manifest, link: ChainLink, contents: Iterable[DatasetContent | None]
) -> DatasetContent | None:
    """The content that a link of a version's chain was trained on; None when it is gone.

    Recognised by the fingerprint of the link, of which the content is a part, and not by the number
    of the dataset's version: in a rebuilt lake that means other rows. Recipe, base and code are the
    same in the whole chain. A major version has the fingerprint of the training that made its
    adapter, hence both kinds of training are tried.
    """
    for content in contents:
        inputs = content and TrainingInputs(
            recipe=manifest.recipe,
            dataset_version=link.dataset_version,
            dataset_digest=content.digest,
            base_digest=manifest.base_digest,
            code_version=manifest.code_version,
        )
        if inputs and link.fingerprint in map(inputs.fingerprint, _TRAININGS):
            return content
    return None
