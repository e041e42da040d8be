"""Versions of a dataset, and versions of a personality that were trained on them."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from maverick_assets.lake.delta import sync_table
from maverick_assets.lake.paths import dataset_path
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.registry.training_inputs import TrainingInputs, rows_digest
from maverick_assets_tests.pipeline.forget.mails import START
from maverick_assets_tests.registry.conftest import MakeManifest


def write_datasets(lake: Path, *versions: list[str]) -> None:
    """A dataset whose versions hold examples made from mails of these ids."""
    for ids in versions:
        table = pa.table(
            {
                "example_id": [f"e{key}" for key in ids],
                "split": ["train"] * len(ids),
                "source": ["crm_emails"] * len(ids),
                "source_ids": pa.array([[key] for key in ids], pa.list_(pa.string())),
                "_row_hash": [f"h{key}" for key in ids],
            }
        )
        sync_table(dataset_path(lake, "robbie"), table, "example_id")


DATA = (["a"], ["a", "b"], ["a", "c"])  # what v1.0, v1.1 and v1.1.1 were trained on


def trained_on(manifest: Manifest, number: int, ids: list[str]) -> Manifest:
    """The manifest of a training on a version of the dataset with examples made from `ids`."""
    return fingerprinted(manifest, number, rows_digest((f"e{key}", "train") for key in ids))


def fingerprinted(manifest: Manifest, number: int, digest: str) -> Manifest:
    inputs = TrainingInputs(
        manifest.recipe, number, digest, manifest.base_digest, manifest.code_version
    )
    update = {"dataset_version": number, "fingerprint": inputs.fingerprint(manifest.kind)}
    return manifest.model_copy(update=update)


def states(registry: Registry) -> dict[str, str]:
    return {str(m.version): m.state for m in registry.list("robbie")}


def nightly_versions(registry: Registry, make_manifest: MakeManifest, adapter_dir: Path) -> None:
    """v1.0 and two nights on top of it, each of another version of the dataset."""
    above: Manifest | None = None
    for data, version in enumerate(("v1.0", "v1.0.1", "v1.0.2")):
        described = trained_on(make_manifest(version), data, DATA[data])
        update: dict[str, Any] = {"created_at": START + timedelta(days=data)}
        if above:
            update |= {"parent": above.version, "ancestors": above.chain}
        above = registry.add_candidate(described.model_copy(update=update), adapter_dir)
