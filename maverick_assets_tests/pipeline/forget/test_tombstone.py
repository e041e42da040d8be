"""Forgotten rows leave raw tables and turns, and do not come back."""

from pathlib import Path

import psycopg
import pytest

from maverick_assets.crm.forgotten import (
    Identity,
    add_contacts,
    add_rows_of_contacts,
    contact_digest,
    people_of,
    read_forgotten,
)
from maverick_assets.crm.importers import insert_rows
from maverick_assets.crm.schema import TABLES
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.lake.delta import read_table
from maverick_assets.lake.paths import forgotten_key_path, forgotten_path, raw_path
from maverick_assets.pipeline.forget.tombstone import RowRef, tombstone_contacts, tombstone_row
from maverick_assets_tests.pipeline.forget.mails import (
    DANA,
    LEE,
    MAILS,
    ME,
    TEXTS,
    ingest,
    live,
    mail,
    turns,
)

WHO = Identity(DANA, ("dana cole", "cole dana"))


def test_a_contacts_rows_leave_raw_tables_and_turns_and_do_not_come_back(
    crm_rows: psycopg.Connection, crm_url: str, tmp_path: Path
) -> None:
    ingest(crm_url, tmp_path)
    before = turns(tmp_path)
    rows = tombstone_contacts(tmp_path, TEXTS, [WHO])
    assert {name: sorted(ids) for name, ids in rows.items()} == {
        "crm_emails": ["from", "to"],
        "conversations": ["t"],
        "messages": ["c1"],
    }
    for _ in range(2):
        ingest(crm_url, tmp_path)
        assert live(tmp_path, "crm_emails") == {"among", "other"}
        assert live(tmp_path, "messages") == set()
    held = read_table(raw_path(tmp_path, "crm_emails"), columns=["id", "_op", "body"])
    assert held is not None
    assert {"id": "from", "_op": "delete", "body": None} in held.to_pylist()
    after = turns(tmp_path)
    assert set(after) == {"crm_emails:among", "crm_emails:other", "sticky_notes:n"}
    assert "Dana" not in "".join(after.values())
    assert all(after[key] == before[key] for key in ("crm_emails:other", "sticky_notes:n"))


def test_nothing_of_the_forgotten_comes_back_when_it_is_changed_or_all_is_read_again(
    crm_rows: psycopg.Connection, crm_url: str, tmp_path: Path
) -> None:
    ingest(crm_url, tmp_path)
    tombstone_contacts(tmp_path, TEXTS, [WHO])
    crm_rows.execute("update crm_emails set body = body || ' Indeed.'")
    insert_rows(
        crm_rows, "crm_emails", [mail("new", DANA, ME, "Me again"), mail("x", LEE, ME, "!")]
    )
    crm_rows.commit()
    ingest(crm_url, tmp_path)
    assert live(tmp_path, "crm_emails") == {"among", "other", "x"}
    assert "new" in read_forgotten(tmp_path).rows["crm_emails"]
    assert ingest(crm_url, tmp_path)["crm_emails"] == 0
    lake = tmp_path / "lake"
    lake.mkdir()
    forgotten_path(tmp_path).rename(forgotten_path(lake))
    with pytest.raises(MaverickError, match=r"forgotten\.key is gone"):
        ingest(crm_url, lake)
    forgotten_key_path(lake).parent.mkdir()
    forgotten_key_path(tmp_path).rename(forgotten_key_path(lake))
    ingest(crm_url, lake)
    assert live(lake, "crm_emails") == {"among", "other", "x"}
    assert "Dana" not in "".join(turns(lake).values())


def test_a_row_is_forgotten_alone_and_a_conversation_with_its_messages(
    crm_rows: psycopg.Connection, crm_url: str, tmp_path: Path
) -> None:
    ingest(crm_url, tmp_path)
    assert tombstone_row(tmp_path, TEXTS, RowRef("crm_emails", "other")) == {
        "crm_emails": ["other"]
    }
    assert tombstone_row(tmp_path, TEXTS, RowRef("crm_emails", "other")) == {
        "crm_emails": ["other"]
    }
    assert tombstone_row(tmp_path, TEXTS, RowRef("conversations", "t"))["messages"] == ["c1"]
    ingest(crm_url, tmp_path)
    assert live(tmp_path, "crm_emails") == {"from", "to", "among"}
    assert live(tmp_path, "conversations") == live(tmp_path, "messages") == set()


def test_a_forgetting_that_was_cut_short_is_completed_by_the_next(
    crm_rows: psycopg.Connection, crm_url: str, tmp_path: Path
) -> None:
    ingest(crm_url, tmp_path)
    add_contacts(tmp_path, [WHO])
    listed = [("crm_emails", MAILS[0], contact_digest(tmp_path, DANA))]
    add_rows_of_contacts(tmp_path, listed, people_of([WHO]))  # and then the power failed
    tombstone_contacts(tmp_path, [TABLES["conversations"]], [WHO])
    rows = tombstone_contacts(tmp_path, TEXTS, [WHO])
    assert sorted(rows["crm_emails"]) == ["from", "to"]
    assert rows["messages"] == ["c1"]
    assert live(tmp_path, "crm_emails") == {"among", "other"}
    assert tombstone_contacts(tmp_path, TEXTS, [WHO]) == rows


def test_an_unknown_row_or_table_is_reported(
    crm_rows: psycopg.Connection, crm_url: str, tmp_path: Path
) -> None:
    ingest(crm_url, tmp_path)
    with pytest.raises(BadInput, match="no such row"):
        tombstone_row(tmp_path, TEXTS, RowRef("crm_emails", "nothing"))
    with pytest.raises(BadInput, match="no table 'mails'"):
        tombstone_row(tmp_path, TEXTS, RowRef("mails", "1"))
    assert not forgotten_path(tmp_path).exists()
