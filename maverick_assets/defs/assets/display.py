"""How results are shown in the Dagster UI."""

import base64
from pathlib import Path

import pyarrow as pa
from dagster import DataVersion, MetadataValue, TableMetadataValue, TableRecord

from maverick_assets.errors import MaverickError
from maverick_assets.registry.manifest import Manifest

INLINE_IMAGE_BYTES = 50_000


def small_table(table: pa.Table) -> TableMetadataValue:
    """Figures as metadata. Never rows: Dagster shows metadata to everybody, and keeps it."""
    records = [
        TableRecord({name: str(value) for name, value in row.items()}) for row in table.to_pylist()
    ]
    return MetadataValue.table(records) if records else MetadataValue.table([TableRecord({})])


def data_version(manifest: Manifest) -> DataVersion:
    """What identifies a version of a personality to Dagster."""
    return DataVersion(f"{manifest.version} {manifest.fingerprint[:12]}")


def inline_image(path: Path, title: str) -> MetadataValue:
    """A PNG inside Markdown. The event log stores it, hence the limit of 50 kB.

    Raises `MaverickError` when the picture is larger.
    """
    data = path.read_bytes()
    if len(data) > INLINE_IMAGE_BYTES:
        raise MaverickError(f"{path} has {len(data)} bytes, more than {INLINE_IMAGE_BYTES}")
    return MetadataValue.md(f"![{title}](data:image/png;base64,{base64.b64encode(data).decode()})")
