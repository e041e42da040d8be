"""What people type stays as they typed it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maverick_assets.datasets.mail.cleaning import clean_body, clean_text
from maverick_assets_tests.corpora.real_data import needs_real_data, read_rows


@pytest.mark.parametrize(
    "text",
    [
        "THANKS!!!  see u @ 5 ;-) 🎉🎉\n\n\ncheers,\nA.",
        "On Monday we ship.\nOn reflection: no.",
        "On this, Keynes wrote:\nin the long run we are all dead.",
        "Option one\n--\nOption two is better.",
        "Options:\n- one\n- two -- the better one\n* three",
        "> 5% is too much",
        "From: Houston\nTo: New York\nleaving at 5",
        "Subject: the thing you asked about. It is done.",
        "To: do\n1. call Dana",
        "This message is for Dana: please call.",
        "Confidential: we lost the deal.",
        "Best,\nA\n\nPS Sent from my heart, not from a template. Call me.",
        "    indented first line\nsecond",
        "Price:\t$5 = fine\nx=20",
        "Quarterly Forecast 12/06/2000 03:37 PM\nis what the file is called.",
    ],
)
def test_keeps_what_people_type(text: str) -> None:
    mail = clean_body(text)
    assert mail.text == text
    assert mail.quoted is None


@given(st.text(max_size=400))
def test_any_text_is_accepted_and_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once
    mail = clean_body(text)
    assert "\x00" not in mail.text + (mail.quoted or "")


def test_clean_text_changes_newlines_and_control_characters_only() -> None:
    assert clean_text("\r\n \n  Hi\x00 THERE 🎉\r\n\tok — “yes”\r\r\n \n") == (
        "  Hi THERE 🎉\n\tok — “yes”"
    )


@needs_real_data
def test_agrees_with_the_yardstick_of_a_real_mailbox() -> None:
    def words(text: str | None) -> str:
        return " ".join((text or "").split())

    bodies = {mail["message_id"]: mail["body"] for mail in read_rows("mailbox-arnold/emails")}
    pairs = list(read_rows("mailbox-arnold/reply_pairs"))
    replies = prompts = 0
    for pair in pairs:
        mail = clean_body(bodies[pair["message_id"]])
        replies += words(mail.text) == words(pair["reply"])
        quoted, prompt = words(mail.quoted), words(pair["prompt"])
        prompts += bool(quoted) and (prompt.startswith(quoted) or quoted.startswith(prompt))
        assert not re.search(r"Original Message--|Forwarded by|^(?:cc|Subject):", mail.text, re.M)
    assert replies / len(pairs) > 0.95
    assert prompts / len(pairs) > 0.90
