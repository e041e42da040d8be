"""Extraction from a real PostgreSQL: every row, every change, and what cannot be read."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from maverick_assets.crm.changes import table_states
from maverick_assets.crm.extraction import Extraction, extract, live_rows
from maverick_assets.crm.schema import TABLES
from maverick_assets.errors import BadInput
from maverick_assets.lake import read_table

Extract = Callable[[], Extraction]


@pytest.fixture
def notes(crm: psycopg.Connection, tmp_path: Path) -> Extract:
    for key in ("n1", "n2", "n3"):
        crm.execute(
            "insert into sticky_notes values (%s, 'allan', 'Title', 'Content', '{a,b}', now())",
            [key],
        )
    return lambda: extract(crm, TABLES["sticky_notes"], tmp_path / "notes")


def test_all_rows_arrive_and_an_unchanged_table_makes_no_commit(
    notes: Extract, tmp_path: Path
) -> None:
    first, second = notes(), notes()
    assert (first.rows, first.commit.inserted, first.commit.version) == (3, 3, 0)
    assert (second.commit.changed, second.commit.version) == (0, 0)
    rows = live_rows(tmp_path / "notes")
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
    assert {row["id"]: row["content"] for row in live_rows(tmp_path / "notes")} == {
        "n1": "New",
        "n3": "Content",
    }
    held = read_table(tmp_path / "notes")
    assert held is not None
    assert {row["id"]: row["_op"] for row in held.to_pylist()}["n2"] == "delete"
    crm.execute("insert into sticky_notes (id, content) values ('n2', 'Back')")
    notes()
    assert {row["id"] for row in live_rows(tmp_path / "notes")} == {"n1", "n2", "n3"}


def test_optional_columns_may_be_absent_and_unknown_ones_are_ignored(
    crm: psycopg.Connection, tmp_path: Path
) -> None:
    crm.execute("alter table crm_emails drop column thread_id, add column shoe_size integer")
    crm.execute("insert into crm_emails (id, sender_email, body) values ('1', 'a@b.example', 'Hi')")
    extract(crm, TABLES["crm_emails"], tmp_path / "mail")
    [row] = live_rows(tmp_path / "mail")
    assert row["thread_id"] is None
    assert "shoe_size" not in row


def test_columns_of_other_types_are_read_as_the_schema_says(
    crm: psycopg.Connection, tmp_path: Path
) -> None:
    crm.execute("drop table crm_deals")
    crm.execute(
        "create view crm_deals as select 7::bigint as id, 'Oats'::varchar as deal_name, "
        "'won' as stage, 12.50::numeric as amount, '' as notes, 'a@b' as owner_email, "
        "timestamp '2026-01-01 10:00' as created_at"
    )
    extract(crm, TABLES["crm_deals"], tmp_path / "deals")
    [row] = live_rows(tmp_path / "deals")
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
            "alter table sticky_notes alter created_at type text, alter created_at set default ''; "
            "insert into sticky_notes (id, created_at) values ('x', 'soon')",
            "table sticky_notes cannot be read",
        ),
        (
            "alter table sticky_notes drop constraint sticky_notes_pkey; "
            "alter table sticky_notes alter id drop not null; "
            "insert into sticky_notes (id) values ('n1')",
            "column id has NULLs or duplicates",
        ),
    ],
)
def test_what_cannot_be_read_is_named_and_the_lake_stays_as_it_was(
    notes: Extract, crm: psycopg.Connection, tmp_path: Path, change: str, complaint: str
) -> None:
    notes()
    crm.execute(change.encode())
    crm.commit()
    with pytest.raises(BadInput, match=complaint):
        notes()
    assert len(live_rows(tmp_path / "notes")) == 3


def test_any_committed_change_shows_in_the_state_of_its_table_alone(
    notes: Extract, crm: psycopg.Connection
) -> None:
    crm.commit()
    states = [table_states(crm)]
    for change in (
        "update sticky_notes set title = 'x' where id = 'n1'",
        "delete from sticky_notes where id = 'n3'",
        "insert into sticky_notes (id) values ('n4')",
    ):
        crm.execute(change.encode())
        crm.commit()
        states.append(table_states(crm))
    assert len({state["sticky_notes"] for state in states}) == 4
    assert len({state["crm_deals"] for state in states}) == 1
    assert table_states(crm) == states[-1]
