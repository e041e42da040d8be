"""What a mail answers is found without headers and quotes; where there is a doubt, nothing is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from maverick_assets.crm.sample.emails import email_rows
from maverick_assets.datasets.examples.pairs import reply_pairs
from maverick_assets.datasets.mail.clean_mail import CleanMail
from maverick_assets.datasets.mail.links.keys import MOST_COMMON
from maverick_assets.datasets.mail.table import clean_row
from maverick_assets.datasets.mail.threads import ThreadLink, link_threads
from maverick_assets.datasets.owner import Owner
from maverick_assets_tests.datasets.turn_builders import builder_for

START = datetime(2026, 2, 2, 9, 0, tzinfo=UTC)
OWNER = Owner(("ines@orchard.example", "ines.home@mail.example"), ())
INES, HOME = OWNER.emails
PAUL, RUTH = "paul.okoro@mill.example", "ruth.lind@press.example"


def bare(name: str, sender: str, hours: float, **fields: object) -> CleanMail:
    """A mail of a CRM that has sender, subject, body and time, and nothing else."""
    plain = CleanMail(
        id=name,
        message_id=None,
        in_reply_to=None,
        thread_id=None,
        sender=sender,
        recipients=(),
        subject="Delivery of the flour",
        sent_at=START + timedelta(hours=hours),
        text=f"words of {name}",
        quoted=None,
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def reply(name: str, hours: float, **fields: object) -> CleanMail:
    return bare(name, INES, hours, **{"subject": "Re: Delivery of the flour"} | fields)


def link_of(name: str, *mails: CleanMail) -> ThreadLink:
    return link_threads(mails, OWNER)[name]


def parent(name: str, *mails: CleanMail) -> tuple[str | None, str | None]:
    link = link_of(name, *mails)
    return link.parent_id, link.kind


def test_subject_and_time_link_an_answer_where_a_crm_has_nothing_else() -> None:
    asked, answered = bare("q", PAUL, 0), reply("a", 5)
    assert link_of("a", asked, answered) == ThreadLink("mail:q", "q", "time")
    back = bare("q2", PAUL, 8, subject="AW: Delivery of the flour")
    assert parent("q2", asked, answered, back) == ("a", "time")
    again = reply("a2", 9)
    assert parent("a2", asked, answered, back, again) == ("q2", "time")


@pytest.mark.parametrize(
    ("mails", "why"),
    [
        ([bare("q", PAUL, 0), reply("first", 1)], "follow-up"),
        ([bare("q", PAUL, 0), bare("q2", RUTH, 1)], "ambiguous"),
        ([bare("q", PAUL, 0), bare("q2", PAUL, 1)], "ambiguous"),
        ([bare("q", PAUL, -24 * 31)], "not at hand"),
        ([bare("q", PAUL, 5)], "not at hand"),
        ([bare("q", PAUL, 0, automatic="newsletter")], "not at hand"),
        ([bare("q", PAUL, 0, subject="Delivery of the rye")], "not at hand"),
        ([], "not at hand"),
    ],
)
def test_a_doubtful_answer_is_not_guessed_and_says_why(mails: list[CleanMail], why: str) -> None:
    assert parent("a", *mails, reply("a", 5)) == (None, why)


@pytest.mark.parametrize("greeting", ["Ruth,", "Hello Ruth -", "Dear Ms Lind", "Moin ruth!"])
def test_a_greeting_tells_two_people_with_the_same_subject_apart(greeting: str) -> None:
    mails = [bare("p", PAUL, 0), bare("r", RUTH, 1), reply("a", 5, text=f"{greeting}\n\nyes.")]
    assert parent("a", *mails) == ("r", "time")


def test_a_signature_tells_whose_name_an_address_does_not_spell() -> None:
    short = bare("p", "pokoro@mill.example", 0, text="Can we have it on Monday?\n\nPaul Okoro")
    mails = [short, bare("r", RUTH, 1), reply("a", 5, text="Hi Paul\n\nyes.")]
    assert parent("a", *mails) == ("p", "time")


def test_recipients_tell_people_apart_and_close_their_conversations() -> None:
    mails = [
        bare("p", PAUL, 0, recipients=(INES,)),
        bare("r", RUTH, 1, recipients=(INES,)),
        reply("a", 5, recipients=(PAUL,)),
        reply("b", 6, recipients=(RUTH,)),
        reply("c", 7, recipients=(PAUL,)),
    ]
    assert parent("a", *mails) == ("p", "subject")
    assert parent("b", *mails) == ("r", "subject")
    assert parent("c", *mails) == (None, "follow-up")


def test_outgoing_mail_alone_may_name_recipients() -> None:
    assert parent("a", bare("q", PAUL, 0), reply("a", 5, recipients=(PAUL,))) == ("q", "subject")
    other = reply("a", 5, recipients=(RUTH,))
    assert parent("a", bare("q", PAUL, 0), other) == (None, "not at hand")


def test_all_addresses_of_the_owner_are_one_author() -> None:
    from_home = bare("a2", HOME, 6, subject="Re: Delivery of the flour")
    mails = [bare("q", PAUL, 0), reply("a", 5), from_home]
    assert parent("a2", *mails) == (None, "follow-up")
    assert parent("a", bare("q", HOME, 0), reply("a", 5)) == (None, "follow-up")


def test_a_mail_without_a_prefix_opens_a_conversation_or_is_nothing() -> None:
    opening = bare("o", INES, 5)
    assert parent("o", bare("q", PAUL, 0, subject="Rye"), opening) == (None, None)
    assert parent("o", bare("q", PAUL, 0), opening) == (None, "ambiguous")


def test_two_openings_of_the_owner_to_unknown_people_are_not_mixed_up() -> None:
    mails = [
        bare("o1", INES, 0, text="Paul,\n\ncan you deliver?"),
        bare("o2", INES, 1, text="Ruth,\n\ncan you deliver?"),
        bare("p", PAUL, 5, subject="Re: Delivery of the flour"),
    ]
    assert parent("p", *mails) == (None, "ambiguous")


def test_of_several_mails_of_one_writer_the_newest_is_answered_after_a_pause() -> None:
    mails = [bare("q", PAUL, 0), bare("q2", PAUL, 30), reply("a", 31)]
    assert parent("a", *mails) == ("q2", "time")


def test_a_mail_that_answers_somebody_else_is_no_question_to_the_owner_unless_he_greets() -> None:
    overheard = bare("q", PAUL, 0, subject="Re: Delivery of the flour")
    assert parent("a", overheard, reply("a", 5)) == (None, "ambiguous")
    assert parent("a", overheard, reply("a", 5, text="Paul, yes.")) == ("q", "time")
    assert parent("a", overheard, reply("a", 5, recipients=(PAUL,))) == ("q", "subject")


def test_a_short_subject_is_no_evidence_unless_the_mail_greets_or_names_its_reader() -> None:
    asked, short = bare("q", PAUL, 0, subject="Hello!"), {"subject": "RE: hello!"}
    assert parent("a", asked, reply("a", 5, **short)) == (None, "ambiguous")
    assert parent("a", asked, reply("a", 5, text="Paul, yes", **short)) == ("q", "time")
    assert parent("a", asked, reply("a", 5, recipients=(PAUL,), **short)) == ("q", "subject")


def test_an_empty_subject_is_answered_between_the_same_people_within_days() -> None:
    asked = bare("q", PAUL, 0, subject="", recipients=(INES,))
    for hours, expected in ((5, ("q", "subject")), (24 * 4, (None, "not at hand"))):
        answer = reply("a", hours, subject="Re:", recipients=(PAUL,))
        assert parent("a", asked, answer) == expected
    assert parent("a", asked, reply("a", 5, subject="Re:")) == (None, "not at hand")


@pytest.mark.parametrize(
    "prefix",
    ["R:", "RIF:", "AW:", "SV:", "Odp:", "回复\uff1a", "Отв:", "YNT:", "[EXTERNAL] RE:", "Re[3]:"],
)
def test_the_prefix_of_an_answer_is_known_in_many_languages(prefix: str) -> None:
    answer = reply("a", 5, subject=f"{prefix} Delivery of the flour")
    assert parent("a", bare("q", PAUL, 0), answer) == ("q", "time")


def test_a_crms_thread_and_time_link_an_answer() -> None:
    mails = [
        bare("q", PAUL, 0, thread_id="T"),
        bare("x", RUTH, 1),
        reply("a", 5, thread_id="T", subject="Delivery of the flour"),
        reply("b", 6, thread_id="T"),
        bare("q2", PAUL, 24 * 90, thread_id="T", subject="Re: Delivery of the flour"),
        reply("c", 24 * 91, thread_id="T"),
    ]
    assert parent("a", *mails) == ("q", "thread")
    assert parent("b", *mails) == (None, "follow-up")
    assert parent("q2", *mails) == (None, "ambiguous")  # "a" or "b"
    assert parent("c", *mails) == ("q2", "thread")


def test_several_people_in_one_thread_are_told_apart_by_recipients_and_greeting_only() -> None:
    thread = [bare("p", PAUL, 0, thread_id="T"), bare("r", RUTH, 1, thread_id="T")]
    for fields, expected in (
        ({}, (None, "ambiguous")),
        ({"text": "Ruth, yes."}, ("r", "thread")),
        ({"recipients": (PAUL,)}, ("p", "thread")),
        ({"recipients": ("new@press.example",)}, (None, "not at hand")),
    ):
        assert parent("a", *thread, reply("a", 5, thread_id="T", **fields)) == expected


def test_a_thread_that_holds_all_mail_of_a_contact_is_divided_by_subject() -> None:
    thread = [
        bare("q", PAUL, 0, thread_id="T"),
        bare("other", PAUL, 2, thread_id="T", subject="Invoice 17"),
    ]
    assert parent("a", *thread, reply("a", 5, thread_id="T")) == ("q", "thread")
    marked = reply("a", 5, thread_id="T", subject="RE: [EXTERN] Invoice 17")
    assert parent("a", *thread, marked) == ("other", "thread")
    new = reply("a", 5, thread_id="T", subject="Summer party")
    assert parent("a", *thread, new) == (None, "ambiguous")


def test_a_forward_answers_nobody_even_where_a_header_names_a_mail() -> None:
    asked = bare("q", PAUL, 0, message_id="<q@x>")
    forward = reply(
        "f", 5, in_reply_to="<q@x>", recipients=(RUTH,), no_answer="forward", subject="Fwd: x"
    )
    assert parent("f", asked, forward) == (None, "forward")
    back = replace(forward, recipients=(PAUL,))
    assert parent("f", asked, back) == ("q", "reply-to")
    assert parent("f", asked, reply("f", 5, no_answer="own words")) == (None, "own words")


def test_the_last_of_the_references_is_answered_and_the_others_join_the_thread() -> None:
    mails = [
        bare("q", PAUL, 0, message_id="<q@x>"),
        reply("a", 5, references=("<gone@x>", "<q@x>"), subject="other"),
        bare("s", RUTH, 6, references=("<gone@x>",), subject="third"),
        reply("b", 7, references=("<q@x>", "<gone2@x>"), subject="fourth"),
    ]
    assert parent("a", *mails) == ("q", "references")
    assert parent("b", *mails)[0] is None
    assert {link.thread_id for link in link_threads(mails, OWNER).values()} == {"mail:q"}


def test_a_header_that_names_an_absent_mail_is_not_overruled_by_a_guess() -> None:
    asked = bare("q", PAUL, 0, message_id="<q@x>")
    assert parent("a", asked, reply("a", 5, in_reply_to="<gone@x>"))[0] is None
    # Without Message-IDs the header names nothing.
    assert parent("a", bare("q", PAUL, 0), reply("a", 5, in_reply_to="4711")) == ("q", "time")


def test_quoted_words_of_an_absent_mail_are_not_overruled_by_a_guess() -> None:
    answer = reply("a", 5, quoted="Which colour do you want?")
    assert parent("a", bare("q", PAUL, 0), answer) == (None, "quote")


def test_a_subject_that_hundreds_of_mails_have_joins_none_of_them() -> None:
    flood = [
        bare(f"m{number:04}", f"u{number}@x.example", number / 100, subject="Your weekly question")
        for number in range(MOST_COMMON + 1)
    ]
    answer = reply("a", 5, subject="Re: Your weekly question", text="U7, yes")
    links = link_threads([*flood, answer], OWNER)
    assert len({link.thread_id for link in links.values()}) == len(links)
    named = replace(answer, recipients=("u7@x.example",))
    flood[7] = replace(flood[7], recipients=(INES,))
    assert link_threads([*flood, named], OWNER)["a"].parent_id == "m0007"


@pytest.mark.parametrize(("kept", "least"), [((), 0.9), (("thread_id",), 0.98)])
def test_the_sample_without_headers_and_quotes_gives_nearly_all_pairs_and_no_others(
    kept: tuple[str, ...], least: float
) -> None:
    whole, all_pairs = sample_pairs()
    columns = ("id", "sender", "subject", "sent_at", "text", "automatic", "no_answer", *kept)
    missing: dict[str, Any] = dict.fromkeys(set(CleanMail.__annotations__) - set(columns))
    missing |= {"recipients": (), "references": (), "removed": ()}
    found = pairs_of([replace(mail, **missing) for mail in whole])
    replies = {pair for pair in all_pairs if pair[0] == "reply"}
    assert len(replies) > 250
    assert len(found & replies) >= least * len(replies)
    # A first mail is no answer, and an answer is no first mail.
    assert found <= all_pairs


@cache
def sample_pairs() -> tuple[list[CleanMail], set[tuple[str, str, str | None]]]:
    """The sample's mails, and the pairs that they give with all their columns and quotes."""
    mails = [clean_row("crm_emails", {"headers": None, **row}) for row in email_rows(7, 1)]
    return mails, pairs_of(mails)


def pairs_of(mails: list[CleanMail]) -> set[tuple[str, str, str | None]]:
    """Kind, answer and question of each pair."""
    turns = builder_for(Owner(("allan@testpilot.example",), ())).mail_turns(mails)
    return {
        (pair.kind, pair.answer_turn.turn_id, pair.answer_turn.reply_to)
        for pair in reply_pairs(turns)
    }
