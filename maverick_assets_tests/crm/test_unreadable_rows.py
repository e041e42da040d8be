"""A row that cannot be read costs itself: it is named, and the others are read."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from maverick_assets.crm.extraction import ExtractionResult, extract
from maverick_assets.crm.raw_table import live_rows
from maverick_assets.crm.schema import TABLES
from maverick_assets.lake.paths import raw_path
from maverick_assets.pipeline.ingest import extract_table
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.settings import Settings
from maverick_assets_tests.recording_log import RecordingLog

Extract = Callable[[str], ExtractionResult]


@pytest.fixture
def extracted(crm: psycopg.Connection, crm_url: str, tmp_path: Path) -> Extract:
    def committed(table: str) -> ExtractionResult:
        crm.commit()
        return extract(crm_url, TABLES[table], tmp_path)

    return committed


def ids(lake: Path, table: str) -> list[str]:
    return sorted(row["id"] for row in live_rows(raw_path(lake, table)))


# What a row of each table needs, and the change that makes a column of another type.
GOOD_ROWS = {
    "sticky_notes": "insert into sticky_notes (id, created_at) values ('a', now()), ('b', null)",
    "crm_deals": "insert into crm_deals (id, amount) values ('a', 12.5), ('b', null)",
    "feedback": "insert into feedback (id, rating) values ('a', 9), ('b', null)",
    "conversations": "insert into conversations (id) values ('a'), ('b')",
    "crm_emails": "insert into crm_emails (id, sent_at) values ('a', now()), ('b', null)",
}


@pytest.mark.parametrize(
    ("table", "types", "bad", "reason"),
    [
        (
            "sticky_notes",
            "",
            ["(id, created_at) values ('x', 'infinity')"],
            "created_at is no time",
        ),
        ("sticky_notes", "", ["(id, created_at) values ('x', '-infinity')"], "created_at is no"),
        (
            "sticky_notes",
            "",
            ["(id, created_at) values ('x', '0044-03-15 BC')"],
            "created_at is no",
        ),
        (
            "crm_emails",
            "",
            ["(id, updated_at) values ('x', '20026-11-28')"],
            "updated_at is no time",
        ),
        (
            "crm_emails",
            "alter sent_at type timestamp",
            ["(id, sent_at) values ('x', 'infinity')"],
            "sent_at is no time",
        ),
        (
            "crm_emails",
            "alter sent_at type date",
            ["(id, sent_at) values ('x', '-infinity')"],
            "sent_at is no time",
        ),
        ("crm_deals", "", ["(id, amount) values ('x', 'NaN')"], "amount is no number"),
        ("crm_deals", "", ["(id, amount) values ('x', '-Infinity')"], "amount is no number"),
        (
            "crm_deals",
            "alter amount type numeric",
            ["(id, amount) values ('x', 'NaN')", "(id, amount) values ('y', '1e400')"],
            "amount",
        ),
        (
            "crm_deals",
            "alter amount type text",
            ["(id, amount) values ('x', '9.000,00 €')", "(id, amount) values ('y', '')"],
            "amount: invalid input syntax for type double precision",
        ),
        (
            "feedback",
            "alter rating type text",
            ["(id, rating) values ('x', 'nine')", "(id, rating) values ('y', '8/10')"],
            "rating: invalid input syntax for type integer",
        ),
        (
            "feedback",
            "alter rating type bigint",
            ["(id, rating) values ('x', 3000000000)"],
            "rating: integer out of range",
        ),
        (
            "sticky_notes",
            "alter created_at type text",
            [
                "(id, created_at) values ('x', 'soon')",
                "(id, created_at) values ('y', '31.02.2026')",
            ],
            "created_at:",
        ),
        (
            "sticky_notes",
            "alter tags type text",
            ["(id, tags) values ('x', 'a, b')", "(id, tags) values ('y', '{a')"],
            "tags: malformed array literal",
        ),
        (
            "conversations",
            "alter metadata type text",
            ["(id, metadata) values ('x', '{\"mood\": \"sad')"],
            "metadata is broken JSON",
        ),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_the_others_are_read(
    extracted: Extract,
    crm: psycopg.Connection,
    tmp_path: Path,
    table: str,
    types: str,
    bad: list[str],
    reason: str,
) -> None:
    if types:
        crm.execute(f"alter table {table} {types}".encode())
    crm.execute(GOOD_ROWS[table].encode())
    if "tags" in types:
        crm.execute("update sticky_notes set tags = '{a,b}'")
    for values in bad:
        crm.execute(f"insert into {table} {values}".encode())
    first = extracted(table)
    names = ["row x", "row y"][: len(bad)]
    assert [skipped.name for skipped in first.skipped] == names
    assert all(reason in skipped.reason for skipped in first.skipped)
    assert ids(tmp_path, table) == ["a", "b"]
    crm.execute(f"insert into {table} (id) values ('c')".encode())
    later = extracted(table)  # what cannot be read is said every time
    assert (later.skipped, later.tombstones) == (first.skipped, 0)
    assert later.method == "snapshot horizon"
    assert ids(tmp_path, table) == ["a", "b", "c"]
    crm.execute(f"delete from {table} where id in ('x', 'y')".encode())
    gone = extracted(table)
    assert (gone.skipped, gone.tombstones) == ([], 0)
    assert extracted(table).commit.version == gone.commit.version


def test_what_the_lake_has_of_a_row_stays_until_it_can_be_read_again(
    extracted: Extract, crm: psycopg.Connection, tmp_path: Path
) -> None:
    crm.execute("insert into sticky_notes (id, content, created_at) values ('a', 'Old', now())")
    extracted("sticky_notes")
    crm.execute("update sticky_notes set content = 'New', created_at = 'infinity'")
    done = extracted("sticky_notes")
    assert ([skipped.name for skipped in done.skipped], done.tombstones) == (["row a"], 0)
    assert live_rows(raw_path(tmp_path, "sticky_notes"))[0]["content"] == "Old"
    crm.execute("update sticky_notes set created_at = now()")
    assert extracted("sticky_notes").skipped == []
    assert live_rows(raw_path(tmp_path, "sticky_notes"))[0]["content"] == "New"


def test_a_view_with_a_bad_row_is_read(
    extracted: Extract, crm: psycopg.Connection, tmp_path: Path
) -> None:
    crm.execute("alter table sticky_notes rename to stored")
    crm.execute("alter table stored alter created_at type text")
    crm.execute("create view sticky_notes as select * from stored")
    crm.execute("insert into stored (id, created_at) values ('a', '2026-03-01'), ('x', 'never')")
    for _ in range(2):
        assert [skipped.name for skipped in extracted("sticky_notes").skipped] == ["row x"]
        assert ids(tmp_path, "sticky_notes") == ["a"]


def test_words_in_a_column_for_metadata_are_no_broken_json(
    extracted: Extract, crm: psycopg.Connection, tmp_path: Path
) -> None:
    crm.execute("alter table conversations alter metadata type text")
    crm.execute("insert into conversations (id, metadata) values ('a', 'from the web'), ('b', '')")
    assert extracted("conversations").skipped == []


def test_what_is_skipped_is_counted_in_the_log_and_named_on_a_page(
    crm: psycopg.Connection, crm_url: str, tmp_path: Path
) -> None:
    crm.execute("insert into crm_deals (id, amount) values ('a', 1), ('secret-deal', 'NaN')")
    crm.commit()
    settings = Settings(home=tmp_path / "home", crm_url=crm_url)
    log = RecordingLog()
    extract_table(RunContext(settings, "ingest", log), TABLES["crm_deals"])
    page = settings.skipped / "crm_deals"
    assert page.read_text() == "row secret-deal: amount is no number\n"
    assert any(f"1 skipped; {page} names each" in line for line in log.of_level("warning"))
    assert not any("secret-deal" in line for _, line in log.lines)
