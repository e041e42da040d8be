"""What a personality is asked has the layout of the examples that it learnt from."""

from datetime import UTC, datetime
from typing import Any

import pytest

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.crm.schema import TABLES
from maverick_assets.datasets.examples.pairs import PAIRS_OF_KIND, Pair
from maverick_assets.datasets.mail.table import clean_row
from maverick_assets.datasets.owner import Owner
from maverick_assets.errors import BadInput
from maverick_assets.recipes import Recipe
from maverick_assets.serving.asked import (
    Ask,
    ContextRefused,
    NamesStay,
    asked,
    known_context,
    trial,
)
from maverick_assets_tests.datasets.turn_builders import builder_for
from maverick_assets_tests.registry.conftest import recipe_of

OWNER = Owner(("allan@testpilot.example",), ("allan",))
TIME = datetime(2025, 5, 5, 9, tzinfo=UTC)
KINDS = ("reply", "dialogue", "decision", "insight")


def recipe(*kinds: str) -> Recipe:
    sources = [{"table": "crm_emails", "examples": kind} for kind in kinds or KINDS]
    changes = {"sources": sources, "moods": {"joy": "glad", "fear": "steady"}}
    return Recipe.model_validate(recipe_of("twin") | changes)


def prompt(message: str = "", context: dict[str, Any] | None = None, **more: Any) -> list[Message]:
    return asked(recipe(), Ask(message, context, **more), NamesStay())


def only_pair(kind: str, table: str, **columns: Any) -> Pair:
    """The pair that a row of a table becomes."""
    shape = TABLES[table]
    row = dict.fromkeys(shape.columns) | {"id": "1", "created_at": TIME} | columns
    (pair,) = PAIRS_OF_KIND[kind]([builder_for(OWNER).row_turn(shape, row)])
    return pair


def mail(number: int, sender: str, subject: str, body: str) -> dict[str, Any]:
    answered = f"<{number - 1}@x.example>" if number else None
    return {
        "id": str(number),
        "sender_email": sender,
        "recipients": "dana@acme.example,allan@testpilot.example",
        "subject": subject,
        "body": body,
        "sent_at": TIME.replace(hour=9 + number),
        "thread_id": None,
        "message_id": f"<{number}@x.example>",
        "in_reply_to": answered,
    }


def question_of(pair: Pair) -> list[Message]:
    return pair.messages(pair.history)[:-1]


def test_a_deals_facts_are_asked_as_an_example_of_a_decision() -> None:
    deal = {"deal_name": "Acme: pilot", "stage": "negotiation", "amount": 50000.0}
    notes = "They want 30% off.\nGive it?\n\nNo."
    pair = only_pair(
        "decision", "crm_deals", **deal, notes=notes, owner_email="allan@testpilot.example"
    )
    context = {"deal_name": "Acme: pilot", "deal_amount": 50000, "deal_stage": "negotiation"}
    both = context | {"deal_notes": "They want 30% off."}
    assert prompt("Give it?", both)[1:] == question_of(pair)
    assert prompt("They want 30% off.\nGive it?", context)[1:] == question_of(pair)


def test_the_missions_context_becomes_a_deal() -> None:
    system, question = prompt("Discount?", {"deal_amount": 50000, "deal_stage": "negotiation"})
    assert system == {"role": "system", "content": "You are here."}
    assert question["content"] == (
        "Deal: \nStage: negotiation\nAmount: $50,000\nDiscount?\n\nWhat is your call?"
    )


def test_a_stage_that_says_how_a_deal_ended_is_not_asked_as_none_was_learnt() -> None:
    *_, question = prompt("", {"deal_stage": "Closed Won", "deal_name": "Acme (won)"})
    assert question["content"] == "Deal: Acme\n\nWhat is your call?"


def test_a_mail_to_be_answered_is_asked_as_an_example_of_a_reply() -> None:
    body = "Hi Allan,\n\ncan you do 20%?\n\nDana"
    quoting = f"{body}\n\nOn 3 May 2025, Allan <allan@testpilot.example> wrote:\n> Here it is."
    mails = [
        mail(0, "dana@acme.example", "Offer", quoting),
        mail(1, "allan@testpilot.example", "Re: Offer", "No.\n\nAllan"),
    ]
    turns = builder_for(OWNER).mail_turns([clean_row("crm_emails", row) for row in mails])
    (pair,) = [pair for pair in PAIRS_OF_KIND["reply"](turns) if pair.kind == "reply"]
    learnt = question_of(pair)
    hidden = turns[0].text.splitlines()[-1]  # the surrogate of "Dana"
    learnt[-1]["content"] = learnt[-1]["content"].replace(hidden, "Dana")
    sender = {"from": "dana@acme.example", "subject": "Offer"}
    assert prompt("", {"mail": sender | {"body": quoting}})[1:] == learnt
    assert prompt(body, {"mail": sender})[1:] == learnt  # the message is the mail


def test_a_message_beside_a_mail_follows_it() -> None:
    *_, question = prompt("And by Friday.", {"mail": {"subject": "Re: Offer", "body": "20%?"}})
    assert question["content"] == "Subject: Re: Offer\n\n20%?\n\nAnd by Friday."


def test_a_mail_to_be_written_is_asked_as_an_example_of_one() -> None:
    opened = mail(0, "allan@testpilot.example", "Samples", "Dear Dana,\n\nhere they are.")
    opened |= {"recipients": "dana.cole@acme.example"}
    facts = {"crm_emails:0": "Relation: regular contact\nDeal: pilot"}
    turns = builder_for(OWNER).mail_turns([clean_row("crm_emails", opened)], facts)
    (pair,) = PAIRS_OF_KIND["reply"](turns)
    learnt = question_of(pair)
    assert turns[0].recipient is not None
    learnt[-1]["content"] = learnt[-1]["content"].replace(turns[0].recipient, "Dana Cole")
    new = {"to": "dana.cole@acme.example", "relation": "regular contact", "deal_stage": "pilot"}
    assert prompt("Samples", {"new_mail": new})[1:] == learnt
    assert prompt("", {"new_mail": new | {"subject": "Samples"}})[1:] == learnt


@pytest.mark.parametrize("kind", ["note", "insight"])
def test_a_title_is_asked_as_the_kind_of_note_that_was_learnt(kind: str) -> None:
    pair = only_pair(
        kind, "sticky_notes", title="Pricing", content="Ask twice.", user_id="allan", tags=[]
    )
    ask = Ask(context={"note_title": "Pricing"})
    assert asked(recipe("reply", kind), ask, NamesStay())[1:] == question_of(pair)


def test_a_chat_so_far_is_laid_out_as_a_dialogue() -> None:
    said = [
        Message(role=role, content=text)
        for role, text in (
            ("assistant", "Good morning."),
            ("user", "Hello."),
            ("user", "  Free?"),
            ("assistant", "Yes."),
            ("user", " "),
        )
    ]
    assert [(m["role"], m["content"]) for m in prompt("At 9?", earlier=said)[1:]] == [
        ("user", "Hello.\n  Free?"),
        ("assistant", "Yes."),
        ("user", "At 9?"),
    ]


MAIL = {"mail": {"from": "dana@acme.example", "subject": "Offer", "body": "Can you do 20%?"}}
DEAL = {"deal_amount": 50000, "deal_stage": "negotiation"}


@pytest.mark.parametrize(("message", "context"), [("", MAIL), ("And by May?", MAIL), ("", DEAL)])
def test_a_message_with_a_context_stays_what_it_was_when_the_chat_goes_on(
    message: str, context: dict[str, Any]
) -> None:
    [_, first] = prompt(message, context)
    before = {"role": "user", "content": message, "context": context}
    earlier = [before, Message(role="assistant", content="Ten.")]
    assert [said["content"] for said in prompt("Deal.", earlier=earlier)[1:]] == [
        first["content"],
        "Ten.",
        "Deal.",
    ]


def test_a_context_in_the_middle_of_a_chat_is_the_users() -> None:
    [_, alone] = prompt("", DEAL)
    earlier = [Message(role=r, content=c) for r, c in (("user", "Hi"), ("assistant", "Hello"))]
    assert prompt("", DEAL, earlier=earlier)[1:] == [*earlier, alone]


def test_a_context_of_sources_that_are_gone_leaves_the_message() -> None:
    before = {"role": "user", "content": "Well?", "context": DEAL}
    earlier = [before, Message(role="assistant", content="No.")]
    said = asked(recipe("dialogue"), Ask("Why?", earlier=earlier), NamesStay())
    assert [each["content"] for each in said[1:]] == ["Well?", "No.", "Why?"]


def test_mood_and_mode_stand_in_the_system_prompt() -> None:
    assert prompt("Hi", mood="joy")[0]["content"] == "You are here. Mood: joy."
    assert trial(recipe(), "Hi") == Ask("Hi", mood="joy")
    with pytest.raises(BadInput, match="no mood 'glee'"):
        prompt("Hi", mood="glee")


def test_a_context_that_was_not_learnt_is_refused_with_what_was() -> None:
    mentor = Recipe.model_validate(
        recipe_of("mentor")
        | {
            "sources": [
                {
                    "table": "personality_samples",
                    "examples": "sample",
                    "filter": {"personality": "mentor"},
                }
            ]
        }
    )
    with pytest.raises(ContextRefused, match="not trained on 'note_title'; it knows: none"):
        asked(mentor, Ask("Hi", {"note_title": "Pricing"}), NamesStay())
    with pytest.raises(ContextRefused, match="'deal_size'; it knows: deal_name, deal_stage"):
        prompt("Hi", {"deal_size": 5})
    assert known_context(recipe("note")) == ["note_title"]


@pytest.mark.parametrize(
    ("context", "problem"),
    [
        ({"deal_stage": "open", "note_title": "x"}, "deal_stage and note_title are of two"),
        ({"deal_amount": "much"}, "deal_amount: "),
        ({"deal_amount": float("nan")}, "deal_amount: "),
        ({"deal_amount": 1e300}, "deal_amount: "),
        ({"deal_amount": True}, "deal_amount: "),
        ({"deal_age_days": -1}, "deal_age_days: "),
        ({"deal_stage": {"a": 1}}, "deal_stage: "),
        ({"mail": "Hello"}, "mail: "),
        ({"mail": {"subject": "a", "cc": "b"}}, "mail.cc: "),
        ({"mail": {"body": "x" * 100_001}}, "mail.body: "),
        ({"new_mail": {"relation": "foe"}}, "new_mail.relation: "),
        ({"note_title": ""}, "note_title: "),
    ],
)
def test_a_context_that_cannot_be_read_is_named_and_not_quoted(
    context: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ContextRefused) as refused:
        prompt("Hi", context)
    assert str(refused.value).startswith("context: ")
    assert problem in str(refused.value)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize("context", [None, {}, {"mail": {"subject": "a"}}])
def test_nothing_asked_is_refused(context: dict[str, Any] | None) -> None:
    with pytest.raises(BadInput, match="is empty"):
        prompt(" \n ", context)
