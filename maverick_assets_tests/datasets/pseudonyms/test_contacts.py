"""Whom the CRM knows is renamed wherever he is named, and only what names him is derived again."""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from maverick_assets.crm.raw_table import raw_schema, tombstones, with_kept_columns
from maverick_assets.crm.schema import TABLES
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.pseudonyms.contacts import (
    Contact,
    contacts_of_address,
    contacts_of_deal,
)
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets.datasets.turns.refresh import refresh_mails, refresh_turns
from maverick_assets.datasets.turns.turn import Turn, read_turns
from maverick_assets.errors import MaverickError
from maverick_assets.lake.delta import row_hash, sync_table
from maverick_assets.lake.incremental import RefreshResult
from maverick_assets.lake.paths import key_path, raw_path, turns_path

OWNER = Owner(("allan@testpilot.example",), ("allan",))
KEY = bytes(range(32))
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TEXTS = ("crm_emails", "conversations", "messages", "crm_deals", "sticky_notes")


def protected(text: str, contacts: Sequence[Contact], participants: Sequence[str] = ()) -> str:
    return ThirdParties(KEY, contacts, OWNER.emails).protect(text, participants)


def put(lake: Path, **tables: list[dict[str, Any]]) -> None:
    """Add rows to raw tables; all that hold texts exist afterwards."""
    for name in {*TEXTS, *tables, "personality_samples"}:
        columns = TABLES[name].columns
        records = [
            {column: row.get(column) for column in columns}
            | {"_op": "upsert", "_extracted_at": START, "_row_hash": row_hash([str(row)])}
            for row in tables.get(name, ())
        ]
        wanted = pa.Table.from_pylist(records, raw_schema(TABLES[name]))
        sync_table(raw_path(lake, name), wanted, "id", scope=())


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


def test_columns_tell_people_companies_and_domains() -> None:
    assert [each.id for each in contacts_of_address("Dana M. Cole <d@acme-foods.co.uk>")] == [
        "person dana cole",
        "domain acme-foods.co.uk",
        "company acme foods",
    ]
    assert [each.id for each in contacts_of_address("lee.ito@gmail.com")] == ["person lee ito"]
    assert [each.id for each in contacts_of_address("no-reply@news.com")] == ["domain news.com"]
    assert not list(contacts_of_address("allan"))
    assert [each.id for each in contacts_of_deal("Tansy & Thorne Ltd: tea")] == [
        "company tansy thorne"
    ]
    assert not list(contacts_of_deal("Renewal: Acme")) + list(contacts_of_deal("A tea for Acme"))


def test_who_takes_no_part_is_renamed_by_his_full_name() -> None:
    known = [*contacts_of_address("dana.cole@acme.example")]
    given, surname = ThirdParties(KEY, known).surrogates.person("dana cole")
    assert protected("Ask Dana Cole.", known) == f"Ask {given} {surname}."
    assert protected("DANA\nCOLE, Dana M. Cole", known) == (
        f"{given} {surname}, ".upper() + f"{given} {surname}"
    )
    assert protected("Cole, Dana", known) == f"{surname}, {given}"
    assert protected("Dana said so. Cole too. Danacole", known).startswith("Dana said so. Cole too")


def test_accents_are_left_out_in_addresses_only() -> None:
    known = [
        contact
        for address in ("zofia.wisniewska@x.example", "jorg.mueller@y.example")
        for contact in contacts_of_address(address)
    ]
    text = "Zofia Wiśniewska, ZOFIA WIŚNIEWSKA, Jörg Müller, Jorg Mueller, Müller, Jörg"
    assert not any(word in protected(text, known) for word in ("Wi", "WI", "Müll", "Muel", "rg"))


def test_a_mention_and_a_participant_have_one_name() -> None:
    known = [*contacts_of_address("dana.cole@acme.example")]
    mentioned = protected("Ask Dana Cole.", known)
    assert protected("Ask Dana Cole.", (), ["dana.cole@acme.example"]) == mentioned
    assert protected("Ask Dana Cole.", (), ["dana.cole@else.example"]) == mentioned


def test_companies_are_found_however_they_are_written() -> None:
    known = [*contacts_of_address("x@tansythorne.example"), *contacts_of_deal("Tansy & Thorne: t")]
    name = ThirdParties(KEY, known).surrogates.company("tansythorne")
    text = "Tansy & Thorne, Tansy and Thorne's, TANSY-THORNE, see www.tansythorne.example/tea"
    assert protected(text, known) == (
        f"{name}, {name}'s, {name.upper()}, see www.{name.lower()}.example/tea"
    )


def test_ordinary_words_public_names_and_the_owners_own_stay() -> None:
    known = [
        contact
        for address in (
            "x@energy.com",
            "y@google.com",
            "mark.may@gmail.com",
            "beth@testpilot.example",
        )
        for contact in contacts_of_address(address)
    ]
    text = "Energy prices on Google may mark a change. TestPilot at testpilot.example. Energy!"
    assert protected(text, known) == text


def test_streets_keep_their_kind_and_lose_their_name() -> None:
    text = "12 Main Street; Hauptstraße 5a; 3 rue de la Paix; Calle Mayor 12; in 2000 Wall Street"
    found = protected(text, ())
    assert not any(name in found for name in ("Main", "Haupt", "Paix", "Mayor"))
    assert all(kind in found for kind in (" Street;", "straße", " rue de la ", "Calle "))
    assert found.endswith("in 2000 Wall Street")
    assert protected(text, ()) == found


def test_a_new_contact_renames_himself_in_older_texts_and_costs_only_these(tmp_path: Path) -> None:
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


def test_who_is_deleted_at_the_source_is_not_named_again(tmp_path: Path) -> None:
    known = {
        "crm_emails": [mail("m1", "dana.cole@z.example", "lee.ito@y.example, x@x.example", "Hi")],
        "crm_deals": [{"id": "d1", "deal_name": "Brightmoor Dairy: yoghurt", "notes": "Dull."}],
        "conversations": [{"id": "t", "user_id": "pat.moss@q.example"}],
    }
    put(
        tmp_path,
        **known,
        sticky_notes=[note("n", "Dana Cole, Lee Ito, Pat Moss of Brightmoor Dairy")],
    )
    refresh(tmp_path)
    before = turns(tmp_path)["sticky_notes:n"]
    for name, rows in known.items():
        ids = pa.array([row["id"] for row in rows])
        raw = raw_path(tmp_path, name)
        gone = tombstones(TABLES[name], with_kept_columns(raw, ids))
        sync_table(raw, gone, "id", scope=())
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
