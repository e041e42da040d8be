"""Mails are linked to threads and parents, whatever the order in which they come."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maverick_assets.datasets.mail.clean_mail import CleanMail
from maverick_assets.datasets.mail.cleaning import clean_body
from maverick_assets.datasets.mail.links.subjects import normal_subject
from maverick_assets.datasets.mail.threads import ThreadLink, link_threads
from maverick_assets_tests.corpora.real_data import needs_real_data, read_rows

START = datetime(2025, 6, 2, 9, 0, tzinfo=UTC)
ALLAN, DANA, LEE = "allan@testpilot.example", "dana@acme.example", "lee@acme.example"


def mail(name: str, sender: str, to: str, hours: float = 0, **fields: object) -> CleanMail:
    plain = CleanMail(
        id=name,
        message_id=f"<{name}@x>",
        in_reply_to=None,
        thread_id=None,
        sender=sender,
        recipients=(to,),
        subject="Pricing",
        sent_at=START + timedelta(hours=hours),
        text=f"words of {name}",
        quoted=None,
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def test_the_crms_thread_id_wins_over_reply_and_subject() -> None:
    links = link_threads(
        [
            mail("a", DANA, ALLAN, thread_id="T1"),
            mail("b", ALLAN, DANA, 1, thread_id="T2", in_reply_to="<a@x>"),
            mail("c", DANA, ALLAN, 2, thread_id="T2", subject="other"),
        ]
    )
    assert [links[name].thread_id for name in "abc"] == ["T1", "T2", "T2"]
    assert links["b"].parent_id is None


def test_in_reply_to_joins_whatever_the_subject_and_gives_the_parent() -> None:
    links = link_threads(
        [
            mail("a", DANA, ALLAN),
            mail("b", ALLAN, DANA, 24 * 90, subject="new subject", in_reply_to=" <a@x> (Dana)"),
        ]
    )
    assert links == {"a": ThreadLink("mail:a", None), "b": ThreadLink("mail:a", "a", "reply-to")}


def test_a_reply_to_a_mail_of_a_crm_thread_joins_that_thread() -> None:
    links = link_threads(
        [
            mail("a", DANA, ALLAN, thread_id="T1"),
            mail("b", ALLAN, DANA, 1, in_reply_to="<a@x>", subject=""),
        ]
    )
    assert links["b"] == ThreadLink("T1", "a", "reply-to")


def test_subject_and_counterpart_join_and_give_the_parent() -> None:
    links = link_threads(
        [mail("a", DANA, ALLAN), mail("b", ALLAN, DANA, 5, subject="AW: Re[2]: PRICING ")]
    )
    assert links["b"] == ThreadLink("mail:a", "a", "subject")


@pytest.mark.parametrize(
    "other",
    [
        mail("b", ALLAN, LEE, 5),
        mail("b", ALLAN, DANA, 24 * 31),
        mail("b", ALLAN, DANA, 5, subject="Pricing, again"),
    ],
)
def test_another_counterpart_a_later_month_or_another_subject_is_another_thread(
    other: CleanMail,
) -> None:
    links = link_threads([mail("a", DANA, ALLAN), other])
    assert links["a"].thread_id != links["b"].thread_id


def test_an_empty_subject_never_joins() -> None:
    links = link_threads(
        [mail("a", DANA, ALLAN, subject="Re: "), mail("b", ALLAN, DANA, 1, subject=" ")]
    )
    assert links["a"].thread_id != links["b"].thread_id


def test_the_quoted_words_find_the_parent_within_the_thread() -> None:
    links = link_threads(
        [
            mail("a", DANA, ALLAN, text="Can you give us\n30%? Thanks"),
            mail("b", DANA, ALLAN, 1, text="Second question"),
            mail("c", ALLAN, DANA, 2, quoted="Can you give\nus 30%?  Thanks"),
        ]
    )
    assert links["c"].parent_id == "a"


def test_long_quoted_words_join_mails_of_different_subjects() -> None:
    words = "Can you give us 30%? Thanks a lot"
    links = link_threads(
        [
            mail("a", DANA, "al@testpilot.example", text=words, subject=""),
            mail("b", ALLAN, DANA, 2, subject="Re: ", quoted=words),
            mail("c", ALLAN, LEE, 2, subject="Fw: ", quoted=words),
        ]
    )
    assert links["b"] == ThreadLink("mail:a", "a", "quote")
    assert links["c"] == ThreadLink("mail:c", None, "quote")


def test_a_parent_is_earlier_and_by_another_author() -> None:
    links = link_threads(
        [
            mail("a", ALLAN, DANA, text="same words"),
            mail("b", ALLAN.upper(), DANA, 1, in_reply_to="<a@x>", quoted="same words"),
            mail("c", DANA, ALLAN, 1, in_reply_to="<d@x>", quoted="later words"),
            mail("d", ALLAN, DANA, 2, text="later words"),
            mail("e", DANA, ALLAN, 1, in_reply_to="<b@x>", text="e"),
        ]
    )
    assert {link.parent_id for link in links.values()} == {None}
    assert {link.thread_id for link in links.values()} == {"mail:a"}


def test_replies_in_a_circle_are_resolved() -> None:
    links = link_threads(
        [
            mail("a", ALLAN, DANA, in_reply_to="<b@x>"),
            mail("b", DANA, ALLAN, 1, in_reply_to="<a@x>"),
            mail("c", DANA, ALLAN, 1, in_reply_to="<c@x>", subject=""),
        ]
    )
    assert links["a"] == ThreadLink("mail:a", None, "follow-up")
    assert links["b"] == ThreadLink("mail:a", "a", "reply-to")


@pytest.mark.parametrize(
    "subject",
    ["Offer", "RE: offer", "Fw: Re: OFFER", "AW: WG:  Offer ", "SV: Tr: offer", "Re[3]: offer"],
)
def test_prefixes_of_several_languages_are_stripped(subject: str) -> None:
    assert normal_subject(subject) == "offer"


@given(
    st.lists(
        st.builds(
            mail,
            st.uuids().map(str),
            st.sampled_from([ALLAN, DANA, LEE]),
            st.sampled_from([ALLAN, DANA, LEE]),
            st.sampled_from([0, 1, 5, 1000]),
            thread_id=st.sampled_from([None, None, "T1", "T2"]),
            subject=st.sampled_from(["", "x", "Re: x", "y"]),
            message_id=st.sampled_from([None, "<1>", "<2>", "<3>"]),
            in_reply_to=st.sampled_from([None, "<1>", "<2>", "<3>"]),
            text=st.sampled_from(["one", "two"]),
            quoted=st.sampled_from([None, "one", "two"]),
        ),
        max_size=12,
        unique_by=lambda one: one.id,
    ),
    st.randoms(),
)
def test_order_does_not_matter_and_no_answer_leaks(
    mails: list[CleanMail], chance: random.Random
) -> None:
    links = link_threads(mails)
    shuffled = list(mails)
    chance.shuffle(shuffled)
    assert link_threads(shuffled) == links
    by_id = {one.id: one for one in mails}
    for one in mails:
        link = links[one.id]
        assert one.thread_id in (None, link.thread_id)
        if link.parent_id:
            parent = by_id[link.parent_id]
            assert parent.sent_at < one.sent_at and parent.sender != one.sender
            assert links[parent.id].thread_id == link.thread_id


@needs_real_data
def test_finds_parents_in_a_real_mailbox() -> None:
    mails = []
    for row in read_rows("mailbox-arnold/emails"):
        clean = clean_body(row["body"])
        mails.append(
            CleanMail(
                id=row["message_id"],
                message_id=row["message_id"],
                in_reply_to=row["in_reply_to"] or None,
                thread_id=None,
                sender=row["sender_email"],
                recipients=tuple(row["recipients"]) + tuple(row["cc"]),
                subject=row["subject"],
                sent_at=datetime.fromisoformat(row["sent_at"]),
                text=clean.text,
                quoted=clean.quoted,
            )
        )
    links = link_threads(mails)
    assert sum(link.parent_id is not None for link in links.values()) > 150
    assert 1500 < len({link.thread_id for link in links.values()}) < 2300
