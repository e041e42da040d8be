"""The names of a lake, as it grows."""

import asyncio
import logging
from pathlib import Path

import pytest

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.owner import owner_of
from maverick_assets.datasets.turns.refresh import refresh_mails, refresh_turns
from maverick_assets.datasets.turns.turn import read_turns
from maverick_assets.lake.paths import key_path, turns_path
from maverick_assets.serving.names import book as book_module
from maverick_assets.serving.names.at_the_door import Names, NoNames, restored
from maverick_assets.serving.names.book import NameBook, read_names
from maverick_assets.settings import Settings
from maverick_assets_tests.raw_tables import upsert_raw_rows

OWNER = "allan@testpilot.example"
BODY = "Hello Allan,\n\nplease call Dana Cole, phone +44 20 7946 0018, at noon.\n\nThanks"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return Settings(home=home, owner_email=OWNER)


def receive(settings: Settings, number: int, sender: str, body: str = BODY) -> None:
    """Bring a mail through the lake."""
    row = {
        "id": f"m{number}",
        "sender_email": sender,
        "recipients": OWNER,
        "subject": "Noon",
        "body": body,
        "message_id": f"<{number}@x.example>",
    }
    upsert_raw_rows(settings.lake, "crm_emails", [row])
    for table in ("crm_deals", "sticky_notes", "conversations", "messages"):
        upsert_raw_rows(settings.lake, table, [])
    for table in ("personality_samples", "feedback"):
        upsert_raw_rows(settings.lake, table, [])
    refresh_mails(settings.lake, "1")
    refresh_turns(settings.lake, owner_of(settings), "1")


def answered(names: Names | NoNames, question: str, *, by_owner: bool = True) -> tuple[str, str]:
    """What the model is asked, and the answer of one that repeats it."""
    request = names.incoming(by_owner=by_owner)
    hidden = request.hide_unlisted([Message(role="user", content=request.hide(question))])
    asked = hidden[0]["content"]
    return asked, restored(request.outgoing(), asked)


def test_what_a_turn_holds_comes_back_with_its_phone_number(settings: Settings) -> None:
    receive(settings, 1, "dana.cole@acme.example")
    (turn,) = read_turns(turns_path(settings.lake))
    assert "Cole" not in turn.text
    assert "+999" in turn.text
    outgoing = read_names(settings).incoming(by_owner=True).outgoing()
    assert restored(outgoing, turn.text) == BODY


def test_a_new_contact_is_taken_in_while_requests_go_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book_module, "_WATCH_SECONDS", 0.01)
    receive(settings, 1, "dana.cole@acme.example")
    names = NameBook(settings)
    names.refresh()
    before = names.names
    names.refresh()
    assert names.names is before  # nothing has changed

    async def follow() -> None:
        watching = asyncio.create_task(names.watch())
        await asyncio.to_thread(receive, settings, 2, "zsofia.quaresma@oat.example")
        while names.names is before:
            await asyncio.sleep(0.01)
            assert answered(before, "Dana Cole?")[1] == "Dana Cole?"
        watching.cancel()

    asyncio.run(asyncio.wait_for(follow(), 60))
    asked, shown = answered(names.names, "Zsofia Quaresma of Oat?")
    assert "Quaresma" not in asked
    assert shown == "Zsofia Quaresma of Oat?"


def test_without_the_key_names_are_hidden_and_only_the_owners_own_come_back(
    settings: Settings,
) -> None:
    receive(settings, 1, "dana.cole@acme.example")
    (turn,) = read_turns(turns_path(settings.lake))
    key_path(settings.lake).unlink()
    names = read_names(settings)
    assert restored(names.incoming(by_owner=True).outgoing(), turn.text) == turn.text
    for by_owner in (True, False):
        asked, shown = answered(names, "Dana Cole?", by_owner=by_owner)
        assert "Cole" not in asked
        assert shown == ("Dana Cole?" if by_owner else asked)
    assert not key_path(settings.lake).exists()


def test_a_run_home_without_a_lake_has_no_names(settings: Settings) -> None:
    assert isinstance(read_names(settings), NoNames)
    assert answered(read_names(settings), "Dana Cole?") == ("Dana Cole?", "Dana Cole?")
    assert not settings.lake.exists()


def test_a_lake_that_cannot_be_read_leaves_the_names_and_quotes_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(book_module, "_WATCH_SECONDS", 0.01)
    receive(settings, 1, "dana.cole@acme.example")
    names = NameBook(settings)
    names.refresh()
    before = names.names
    key_path(settings.lake).write_bytes(b"Dana Cole")

    async def follow() -> None:
        watching = asyncio.create_task(names.watch())
        while not caplog.records:
            await asyncio.sleep(0.01)
        watching.cancel()

    with caplog.at_level(logging.WARNING):
        asyncio.run(asyncio.wait_for(follow(), 60))
    assert names.names is before
    assert "Cole" not in caplog.text
    assert str(settings.home) not in caplog.text
