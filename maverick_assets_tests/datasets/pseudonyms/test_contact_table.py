"""Contacts of the CRM are replaced wherever texts name them, and only these are derived again."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from maverick_assets.crm.people.folding import fold
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.pseudonyms.surrogates import Surrogates
from maverick_assets.datasets.turns.refresh import refresh_mails, refresh_turns
from maverick_assets.datasets.turns.turn import Turn, read_turns
from maverick_assets.errors import MaverickError
from maverick_assets.lake.incremental import RefreshResult
from maverick_assets.lake.paths import key_path, turns_path
from maverick_assets.private.keys import read_key
from maverick_assets_tests.raw_tables import replace_raw_rows, upsert_raw_rows

OWNER = Owner(("allan@testpilot.example",), ("allan",))
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TEXTS = ("crm_emails", "conversations", "messages", "crm_deals", "sticky_notes")


def put(lake: Path, **tables: list[dict[str, Any]]) -> None:
    """Add rows to raw tables; all that hold texts exist afterwards."""
    for name in {*TEXTS, *tables, "personality_samples"}:
        upsert_raw_rows(lake, name, tables.get(name, ()))


def mail(key: str, sender: str, recipients: str, body: str, subject: str = "") -> dict[str, Any]:
    sent_at = START + timedelta(minutes=len(body))
    return {
        "id": key,
        "sender_email": sender,
        "recipients": recipients,
        "subject": subject or f"About {key}",
        "body": body,
        "sent_at": sent_at,
    }


def note(key: str, content: str) -> dict[str, Any]:
    return {"id": key, "user_id": "allan", "title": "Note", "content": content, "created_at": START}


def refresh(lake: Path) -> RefreshResult:
    refresh_mails(lake, "1")
    return refresh_turns(lake, OWNER, "1")


def turns(lake: Path) -> dict[str, Turn]:
    return {turn.turn_id: turn for turn in read_turns(turns_path(lake))}


def test_a_new_contact_is_replaced_in_older_texts_and_only_these_are_derived_again(
    tmp_path: Path,
) -> None:
    put(
        tmp_path,
        sticky_notes=[note("n1", "Ask Dana Cole about it"), note("n2", "Buy oat milk and rice")],
        crm_emails=[
            mail("m1", "lee@x.example", "allan@testpilot.example", "Dana Cole wrote to me."),
            mail("m2", "kim@y.example", "allan@testpilot.example", "Nothing of that, dear Dana"),
        ],
        messages=[
            {"id": "c1", "conversation_id": "t", "content": "who is DANA COLE?", "role": "user"}
        ],
        conversations=[{"id": "t", "user_id": "allan"}],
    )
    refresh(tmp_path)
    before = turns(tmp_path)
    assert "Dana Cole" in before["sticky_notes:n1"].text
    put(
        tmp_path,
        crm_emails=[mail("m3", "dana.cole@z.example", "allan@testpilot.example", "Hello there")],
    )
    done = refresh(tmp_path)
    assert not done.full
    assert done.derived == 4  # his mail, and the note, the mail and the chat that name him
    after = turns(tmp_path)
    for key in ("sticky_notes:n1", "crm_emails:m1", "messages:c1"):
        assert "cole" not in after[key].text.lower()
    assert all(after[key] == before[key] for key in ("sticky_notes:n2", "crm_emails:m2"))


def test_a_contact_named_like_a_surrogate_moves_it_in_older_texts(tmp_path: Path) -> None:
    lake, rebuilt = tmp_path / "lake", tmp_path / "rebuilt"
    put(
        lake,
        sticky_notes=[note("n1", "Ask Dana Cole about it"), note("n2", "Buy oat milk and rice")],
        crm_emails=[mail("m1", "dana.cole@z.example", "allan@testpilot.example", "Hello there")],
    )
    refresh(lake)
    before = turns(lake)
    given, surname = Surrogates(read_key(key_path(lake)), ("allan",)).person("dana cole")
    assert before["sticky_notes:n1"].text == f"Ask {given} {surname} about it"
    namesake = fold(f"{given}.{surname}@y.example")
    put(lake, crm_emails=[mail("m2", namesake, "allan@testpilot.example", "Who are you?")])
    assert not refresh(lake).full
    after = turns(lake)
    assert surname not in after["sticky_notes:n1"].text
    assert after["sticky_notes:n2"] == before["sticky_notes:n2"]
    assert after["sticky_notes:n1"].text.startswith(f"Ask {given} ")
    shutil.copytree(lake, rebuilt)
    shutil.rmtree(turns_path(rebuilt))
    refresh(rebuilt)
    assert turns(rebuilt) == after


@pytest.mark.parametrize(
    "change",
    [
        {"crm_emails": [mail("m3", "dana.cole@z.example", "", "Hi")]},
        {"crm_emails": [mail("m1", "lee@x.example", "", "Dana Cole of Brightmoor Dairy wrote.")]},
        {"crm_deals": [{"id": "d1", "deal_name": "Brightmoor Dairy: yoghurt", "notes": "So so."}]},
        {"crm_deals": [{"id": "d0", "deal_name": "Renamed: it", "notes": "Dull."}]},
    ],
)
def test_after_any_change_of_names_the_turns_are_those_of_a_full_rebuild(
    tmp_path: Path, change: dict[str, list[dict[str, Any]]]
) -> None:
    lake, rebuilt = tmp_path / "lake", tmp_path / "rebuilt"
    first: dict[str, list[dict[str, Any]]] = {
        "sticky_notes": [
            note("n1", "Dana Cole of Brightmoor-Dairy"),
            note("n2", "Oxbow Tea, late"),
        ],
        "crm_emails": [mail("m1", "lee@x.example", "pat.ito@z.example", "Dana Cole wrote.")],
        "crm_deals": [{"id": "d0", "deal_name": "Oxbow Tea: mint", "notes": "Dull."}],
    }
    put(lake, **first)
    refresh(lake)
    put(lake, **change)
    assert not refresh(lake).full
    put(rebuilt, **first)
    put(rebuilt, **change)
    assert refresh(rebuilt).full
    assert turns(lake) == turns(rebuilt)


def test_a_contact_deleted_at_the_source_is_still_replaced(tmp_path: Path) -> None:
    rows_by_table = {
        "crm_emails": [mail("m1", "dana.cole@z.example", "lee.ito@y.example, x@x.example", "Hi")],
        "crm_deals": [{"id": "d1", "deal_name": "Brightmoor Dairy: yoghurt", "notes": "Dull."}],
        "conversations": [{"id": "t", "user_id": "pat.moss@q.example"}],
    }
    put(
        tmp_path,
        **rows_by_table,
        sticky_notes=[note("n", "Dana Cole, Lee Ito, Pat Moss of Brightmoor Dairy")],
    )
    refresh(tmp_path)
    before = turns(tmp_path)["sticky_notes:n"]
    for name in rows_by_table:
        replace_raw_rows(tmp_path, name, [])
    refresh(tmp_path)
    assert turns(tmp_path) == {"sticky_notes:n": before}
    assert not any(name in before.text for name in ("Cole", "Ito", "Moss", "Brightmoor"))
    shutil.rmtree(tmp_path / "clean")
    refresh(tmp_path)
    assert turns(tmp_path)["sticky_notes:n"] == before


def test_another_key_derives_all_again_and_a_lost_one_is_an_error(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    put(lake, sticky_notes=[note("n1", "Call +1 713 853 4759 and ask for the price")])
    refresh(lake)
    before = turns(lake)
    key = key_path(lake)
    key.write_bytes(b"another key of thirty-two bytes!")
    assert refresh(lake).full
    assert turns(lake) != before
    key.unlink()
    with pytest.raises(MaverickError, match="restore it from a backup"):
        refresh(lake)
