"""Ratings are read from the CRM and from what the run home keeps beside a CRM of one's own."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from maverick_assets.lake.delta import sync_table
from maverick_assets.lake.paths import raw_path
from maverick_assets.pipeline.production.feedback import ratings_of, read_feedback

AT = datetime(2026, 11, 1, tzinfo=UTC)


def keep(lake: Path, table: str, **ops: str) -> None:
    """Make a raw table hold a rating of each of these personalities, deleted or not."""
    rows = [
        {"id": name, "personality": name, "version": "v1.0", "rating": 7, "created_at": AT}
        | {"_op": op, "_row_hash": op}
        for name, op in ops.items()
    ]
    sync_table(raw_path(lake, table), pa.Table.from_pylist(rows), "id")


def test_ratings_of_both_tables_are_read_without_deleted_ones(tmp_path: Path) -> None:
    assert read_feedback(tmp_path) == []
    keep(tmp_path, "feedback", robbie="upsert", persona="delete")
    keep(tmp_path, "maverick_feedback", persona="upsert")
    feedback = read_feedback(tmp_path)
    assert [each.personality for each in feedback] == ["robbie", "persona"]
    assert ratings_of(feedback, "persona", "v1.0") == [7]
    assert ratings_of(feedback, "persona", "v1.1") == []
