"""Rows of mails are cleaned, and say what they answer and who wrote them."""

import pytest

from maverick_assets.datasets.examples.pairs import reply_pairs
from maverick_assets.datasets.mail.table import MAIL_SCHEMA, clean_row, mail_rows
from maverick_assets.datasets.owner import Owner
from maverick_assets.lake.delta import arrow_table
from maverick_assets_tests.datasets.turn_builders import builder_for

DANA = "dana@x.example"
ROW = {
    "id": "1",
    "sender_email": "allan@x.example",
    "subject": "Ovens",
    "body": "",
    "sent_at": None,
    "thread_id": None,
    "message_id": "<1@x>",
    "in_reply_to": None,
    "recipients": "dana@x.example",
    "updated_at": None,
}


@pytest.mark.parametrize(
    "header",
    [
        "-----Original Message-----\nFrom: \tPrice, Allan  \nSent:\tTuesday\nTo:\tD\nSubject:\tx",
        "On 3 Jun 2025, Allan Price <allan.price@x.example> wrote:",
        "Allan Price\n05/30/2000 07:29 AM\nTo: D/HOU/ACME@ACME\ncc: \nSubject: x",
    ],
)
def test_ones_own_earlier_mail_is_no_prompt(header: str) -> None:
    row = ROW | {"sender_email": "allan.price@x.example"}
    mail = clean_row("t", row | {"body": f"Could you do that again?\n\n{header}\n\nWire it."})
    assert (mail.quoted, mail.subject) == (None, "Re: Ovens")
    other = header.replace("Allan", "Dana").replace("allan.", "dana.")
    mail = clean_row("t", row | {"body": f"Could you do that again?\n\n{other}\n\nWire it."})
    assert (mail.quoted, mail.subject) == ("Wire it.", "Ovens")


def test_a_task_is_no_mail() -> None:
    body = "\tTASK ASSIGNMENT\n\nTask Priority:\t\nTask Due On:\t6/3/2025"
    assert clean_row("t", ROW | {"body": body}).automatic == "invitation"


def test_a_mail_to_nobody_is_an_entry_of_a_calendar() -> None:
    entry = ROW | {"body": "Test of the ovens", "recipients": ""}
    assert clean_row("t", entry).automatic == "entry"
    assert not builder_for(Owner(("allan@x.example",), ())).mail_turns([clean_row("t", entry)])
    assert builder_for(Owner(("dana@x.example",), ())).mail_turns([clean_row("t", entry)])
    assert clean_row("t", entry | {"recipients": None}).automatic is None
    assert clean_row("t", entry | {"in_reply_to": "<2@x>"}).automatic is None
    answer = "Yes.\n\nOn 3 Jun 2025, Dana wrote:\n> Can we?"
    assert clean_row("t", entry | {"body": answer}).automatic is None


def test_a_comment_on_a_forward_is_not_asked_for_without_what_it_forwards() -> None:
    owner = Owner(("allan@x.example",), ())
    forward = (
        "Do you know this?\n\n----- Forwarded by Allan/ACME on 06/08/2001 03:12 PM -----\n\nHi"
    )
    mail = clean_row("t", ROW | {"body": forward})
    assert mail.subject == "Fwd: Ovens"
    assert not list(reply_pairs(builder_for(owner).mail_turns([mail])))
    plain = clean_row("t", ROW | {"body": "Do you know this?"})
    assert [pair.kind for pair in reply_pairs(builder_for(owner).mail_turns([plain]))] == [
        "initiate"
    ]


def test_automatic_mail_becomes_no_turn_but_a_reply_to_it_keeps_what_it_quotes() -> None:
    row = {"thread_id": None, "in_reply_to": None, "recipients": "", "sent_at": None}
    bounce = row | {
        "id": "1",
        "message_id": "<1@x>",
        "sender_email": "mailer-daemon@x.example",
        "subject": "Undeliverable: ovens",
        "body": "The address is unknown.",
    }
    reply = row | {
        "id": "2",
        "message_id": "<2@x>",
        "in_reply_to": "<1@x>",
        "sender_email": DANA,
        "subject": "Re: Undeliverable: ovens",
        "body": "Odd.\n\nOn 3 Jun 2025, x wrote:\n> The address is unknown.",
    }
    mails = [clean_row("crm_emails", row) for row in (bounce, reply)]
    assert [mail.automatic for mail in mails] == ["bounce", None]
    (turn,) = builder_for(Owner((DANA,), ())).mail_turns(mails)
    assert (turn.text, turn.context) == ("Odd.", "The address is unknown.")


def test_reason_and_removed_spans_are_stored_with_the_mail() -> None:
    row = {
        "id": "1",
        "thread_id": None,
        "message_id": None,
        "in_reply_to": None,
        "recipients": DANA,
        "sender_email": "mailer-daemon@x.example",
        "subject": "ovens",
        "sent_at": None,
        "body": "Unknown.\n\n> Hello",
    }
    table = arrow_table(mail_rows([clean_row("crm_emails", row)]), MAIL_SCHEMA)
    (stored,) = table.to_pylist()
    assert stored["automatic"] == "bounce"
    assert stored["removed"] == [
        {"start": 8, "end": 10, "reason": "blank"},
        {"start": 10, "end": 17, "reason": "quote"},
    ]
