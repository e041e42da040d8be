"""Turns: who said what, in which thread, as an answer to what."""

from datetime import UTC, datetime, timedelta
from typing import Any

from maverick_assets.crm.schema import TABLES
from maverick_assets.datasets.mail.table import clean_row
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.turns.turn import Turn
from maverick_assets_tests.datasets.turn_builders import builder_for

OWNER = Owner(("allan@testpilot.example", "*@allan.example"), ("allan",))
BUILDER = builder_for(OWNER)
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def turns_of_mails(rows: list[dict[str, Any]]) -> list[Turn]:
    return BUILDER.mail_turns([clean_row("crm_emails", row) for row in rows])


def mail(key: str, sender: str, body: str, hours: int, **more: Any) -> dict[str, Any]:
    row = {
        "id": key,
        "sender_email": sender,
        "subject": "Shelf test",
        "body": body,
        "sent_at": START + timedelta(hours=hours),
        "thread_id": "t1",
        "message_id": f"<{key}@x>",
        "in_reply_to": None,
        "recipients": "allan@testpilot.example",
    }
    return row | more


def by_id(turns: list[Turn]) -> dict[str, Turn]:
    return {turn.turn_id: turn for turn in turns}


def test_a_reply_points_at_its_original_and_keeps_only_its_own_words() -> None:
    body = "Morning Dana,\n\nNo.\n\nAllan\n\nOn Mon, 2 Mar 2026 at 09:00, Dana wrote:\n> Can you?"
    rows = [
        mail("1", "dana.whitfield@brand.example", "Can you?", 0),
        mail("2", "Allan@TestPilot.example", body, 1, in_reply_to="<1@x>"),
    ]
    turns = by_id(turns_of_mails(rows))
    reply = turns["crm_emails:2"]
    assert reply.reply_to == "crm_emails:1"
    assert reply.is_owner
    assert not turns["crm_emails:1"].is_owner
    assert reply.text.endswith("\n\nNo.\n\nAllan")
    assert reply.thread_id == turns["crm_emails:1"].thread_id


def test_third_parties_are_renamed_the_same_way_on_both_sides_and_the_owner_is_not() -> None:
    rows = [
        mail("1", "dana.whitfield@brand.example", "Hi Allan, see you. Dana Whitfield", 0),
        mail("2", "allan@testpilot.example", "Dana, done. Allan", 1, in_reply_to="<1@x>"),
    ]
    turns = by_id(turns_of_mails(rows))
    original, reply = turns["crm_emails:1"].text, turns["crm_emails:2"].text
    assert "Dana" not in original + reply
    assert "Whitfield" not in original
    assert "Allan" in original
    assert "Allan" in reply
    assert reply.split(",")[0] in original


def test_owner_patterns_may_have_a_wildcard() -> None:
    rows = [mail("1", "me@allan.example", "Done, going home.", 0)]
    assert turns_of_mails(rows)[0].is_owner


def test_the_role_user_is_the_conversations_own_user() -> None:
    conversations = [{"id": "c1", "user_id": "allan"}, {"id": "c2", "user_id": "somebody"}]
    messages = [
        {"id": str(at), "conversation_id": c, "role": role, "content": "words", "created_at": START}
        for at, (c, role) in enumerate([("c1", "contact"), ("c1", "user"), ("c2", "user")])
    ]
    turns = by_id(BUILDER.chat_turns(TABLES["messages"], conversations, messages))
    owned = {key: turn.is_owner for key, turn in turns.items()}
    assert owned == {"messages:0": False, "messages:1": True, "messages:2": False}
    assert turns["messages:1"].reply_to == "messages:0"
    assert turns["messages:2"].reply_to is None


def test_a_deals_first_paragraph_is_its_facts_and_the_rest_the_owners_call() -> None:
    deal = {
        "id": "d1",
        "deal_name": "Oat bars",
        "stage": "lost",
        "amount": 12000.0,
        "notes": "They ask for 30 % off.\n\nI walk.",
        "owner_email": "allan@testpilot.example",
        "created_at": START,
    }
    turn = BUILDER.row_turn(TABLES["crm_deals"], deal)
    assert turn.text == "Outcome: lost.\n\nI walk."
    assert turn.context == "Oat bars\nAmount: $12,000\nThey ask for 30 % off."
    plain = BUILDER.row_turn(TABLES["crm_deals"], deal | {"notes": "I walk."})
    assert (plain.text, plain.context) == (turn.text, "Oat bars\nAmount: $12,000")


def test_the_outcome_of_a_deal_is_in_the_call_and_never_among_its_facts() -> None:
    deal = {
        "id": "d1",
        "deal_name": "Oat bars",
        "amount": None,
        "notes": "They ask for 30 % off.\n\nI walk.",
        "owner_email": "allan@testpilot.example",
        "created_at": START,
        "updated_at": START + timedelta(days=12, hours=5),
    }
    for stage, outcome in (("Closed Won", "won"), ("closedlost", "lost")):
        turn = BUILDER.row_turn(TABLES["crm_deals"], deal | {"stage": stage})
        assert turn.text == f"Outcome: {outcome}.\n\nI walk."
        assert turn.context == "Oat bars\nAge: 12 days\nThey ask for 30 % off."
    still_open = BUILDER.row_turn(
        TABLES["crm_deals"], deal | {"stage": "Engaging", "updated_at": None}
    )
    assert still_open.text == "I walk."
    assert still_open.context == "Oat bars\nStage: Engaging\nThey ask for 30 % off."


def test_nulls_do_no_harm() -> None:
    rows = [mail("1", "a@b.example", "Yes", 1, subject=None, recipients=None, sent_at=None)]
    assert [turn.occurred_at.year for turn in turns_of_mails(rows)] == [1970]
    note = dict.fromkeys(TABLES["sticky_notes"].columns) | {"id": "n"}
    assert BUILDER.row_turn(TABLES["sticky_notes"], note).text == ""


def test_a_long_silence_starts_another_session_of_a_chat() -> None:
    conversations = [{"id": "c1", "user_id": "allan"}]
    hours = [0, 11, 22, 35, 36]
    messages = [
        {"id": str(at), "conversation_id": "c1", "role": "user", "content": "words"}
        | {"created_at": START + timedelta(hours=hour)}
        for at, hour in enumerate(hours)
    ]
    turns = BUILDER.chat_turns(TABLES["messages"], conversations, messages)
    assert [turn.thread_id for turn in turns] == ["chat:c1:0"] * 3 + ["chat:c1:3"] * 2
    assert [turn.reply_to for turn in turns][3:] == [None, "messages:3"]
    short = BUILDER.chat_turns(TABLES["messages"], conversations, messages, timedelta(hours=2))
    assert len({turn.thread_id for turn in short}) == 4


def test_feedback_gives_what_was_praised_or_corrected_and_what_was_rejected() -> None:
    row = {
        "id": "f1",
        "personality": "robbie",
        "prompt": "Long day.",
        "response": "Come and sit.",
        "created_at": START,
    }

    def text_and_rejected(rating: int | None, correction: str | None) -> tuple[str, str | None]:
        rated = row | {"rating": rating, "correction": correction}
        turn = BUILDER.row_turn(TABLES["feedback"], rated)
        return turn.text, turn.rejected

    assert text_and_rejected(8, None) == ("Come and sit.", None)
    assert text_and_rejected(9, "Soup first.") == ("Soup first.", None)
    assert text_and_rejected(7, None) == text_and_rejected(None, None) == ("", None)
    assert text_and_rejected(5, "Soup first.") == ("Soup first.", None)
    assert text_and_rejected(3, "Soup first.") == ("Soup first.", "Come and sit.")
    assert text_and_rejected(1, None) == ("", "Come and sit.")


def test_the_recipient_of_a_mail_is_known_by_a_surrogate_alone() -> None:
    body = "Dana, are you there?"
    mails = [
        mail("1", "allan@testpilot.example", body, 0, recipients="dana.whitfield@brand.example"),
        mail("2", "allan@testpilot.example", "Hello", 1, recipients="x4711@brand.example"),
        mail("3", "allan@testpilot.example", "Hello", 2, recipients="me@allan.example"),
    ]
    first, second, third = turns_of_mails(mails)
    assert first.recipient is not None
    assert "Dana" not in first.recipient and "Whitfield" not in first.recipient
    assert first.text.partition(",")[0] in first.recipient
    assert second.recipient is third.recipient is None
