"""What holds for every mail, however it is put together."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maverick_assets.datasets.mail.cleaning import clean_body, plain_text
from maverick_assets.datasets.mail.table import clean_row
from maverick_assets_tests.corpora.adversarial_mails import adversarial_mails
from maverick_assets_tests.corpora.labelled_mails import LANGUAGES

LINES = [
    *("", "", " ", "Yes.", "No, 30% is too much", "call me: 212 555 0100", "PS: thanks!", "1. one"),
    *("> a", ">b", "> > c", "> On 3 Jun 2025, Dana wrote:", ">", "> 5%", "  > d", ">" * 30),
    *("On 3 Jun 2025, Dana Cole", "<dana@x.example> wrote:", "Dana wrote:", "--- a@b.c wrote:"),
    *("From: Dana", "To: a@b.c", "Sent: Monday", "Subject: x", "Date: 3 Jun", "cc: ", "Von: D"),
    *("Dana Cole", "11/11/2000 11:11 AM", "-----Original Message-----", "_" * 32, "-- ", "--"),
    *("---------- Forwarded message ---------", "---- Forwarded by A on 1/1/2001 ---", "---"),
    *("Best,", "Allan", "CEO", "TestPilot Inc.", "+1 212 555 0100", "www.x.example", "a@b.c"),
    *("Sent from my iPhone", "<<a.doc>>", " - b.pdf", "CONFIDENTIAL NOTICE: " + "privileged " * 20),
    *("a <b> c", "Grüße 🎉", "\u00a0", "\t", "x" * 70, "\x85", "\r"),
]
PHRASES = list(LANGUAGES.values())
FOOTERS = [
    text
    for phrases in PHRASES
    for text in (phrases.device, phrases.disclaimer, f"-- \nAllan\n{phrases.contacts}")
]
ATTRIBUTED = [
    f"{line}\n> Can we?\n>\n> Dana"
    for phrases in PHRASES
    for line in phrases.introductions.values()
]
SEPARATED = [
    f"{phrases.original}\n{phrases.labels['sender']} D\n{phrases.labels['subject']} x\n\nCan we?"
    for phrases in PHRASES
]
ADVERSARIAL = adversarial_mails()
bodies = st.lists(st.sampled_from(LINES), max_size=25).map("\n".join)


@given(bodies)
@settings(max_examples=500)
def test_what_is_kept_is_the_body_without_what_is_removed(body: str) -> None:
    mail, text = clean_body(body), plain_text(body)
    kept, at = "", 0
    for span in mail.removed:
        assert at <= span.start < span.end <= len(text)
        assert span.reason
        kept, at = kept + text[at : span.start], span.end
    assert kept + text[at:] == mail.text
    assert len(mail.text) <= len(body)


@given(bodies)
@settings(max_examples=500)
def test_cleaning_twice_changes_nothing(body: str) -> None:
    text = clean_body(body).text
    again = clean_body(text)
    assert (again.text, again.removed) == (text, ())


@given(
    st.lists(
        st.sampled_from(["Yes, do it.", "I think 30% is too much!", "Grüße 🎉 an alle"]), min_size=1
    ),
    st.lists(st.sampled_from(FOOTERS), max_size=2),
    st.lists(st.sampled_from(ATTRIBUTED + SEPARATED), max_size=3),
)
def test_new_words_above_quotes_and_footers_stay(
    own: list[str], footers: list[str], quotes: list[str]
) -> None:
    mail = clean_body("\n\n".join([*own, *footers, *quotes]))
    assert mail.text == "\n\n".join(own)


@given(st.sampled_from(ATTRIBUTED), st.sampled_from(["Yes, do it.", "🎉"]))
def test_new_words_below_a_quote_stay(quote: str, own: str) -> None:
    assert clean_body(f"{quote}\n\n{own}").text == own


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_nonsense_that_makes_a_careless_cleaner_slow_is_cleaned(name: str) -> None:
    row = dict.fromkeys(
        (
            "message_id",
            "in_reply_to",
            "thread_id",
            "recipients",
            "sender_email",
            "subject",
            "sent_at",
        )
    )
    mail = clean_row("crm_emails", row | {"id": "1", "body": ADVERSARIAL[name][:100_000]})
    assert len(mail.text) <= 100_000
