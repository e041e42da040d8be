"""Extraction from a real PostgreSQL: every row, every change, and what cannot be read."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pyarrow as pa
import pytest

from maverick_assets.crm import extraction, table_reader, watermark
from maverick_assets.crm.changes import change_markers
from maverick_assets.crm.connection import create_tables
from maverick_assets.crm.embedded import database_url
from maverick_assets.crm.extraction import ExtractionResult, extract
from maverick_assets.crm.raw_table import live_rows, raw_schema
from maverick_assets.crm.schema import TABLES
from maverick_assets.crm.watermark import Watermark, begin_snapshot, choose_window
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.lake.delta import open_table, read_state, read_table, sync_table
from maverick_assets.lake.paths import raw_path

Extract = Callable[[], ExtractionResult]


@pytest.fixture
def notes(crm: psycopg.Connection, crm_url: str, tmp_path: Path) -> Extract:
    for key in ("n1", "n2", "n3"):
        crm.execute(
            "insert into sticky_notes values (%s, 'allan', 'Title', 'Content', '{a,b}', now())",
            [key],
        )

    def committed() -> ExtractionResult:
        crm.commit()
        return extract(crm_url, TABLES["sticky_notes"], tmp_path)

    return committed


def test_all_rows_arrive_and_an_unchanged_table_makes_no_commit(
    notes: Extract, tmp_path: Path
) -> None:
    first, second = notes(), notes()
    assert (first.rows, first.commit.inserted, first.commit.version) == (3, 3, 0)
    assert (second.commit.changed, second.commit.version) == (0, 0)
    rows = live_rows(raw_path(tmp_path, "sticky_notes"))
    assert [(row["id"], row["tags"]) for row in rows] == [
        (key, ["a", "b"]) for key in ("n1", "n2", "n3")
    ]


def test_a_change_is_an_upsert_a_delete_a_tombstone_and_a_return_an_upsert_again(
    notes: Extract, crm: psycopg.Connection, tmp_path: Path
) -> None:
    notes()
    crm.execute("update sticky_notes set content = 'New' where id = 'n1'")
    crm.execute("delete from sticky_notes where id = 'n2'")
    changed = notes()
    assert (changed.rows, changed.tombstones, changed.commit.updated) == (2, 1, 2)
    assert {row["id"]: row["content"] for row in live_rows(raw_path(tmp_path, "sticky_notes"))} == {
        "n1": "New",
        "n3": "Content",
    }
    held = read_table(raw_path(tmp_path, "sticky_notes"))
    assert held is not None
    tombstone = next(row for row in held.to_pylist() if row["id"] == "n2")
    assert (tombstone["_op"], tombstone["content"]) == ("delete", None)
    assert tombstone["user_id"] == "allan"  # so that a name is still known as one
    crm.execute("insert into sticky_notes (id, content) values ('n2', 'Back')")
    notes()
    assert {row["id"] for row in live_rows(raw_path(tmp_path, "sticky_notes"))} == {
        "n1",
        "n2",
        "n3",
    }


def test_optional_columns_may_be_absent_and_unknown_ones_are_ignored(
    crm: psycopg.Connection, crm_url: str, tmp_path: Path
) -> None:
    crm.execute("alter table crm_emails drop column thread_id, add column shoe_size integer")
    crm.execute("insert into crm_emails (id, sender_email, body) values ('1', 'a@b.example', 'Hi')")
    crm.commit()
    extract(crm_url, TABLES["crm_emails"], tmp_path)
    [row] = live_rows(raw_path(tmp_path, "crm_emails"))
    assert row["thread_id"] is None
    assert "shoe_size" not in row


def test_columns_of_other_types_are_read_as_the_schema_says(
    crm: psycopg.Connection, crm_url: str, tmp_path: Path
) -> None:
    crm.execute("drop table crm_deals")
    crm.execute(
        "create view crm_deals as select 7::bigint as id, 'Oats'::varchar as deal_name, "
        "'won' as stage, 12.50::numeric as amount, '' as notes, 'a@b' as owner_email, "
        "timestamp '2026-01-01 10:00' as created_at"
    )
    crm.commit()
    extract(crm_url, TABLES["crm_deals"], tmp_path)
    [row] = live_rows(raw_path(tmp_path, "crm_deals"))
    assert (row["id"], row["amount"], row["created_at"].hour) == ("7", 12.5, 10)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("drop table sticky_notes", "the CRM has no table sticky_notes"),
        (
            "alter table sticky_notes drop column content",
            "table sticky_notes has no column content",
        ),
        (
            "alter table sticky_notes alter created_at type text; "
            "update sticky_notes set created_at = 'soon'",
            "sticky_notes: column created_at cannot be read: invalid input syntax",
        ),
        (
            "alter table sticky_notes drop constraint sticky_notes_pkey; "
            "alter table sticky_notes alter id drop not null; "
            "insert into sticky_notes (id) values ('n1')",
            "column id has duplicates, such as 'n1'",
        ),
        (
            "alter table sticky_notes drop constraint sticky_notes_pkey; "
            "alter table sticky_notes alter id drop not null; "
            "insert into sticky_notes (content) values ('whose?')",
            "column id has NULLs",
        ),
    ],
)
def test_unreadable_input_is_named_and_leaves_the_lake_unchanged(
    notes: Extract, crm: psycopg.Connection, tmp_path: Path, change: str, complaint: str
) -> None:
    notes()
    crm.execute(change.encode())
    crm.commit()
    with pytest.raises(BadInput, match=complaint):
        notes()
    assert len(live_rows(raw_path(tmp_path, "sticky_notes"))) == 3


def test_only_rows_of_later_transactions_are_read(notes: Extract, crm: psycopg.Connection) -> None:
    first = notes()
    crm.execute("update sticky_notes set content = 'New' where id = 'n1'")
    second, third = notes(), notes()
    assert (first.method, second.method) == ("full", "snapshot horizon")
    assert [done.read for done in (first, second, third)] == [3, 1, 0]


def test_rows_that_were_written_again_as_they_are_are_read_once(
    notes: Extract, crm: psycopg.Connection
) -> None:
    notes()
    crm.execute("update sticky_notes set content = content")
    assert [(done.read, done.commit.changed) for done in (notes(), notes())] == [(3, 0), (0, 0)]


def test_a_row_that_commits_after_a_younger_one_is_not_lost(
    notes: Extract, crm: psycopg.Connection, crm_url: str, tmp_path: Path
) -> None:
    notes()
    with psycopg.connect(crm_url) as slow:
        slow.execute("insert into sticky_notes (id) values ('early')")
        crm.execute("insert into sticky_notes (id) values ('late')")
        notes()
        slow.commit()
    notes()
    assert {row["id"] for row in live_rows(raw_path(tmp_path, "sticky_notes"))} >= {"early", "late"}


def test_an_old_open_transaction_is_reported(
    notes: Extract, crm: psycopg.Connection, crm_url: str
) -> None:
    with psycopg.connect(crm_url) as idle:
        idle.execute("insert into conversations (id) values ('c')")
        idle.execute("select pg_sleep(0.5)")
        while_open = notes().oldest_transaction_seconds
    assert while_open > 0.4
    assert notes().oldest_transaction_seconds < while_open


def test_another_database_and_a_restored_one_are_read_in_full(
    notes: Extract, crm: psycopg.Connection, pgdata: Path, tmp_path: Path
) -> None:
    notes()
    url = database_url(pgdata, f"test_{uuid4().hex[:12]}")
    with psycopg.connect(url) as other:
        create_tables(other)
        other.execute("insert into sticky_notes (id, content) values ('n1', 'Content'), ('o', '')")
    moved = extract(url, TABLES["sticky_notes"], tmp_path)
    assert moved.reason.startswith("another database")
    assert {row["id"] for row in live_rows(raw_path(tmp_path, "sticky_notes"))} == {"n1", "o"}
    assert moved.tombstones == 2
    state = read_state(raw_path(tmp_path, "sticky_notes"), raw_schema(TABLES["sticky_notes"]))
    assert state is not None
    mark = Watermark.model_validate(state | {"horizon": state["horizon"] + 10**6})
    with psycopg.connect(url) as other:
        snapshot = begin_snapshot(other, TABLES["sticky_notes"])
    window = choose_window(TABLES["sticky_notes"], snapshot, mark, datetime.now(UTC))
    assert window.reason == "transaction ids went back: a restored database"


def test_rows_that_the_watermark_hides_are_found_by_their_count(
    notes: Extract, crm: psycopg.Connection, tmp_path: Path
) -> None:
    """What a restored database looks like whose transaction ids have overtaken the watermark."""
    notes()
    crm.execute("insert into sticky_notes (id) values ('n4')")
    crm.commit()
    target = raw_path(tmp_path, "sticky_notes")
    state = read_state(target, raw_schema(TABLES["sticky_notes"]))
    assert state is not None
    row = crm.execute("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint").fetchone()
    assert row is not None
    crm.execute("update sticky_notes set title = 'x' where id = 'n1'")
    [n1] = live_rows(target, {"id": ["n1"]})
    forged = pa.Table.from_pylist([n1 | {"_row_hash": "x"}], raw_schema(TABLES["sticky_notes"]))
    sync_table(target, forged, "id", scope=(), state=state | {"horizon": row[0]})
    done = notes()
    assert "were not in the lake" in done.reason
    assert {row["id"] for row in live_rows(target)} == {"n1", "n2", "n3", "n4"}


def test_a_column_that_vanishes_is_named_and_one_that_appears_is_read_for_every_row(
    crm: psycopg.Connection, crm_url: str, tmp_path: Path
) -> None:
    table, target = TABLES["feedback"], raw_path(tmp_path, "feedback")
    crm.execute("alter table feedback drop column correction")
    crm.execute("insert into feedback (id, rating) values ('1', 9)")
    crm.commit()
    extract(crm_url, table, tmp_path)
    crm.execute("alter table feedback add column correction text default 'better'")
    crm.commit()
    assert extract(crm_url, table, tmp_path).reason == "a new column"
    assert live_rows(target)[0]["correction"] == "better"
    crm.execute("alter table feedback drop column correction")
    crm.commit()
    with pytest.raises(BadInput, match="table feedback has lost its column correction"):
        extract(crm_url, table, tmp_path)


def test_a_view_is_read_by_a_lagged_cursor_and_reconciled_daily(
    crm: psycopg.Connection, crm_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm.execute("alter table crm_emails rename to stored")
    crm.execute("create view crm_emails as select * from stored")
    crm.execute(
        "insert into stored (id, sender_email, updated_at) select n::text, 'a@b.example', "
        "timestamptz '2026-01-01' + n * interval '1 hour' from generate_series(1, 9) n"
    )
    crm.commit()
    target = raw_path(tmp_path, "crm_emails")

    def run() -> ExtractionResult:
        return extract(crm_url, TABLES["crm_emails"], tmp_path)

    assert run().read == 9
    crm.execute("insert into stored (id, updated_at) values ('x', '2026-01-01 08:30')")
    crm.execute("update stored set subject = 'silent' where id = '2'")
    crm.commit()
    lagged = run()
    assert (lagged.method, lagged.read) == ("lagged cursor", 3)
    assert {row["id"] for row in live_rows(target)} == {*map(str, range(1, 10)), "x"}
    crm.execute("delete from stored where id = '1'")
    crm.execute("insert into stored (id, updated_at) values ('old', '2025-01-01')")
    crm.commit()
    assert "were not in the lake" in run().reason
    monkeypatch.setattr(watermark, "RECONCILE_AFTER", timedelta(0))
    reconciled = run()
    assert (reconciled.method, reconciled.read) == ("full", 10)
    rows = {row["id"]: row for row in live_rows(target)}
    assert rows["2"]["subject"] == "silent"
    assert "1" not in rows


def test_large_bodies_and_times_at_the_edge_arrive_unchanged(
    notes: Extract, crm: psycopg.Connection, tmp_path: Path
) -> None:
    body = "Zeile für Zeile 🙂\n" * 500_000
    crm.execute("insert into sticky_notes (id, content) values ('big', %s)", [body])
    crm.execute("insert into sticky_notes (id, created_at) values ('y1', '0001-01-01 00:00+00')")
    crm.execute(
        "insert into sticky_notes (id, created_at) values ('y9', '9999-12-31 23:59:59.999999+00')"
    )
    notes()
    rows = {row["id"]: row for row in live_rows(raw_path(tmp_path, "sticky_notes"))}
    assert rows["big"]["content"] == body
    assert (rows["y1"]["created_at"].year, rows["y9"]["created_at"].year) == (1, 9999)


def test_text_that_is_not_utf_8_is_named(pgdata: Path, tmp_path: Path) -> None:
    name = f"raw_{uuid4().hex[:12]}"
    with psycopg.connect(database_url(pgdata, "postgres"), autocommit=True) as admin:
        admin.execute(
            f"create database {name} encoding 'SQL_ASCII' locale 'C' template template0".encode()
        )
    url = database_url(pgdata, name)
    with psycopg.connect(url) as connection:
        create_tables(connection)
        connection.execute("insert into sticky_notes (id, content) values ('ok', 'plain')")
    extract(url, TABLES["sticky_notes"], tmp_path)
    with psycopg.connect(url) as connection:
        connection.execute(b"insert into sticky_notes (id, content) values ('x', E'caf\\xe9')")
    with pytest.raises(BadInput, match="sticky_notes: column content cannot be read: invalid byte"):
        extract(url, TABLES["sticky_notes"], tmp_path)
    assert [row["id"] for row in live_rows(raw_path(tmp_path, "sticky_notes"))] == ["ok"]


def test_a_server_that_goes_away_is_not_blamed_on_a_column(
    notes: Extract, crm: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes()
    crm.execute("update sticky_notes set title = 'x'")
    as_raw_batch = table_reader.as_raw_batch

    def cut(*arguments: Any) -> Any:
        crm.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where pid <> pg_backend_pid() and datname = current_database()"
        )
        raise OSError("server closed the connection unexpectedly")

    monkeypatch.setattr(table_reader, "as_raw_batch", cut)
    with pytest.raises(MaverickError, match=r"sticky_notes cannot be read now: .*; run it again"):
        notes()
    monkeypatch.setattr(table_reader, "as_raw_batch", as_raw_batch)
    assert notes().read == 3


def test_many_changes_are_committed_in_pieces_and_the_watermark_with_the_last(
    notes: Extract, crm: psycopg.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes()
    before = read_state(raw_path(tmp_path, "sticky_notes"), raw_schema(TABLES["sticky_notes"]))
    monkeypatch.setattr(extraction, "COMMIT_BYTES", 1)
    monkeypatch.setattr(table_reader, "BATCH_BYTES", 10_000)
    crm.execute(
        "insert into sticky_notes (id, content) "
        "select 'm' || n, repeat('x', 500) from generate_series(1, 200) n"
    )
    crm.execute("delete from sticky_notes where id = 'n3'")
    done = notes()
    assert (done.commit.inserted, done.tombstones, done.rows) == (200, 1, 202)
    assert done.commit.version > 2
    table = open_table(raw_path(tmp_path, "sticky_notes"))
    assert table is not None
    states = [json.loads(e["maverick.state"]) for e in table.history() if "maverick.state" in e]
    assert len(states) == 2
    assert states[1] == before


def test_any_committed_change_shows_in_the_state_of_its_table_alone(
    notes: Extract, crm: psycopg.Connection
) -> None:
    crm.commit()
    markers = [change_markers(crm)]
    for change in (
        "update sticky_notes set title = 'x' where id = 'n1'",
        "delete from sticky_notes where id = 'n3'",
        "insert into sticky_notes (id) values ('n4')",
    ):
        crm.execute(change.encode())
        crm.commit()
        markers.append(change_markers(crm))
    assert len({marker["sticky_notes"] for marker in markers}) == 4
    assert len({marker["crm_deals"] for marker in markers}) == 1
    assert change_markers(crm) == markers[-1]
