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
    write(lake, table, *({"id": name, "personality": name, "_op": op} for name, op in ops.items()))


def write(lake: Path, table: str, *changes: dict[str, object]) -> None:
    """Make a raw table hold a row of robbie's for each of these changes to it."""
    template = {"personality": "robbie", "version": "v1.0", "rating": 7, "created_at": AT}
    rows = [
        {"id": str(number), **template, "_op": "upsert", "_row_hash": ""} | change
        for number, change in enumerate(changes)
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


def test_what_another_program_wrote_is_no_name_and_no_rating(tmp_path: Path) -> None:
    """Metrics, Dagster and the terminal show of what a rating is; means take ratings as they are.

    A version of thousands of digits stopped each ingest.
    """
    write(
        tmp_path,
        "feedback",
        {"personality": "Dana Holt said no"},
        {"version": "\x1b[2J"},
        {"version": "v" + "9" * 5000 + ".0"},
        {"version": None},
        *({"rating": rating} for rating in (0, 11, -(2**62), None)),
        {"version": "final"},
    )
    feedback = read_feedback(tmp_path)
    assert ratings_of(feedback, "robbie", "v1.0") == []
    assert ratings_of(feedback, "robbie", "final") == [7]
    assert len(feedback) == 5
