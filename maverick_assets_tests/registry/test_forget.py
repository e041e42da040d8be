"""Forgetting: rows leave the lake for good, and what learned from them is revoked."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from maverick_assets.crm.extraction import extract, live_rows
from maverick_assets.crm.forgetting import forget_rows, read_forgotten
from maverick_assets.crm.importers import insert_rows
from maverick_assets.crm.schema import TABLES
from maverick_assets.datasets.refresh_turns import refresh_mails, refresh_turns
from maverick_assets.datasets.turns import Owner, read_turns
from maverick_assets.errors import BadInput
from maverick_assets.lake import read_table, sync_table
from maverick_assets.registry.forget import bury_contact, bury_row, revoke, trace
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry

OWNER = Owner(("allan@testpilot.example",), ("allan",))
ME, DANA, LEE = OWNER.emails[0], "dana.cole@acme.example", "lee.ito@x.example"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TEXTS = [
    TABLES[n] for n in ("crm_emails", "crm_deals", "sticky_notes", "conversations", "messages")
]
Describe = Callable[..., Manifest]


def mail(key: str, sender: str, recipients: str, body: str) -> dict[str, Any]:
    named = {"id": key, "sender_email": sender, "recipients": recipients, "subject": key}
    return named | {"body": body, "sent_at": START + timedelta(minutes=len(body))}


MAILS = [
    mail("from", DANA, ME, "What do you say about the tea?"),
    mail("to", ME, DANA, "I say no to the tea, as ever."),
    mail("among", ME, f"{DANA}, {LEE}", "Both of you: no tea. Dana Cole was wrong."),
    mail("other", LEE, ME, "Dana Cole tells me that you like tea?"),
]
NOTES = [{"id": "n", "user_id": "allan", "title": "Tea", "content": "Dana Cole again, no tea."}]


@pytest.fixture
def crm_rows(crm: psycopg.Connection) -> psycopg.Connection:
    insert_rows(crm, "crm_emails", MAILS)
    insert_rows(crm, "sticky_notes", NOTES)
    insert_rows(crm, "conversations", [{"id": "t", "user_id": DANA, "metadata": None}])
    said = {"conversation_id": "t", "role": "user", "content": "Hello?"}
    insert_rows(crm, "messages", [said | {"id": "c1"}])
    crm.commit()
    return crm


def ingest(url: str, lake: Path) -> dict[str, int]:
    """Extract and refresh; rows that each extraction read."""
    names = [*(table.name for table in TEXTS), "personality_samples"]
    read = {name: extract(url, TABLES[name], lake / "raw" / name).read for name in names}
    refresh_mails(lake, "1")
    refresh_turns(lake, OWNER, "1")
    return read


def live(lake: Path, name: str) -> set[str]:
    return {row["id"] for row in live_rows(lake / "raw" / name)}


def turns(lake: Path) -> dict[str, str]:
    return {turn.turn_id: turn.text for turn in read_turns(lake / "clean" / "turns")}


def test_a_contacts_rows_leave_raw_tables_and_turns_and_do_not_come_back(
    crm_rows: psycopg.Connection, crm_url: str, tmp_path: Path
) -> None:
    ingest(crm_url, tmp_path)
    before = turns(tmp_path)
    rows = bury_contact(tmp_path, TEXTS, " Dana.Cole@ACME.example")
    assert {name: sorted(ids) for name, ids in rows.items()} == {
        "crm_emails": ["from", "to"],
        "conversations": ["t"],
        "messages": ["c1"],
    }
    for _ in range(2):
        ingest(crm_url, tmp_path)
        assert live(tmp_path, "crm_emails") == {"among", "other"}
        assert live(tmp_path, "messages") == set()
    held = read_table(tmp_path / "raw" / "crm_emails", columns=["id", "_op", "body"])
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
    bury_contact(tmp_path, TEXTS, DANA)
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
    (tmp_path / "forgotten").rename(lake / "forgotten")
    ingest(crm_url, lake)
    assert live(lake, "crm_emails") == {"among", "other", "x"}
    assert "Dana" not in "".join(turns(lake).values())


def test_a_row_is_forgotten_alone_and_a_conversation_with_its_messages(
    crm_rows: psycopg.Connection, crm_url: str, tmp_path: Path
) -> None:
    ingest(crm_url, tmp_path)
    assert bury_row(tmp_path, TEXTS, "crm_emails", "other") == {"crm_emails": ["other"]}
    assert bury_row(tmp_path, TEXTS, "crm_emails", "other") == {"crm_emails": ["other"]}
    assert bury_row(tmp_path, TEXTS, "conversations", "t")["messages"] == ["c1"]
    ingest(crm_url, tmp_path)
    assert live(tmp_path, "crm_emails") == {"from", "to", "among"}
    assert live(tmp_path, "conversations") == live(tmp_path, "messages") == set()


def test_a_forgetting_that_was_cut_short_is_completed_by_the_next(
    crm_rows: psycopg.Connection, crm_url: str, tmp_path: Path
) -> None:
    ingest(crm_url, tmp_path)
    forget_rows(tmp_path, "crm_emails", MAILS[:1], DANA)  # and then the power went
    bury_contact(tmp_path, [TABLES["conversations"]], DANA)
    rows = bury_contact(tmp_path, TEXTS, DANA)
    assert sorted(rows["crm_emails"]) == ["from", "to"]
    assert rows["messages"] == ["c1"]
    assert live(tmp_path, "crm_emails") == {"among", "other"}
    assert bury_contact(tmp_path, TEXTS, DANA) == rows


def test_who_is_unknown_is_said(crm_rows: psycopg.Connection, crm_url: str, tmp_path: Path) -> None:
    ingest(crm_url, tmp_path)
    with pytest.raises(BadInput, match=r"no row of the lake is nobody@x\.example's"):
        bury_contact(tmp_path, TEXTS, "nobody@x.example")
    with pytest.raises(BadInput, match="no such row"):
        bury_row(tmp_path, TEXTS, "crm_emails", "nothing")
    with pytest.raises(BadInput, match="no table 'mails'"):
        bury_row(tmp_path, TEXTS, "mails", "1")
    assert not (tmp_path / "forgotten").exists()


def dataset(lake: Path, *versions: list[str]) -> None:
    """A dataset whose versions hold examples made from mails of these ids."""
    for ids in versions:
        table = pa.table(
            {
                "example_id": [f"e{key}" for key in ids],
                "source": ["crm_emails"] * len(ids),
                "source_ids": pa.array([[key] for key in ids], pa.list_(pa.string())),
                "_row_hash": [f"h{key}" for key in ids],
            }
        )
        sync_table(lake / "datasets" / "robbie", table, "example_id")


@pytest.fixture
def trained(
    registry: Registry, add: Callable[..., Manifest], describe: Describe, adapter_dir: Path
) -> Registry:
    """v1.0 of dataset version 0, v1.1 of 1, and v1.1.1 of 2 on top of v1.1; all were released."""
    for version, data, parent in (("v1.0", 0, None), ("v1.1", 1, None), ("v1.1.1", 2, "v1.1")):
        described = describe(version, fingerprint=version)
        update = {"dataset_version": data, "created_at": START + timedelta(days=data)}
        if parent:
            update["parent"] = describe(parent).version
        registry.add_candidate(described.model_copy(update=update), adapter_dir)
        registry.release("robbie", version, "for the test")
    return registry


def states(registry: Registry) -> dict[str, str]:
    return {str(m.version): m.state for m in registry.list("robbie")}


def test_versions_that_learned_from_a_row_are_revoked_and_their_children(
    trained: Registry, tmp_path: Path
) -> None:
    dataset(tmp_path, ["a"], ["a", "b"], ["a", "c"])
    touched = trace(tmp_path, trained, {"crm_emails": ["b"]})
    assert touched.datasets == {"robbie": [1]}
    assert [str(m.version) for m in touched.versions["robbie"]] == ["v1.1", "v1.1.1"]
    serving = revoke(trained, touched, "forgotten")["robbie"]
    assert serving is not None
    assert str(serving.version) == "v1.0"
    assert states(trained) == {"v1.0": "released", "v1.1": "revoked", "v1.1.1": "revoked"}
    assert revoke(trained, touched, "forgotten")["robbie"] == serving
    assert trained.find("robbie", "v1.1") is None
    for use in (trained.release, trained.rollback):
        with pytest.raises(BadInput, match=r"v1\.1 was revoked: forgotten"):
            use("robbie", "v1.1")


def test_where_every_version_is_revoked_none_is_in_service(
    trained: Registry, tmp_path: Path
) -> None:
    dataset(tmp_path, ["a"], ["a", "b"], ["a", "c"])
    touched = trace(tmp_path, trained, {"crm_emails": ["a"]})
    assert touched.datasets == {"robbie": [0, 1, 2]}
    assert revoke(trained, touched, "forgotten") == {"robbie": None}
    assert set(states(trained).values()) == {"revoked"}
    with pytest.raises(BadInput, match="no version of robbie is released"):
        trained.get("robbie", "final")


def test_what_used_no_forgotten_row_is_left_alone(trained: Registry, tmp_path: Path) -> None:
    dataset(tmp_path, ["a"], ["a", "b"])
    touched = trace(tmp_path, trained, {"crm_deals": ["a"], "crm_emails": ["z"]})
    assert (touched.datasets, touched.versions) == ({}, {})
    assert revoke(trained, touched, "forgotten") == {}
    assert states(trained)["v1.1.1"] == "released"


def test_a_crash_between_marking_and_moving_final_is_completed_by_the_next_change(
    trained: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Registry, "_point_final", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            trained.revoke("robbie", [trained.get("robbie", "final").version], "forgotten")
    trained.revoke("robbie", [], "forgotten")
    assert str(trained.get("robbie", "final").version) == "v1.1"
