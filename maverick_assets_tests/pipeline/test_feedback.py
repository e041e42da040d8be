"""Ratings are read from the CRM and from what the run home keeps beside a CRM of one's own."""

from pathlib import Path

import pyarrow as pa

from maverick_assets.lake.delta import sync_table
from maverick_assets.lake.paths import raw_path
from maverick_assets.pipeline.feedback import all_feedback, feedback_on
from maverick_assets.settings import Settings


def keep(settings: Settings, table: str, **ops: str) -> None:
    """Make a raw table hold a rating of each of these personalities, deleted or not."""
    rows = [
        {"id": name, "personality": name, "rating": 7, "_op": op, "_row_hash": op}
        for name, op in ops.items()
    ]
    sync_table(raw_path(settings.lake, table), pa.Table.from_pylist(rows), "id")


def test_ratings_of_both_tables_are_read_without_deleted_ones(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert all_feedback(settings) == []
    keep(settings, "feedback", robbie="upsert", persona="delete")
    keep(settings, "maverick_feedback", persona="upsert")
    assert [row["personality"] for row in all_feedback(settings)] == ["robbie", "persona"]
    assert [row["rating"] for row in feedback_on(settings, "persona")] == [7]
