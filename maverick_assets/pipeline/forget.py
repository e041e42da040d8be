"""Forgetting a contact or a row: out of the lake, and every version that learned from it revoked.

The rows are buried, versions traced and revoked, what shows the rows removed, the lake rebuilt, and
its older versions erased.

Each step may be repeated, and a later one finds what an earlier one left: a call that was cut short
is completed by the same call.
"""

import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from maverick_assets.crm.forgetting import (
    TELLING,
    forget_contact,
    forget_rows,
    forgotten_with,
    is_of,
    read_forgotten,
)
from maverick_assets.crm.raw_table import tombstones
from maverick_assets.crm.schema import Table, child_of
from maverick_assets.datasets.examples.token_cache import forget_tokens
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.evaluation.report import copy_without_samples, samples_of
from maverick_assets.lake.delta import only_writer, open_table, purge, read_table, sync_table
from maverick_assets.lake.paths import dataset_paths, raw_path, text_paths
from maverick_assets.registry.manifest import ChainLink, Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.registry.training_inputs import TrainingInputs, rows_digest
from maverick_assets.registry.versions import Kind

Rows = Mapping[str, Sequence[str]]  # table -> ids
_TRAININGS: tuple[Kind, ...] = ("full", "incremental")


@dataclass(frozen=True)
class _Content:
    """A version of a dataset: its digest, and ids of its examples that are made from given rows."""

    digest: str
    touched: frozenset[str]


@dataclass(frozen=True)
class Touched:
    """Where forgotten rows were used: versions of datasets, and versions trained from these.

    `untold` are those of `versions` of which nothing tells what they were trained on. `contents`
    are all versions of datasets; None for those that cannot be read any more.
    """

    datasets: Mapping[str, Sequence[int]]
    versions: Mapping[str, Sequence[Manifest]]
    untold: Mapping[str, Sequence[Manifest]]
    contents: Mapping[str, Mapping[int, _Content | None]]


def bury_contact(lake: Path, tables: Iterable[Table], contact: str) -> Rows:
    """Put a contact on the list of the forgotten, and bury the rows that are his.

    Returns all that were ever buried with him. Raises `BadInput` when nothing in the lake is his
    and he is not on the list.
    """
    address = contact.strip().lower()
    own = [(table, _rows_of(lake, table, address)) for table in tables]
    if not any(rows for _, rows in own) and address not in read_forgotten(lake).contacts:
        raise BadInput(
            f"no row of the lake is {address}'s: no mail from or to him alone, no deal, no note; "
            "see that the address is right, or forget single rows with --row"
        )
    forget_contact(lake, address)
    for table, rows in own:
        _bury(lake, table, rows, address)
    return forgotten_with(lake, address)


def bury_row(lake: Path, tables: Iterable[Table], name: str, row_id: str) -> Rows:
    """Put a row on the list of the forgotten, and bury it; a conversation with its messages.

    Returns what was buried, now or before. Raises `BadInput` when there is no such row and none was
    forgotten.
    """
    known = {table.name: table for table in tables}
    if name not in known:
        raise BadInput(f"--row {name}:{row_id}: no table {name!r}; tables: {', '.join(known)}")
    rows = _held(lake, known[name], {"id": [row_id]})
    forgotten = read_forgotten(lake).rows
    if not rows and row_id not in forgotten.get(name, ()):
        raise BadInput(f"--row {name}:{row_id}: the lake has no such row; see that its id is right")
    _bury(lake, known[name], rows or [{"id": row_id}])
    done = {name: [row_id]}
    messages = child_of(name, known.values())
    if messages:
        said = _held(lake, messages, {"conversation_id": [row_id]})
        _bury(lake, messages, said)
        done[messages.name] = [row["id"] for row in said]
    return done


def trace(lake: Path, registry: Registry, rows: Rows) -> Touched:
    """Every version of a dataset that held an example made from `rows`, and every version of a
    personality that was trained on one of these, or on top of one that was.

    What a version was trained on is told by the content of the dataset, not by its number, which
    means other rows once a lake was rebuilt; of a version whose directory is gone, the chains of
    its descendants tell it. Where that content is there no more, the version counts as touched.
    """
    contents = {path.name: _content(path, rows) for path in dataset_paths(lake)}
    versions, untold = {}, {}
    for name in registry.personalities():
        learned: list[Manifest] = []
        unknown: list[Manifest] = []
        manifests = sorted(registry.list(name), key=lambda each: each.created_at)
        there = {manifest.version for manifest in manifests}
        for manifest in manifests:
            links = [link for link in manifest.ancestors if link.version not in there]
            links.append(manifest.chain[-1])
            found = [_trained_on(manifest, each, contents.get(name, {}).values()) for each in links]
            if None in found and manifest.revoked is None:
                unknown.append(manifest)
            touched = any(content and content.touched for content in found)
            above = {link.version for link in manifest.ancestors}
            if manifest in unknown or touched or any(each.version in above for each in learned):
                learned.append(manifest)
        versions[name], untold[name] = learned, unknown
    datasets = {
        name: [version for version, content in found.items() if content and content.touched]
        for name, found in contents.items()
    }
    return Touched(
        {name: found for name, found in datasets.items() if found},
        {name: found for name, found in versions.items() if found},
        {name: found for name, found in untold.items() if found},
        contents,
    )


def revoke(registry: Registry, touched: Touched, reason: str) -> dict[str, Manifest | None]:
    """Revoke all that was touched; by personality, the version that is in service then."""
    return {
        name: registry.revoke(name, [each.version for each in found], reason)
        for name, found in touched.versions.items()
    }


def remove_shown(touched: Touched, registry: Registry, reports: Path, runs: Path) -> None:
    """Remove the texts of examples that people are shown.

    These are pages about versions of datasets, but for those without the rows; the samples in the
    reports of versions that are revoked, or that were measured on examples made from the rows; and
    all reports that evaluations left in `runs`.
    """
    for page in (reports / "datasets").glob("*/*"):
        contents = touched.contents.get(page.parent.name, {})
        clean = [f"{number}.html" for number, each in contents.items() if each and not each.touched]
        if page.name not in clean:
            page.unlink()
    for pattern in ("*/*/report", "*/*/.report.*"):
        for left in runs.glob(pattern):
            shutil.rmtree(left)
    for manifest in registry.list():
        report = registry.directory(manifest.personality, manifest.version) / "report"
        shown = samples_of(report)
        contents = touched.contents.get(manifest.personality, {})
        ids = {key for each in contents.values() if each for key in each.touched}
        if shown and (manifest.revoked or not ids.isdisjoint(re.findall(r"\w+", shown))):
            with TemporaryDirectory() as folder:
                copy_without_samples(report, Path(folder))
                registry.attach(manifest.personality, manifest.version, Path(folder), "report")


def erase(lake: Path, registry: Registry, rows: Rows) -> None:
    """Remove from the disk what older versions of the lake's tables hold of `rows`, and all token
    ids that are kept of examples.

    To be called once the tables are rebuilt. Versions of datasets without these rows stay where a
    version of the personality that is not revoked was trained on them.
    """
    forget_tokens(lake)
    for path in text_paths(lake):
        purge(path)
    known = registry.personalities()
    for path in dataset_paths(lake):
        contents = _content(path, rows)
        if all(content and not content.touched for content in contents.values()):
            continue
        manifests = registry.list(path.name) if path.name in known else []
        used = {
            link.dataset_version
            for each in manifests
            if each.revoked is None
            for link in each.chain
        }
        clean = {number for number, each in contents.items() if each and not each.touched}
        purge(path, used & clean)


def _rows_of(lake: Path, table: Table, contact: str) -> list[dict[str, Any]]:
    rows = [row for row in _held(lake, table) if is_of(row, contact)]
    if not table.parent:
        return rows
    talks = read_table(raw_path(lake, table.parent), columns=["id", "user_id"])
    found = [] if talks is None else [row["id"] for row in talks.to_pylist() if is_of(row, contact)]
    found += forgotten_with(lake, contact).get(table.parent, [])
    return _held(lake, table, {"conversation_id": found}) if found else []


def _held(
    lake: Path, table: Table, where: Mapping[str, list[str]] | None = None
) -> list[dict[str, Any]]:
    """The telling columns of the rows of a raw table, and of what was deleted at the source."""
    columns = [name for name in TELLING if name in table.columns]
    rows = read_table(raw_path(lake, table.name), columns=columns, where=where)
    return [] if rows is None else rows.to_pylist()


def _bury(
    lake: Path, table: Table, rows: Sequence[dict[str, Any]], contact: str | None = None
) -> None:
    """First on the list, so that no extraction brings back what is buried."""
    if not rows:
        return
    forget_rows(lake, table.name, rows, contact)
    target = raw_path(lake, table.name)
    with only_writer(target):
        ids = pa.table({"id": pa.array([row["id"] for row in rows], pa.string())})
        if open_table(target) is not None:
            sync_table(target, tombstones(table, ids), "id", scope=())


def _content(dataset: Path, rows: Rows) -> dict[int, _Content | None]:
    """What each version of a dataset holds; None for those that cannot be read any more."""
    newest = open_table(dataset)
    found: dict[int, _Content | None] = {}
    for version in range(newest.version() + 1 if newest else 0):
        try:
            held = read_table(dataset, version, ["example_id", "split", "source", "source_ids"])
        except MaverickError:
            found[version] = None
            continue
        assert held is not None
        examples = held.to_pylist()
        digest = rows_digest((each["example_id"], each["split"]) for each in examples)
        touched = (
            each["example_id"]
            for each in examples
            if not set(rows.get(each["source"], ())).isdisjoint(each["source_ids"])
        )
        found[version] = _Content(digest, frozenset(touched))
    return found


def _trained_on(
    manifest: Manifest, link: ChainLink, versions: Iterable[_Content | None]
) -> _Content | None:
    """The content that a link of a version's chain was trained on, whatever number it has in the
    lake now.

    Told by the link's fingerprint, of which the content is a part; recipe, base and code are the
    same in the whole chain. That of a major version is of the training that made its adapter.
    """
    for content in versions:
        inputs = content and TrainingInputs(
            manifest.recipe,
            link.dataset_version,
            content.digest,
            manifest.base_digest,
            manifest.code_version,
        )
        if inputs and link.fingerprint in map(inputs.fingerprint, _TRAININGS):
            return content
    return None
