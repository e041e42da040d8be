"""Datasets are read as they were written, those of earlier releases too."""

from dataclasses import asdict, replace
from pathlib import Path

import pyarrow as pa
import pytest

from maverick_assets.datasets.examples.example import EXAMPLE_SCHEMA, read_examples
from maverick_assets.errors import MaverickError
from maverick_assets.lake.delta import arrow_table, sync_table
from maverick_assets_tests.datasets.example_template import EXAMPLE


def test_examples_are_read_at_their_version_by_split_and_in_order(tmp_path: Path) -> None:
    first, second = replace(EXAMPLE, split="test"), replace(EXAMPLE, example_id="e1")
    for version in ([first], [second, first]):
        rows = arrow_table([asdict(example) for example in version], EXAMPLE_SCHEMA)
        sync_table(tmp_path, rows, "example_id")
    assert read_examples(tmp_path, 0) == [first]
    assert read_examples(tmp_path, 1) == [first, second]
    assert read_examples(tmp_path, 1, "train") == [second]
    with pytest.raises(MaverickError, match="has no version 0"):
        read_examples(tmp_path / "nothing", 0)


def test_a_dataset_from_before_there_were_kinds_is_read(tmp_path: Path) -> None:
    older = pa.schema([field for field in EXAMPLE_SCHEMA if field.name != "kind"])
    sync_table(tmp_path, arrow_table([asdict(EXAMPLE)], older), "example_id")
    assert read_examples(tmp_path, 0) == [replace(EXAMPLE, kind="")]
