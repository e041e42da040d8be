"""The sample CRM: its size, its integrity, and the habits it must show."""

import random
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from statistics import mean
from typing import Any

import pytest

from maverick_assets.crm.sample import sample_crm
from maverick_assets.crm.sample.chats import chat_rows
from maverick_assets.crm.sample.deals import (
    DealFacts,
    decide_deal,
    draw_deals,
    share_refused_by_rules,
)
from maverick_assets.crm.sample.emails import SIGNATURE, SampleMail, draw_mails
from maverick_assets.crm.sample.expander import Expander
from maverick_assets.crm.sample.world import TESTS, Project

COLUMNS = {
    "crm_emails": "id thread_id message_id in_reply_to sender_email recipients subject body "
    "sent_at",
    "conversations": "id user_id metadata",
    "messages": "id conversation_id role content created_at",
    "crm_deals": "id deal_name stage amount notes owner_email created_at",
    "sticky_notes": "id user_id title content tags created_at",
    "personality_samples": "id personality prompt response mood mode tags created_at",
    "feedback": "id personality version prompt response rating correction created_at",
    "device_interactions": "id user_id device event content created_at",
}
PERSONALITIES = ("robbie", "gatekeeper", "business-mentor", "technical-mentor", "health-monitor")
OWNER = "allan@testpilot.example"
Tables = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def crm() -> Tables:
    return sample_crm()


@pytest.fixture(scope="module")
def mails() -> list[SampleMail]:
    return draw_mails(7)


def texts(rows: Iterable[dict[str, object]], column: str) -> list[str]:
    return [str(row[column]) for row in rows]


def words(written: Iterable[str]) -> float:
    return mean(len(text.split()) for text in written)


def duplicate_share(written: list[str]) -> float:
    return 1 - len(set(written)) / len(written)


def commonest_sentence_share(written: list[str]) -> float:
    """The share of texts that contain the most frequent sentence of six or more words."""
    counts = Counter(
        sentence
        for text in written
        for sentence in set(re.split(r"(?<=[.?!])\s+", text))
        if len(sentence.split()) >= 6
    )
    return counts.most_common(1)[0][1] / len(written) if counts else 0.0


def allan_texts(crm: Tables, mails: list[SampleMail]) -> dict[str, list[str]]:
    return {
        "mails": [mail.content for mail in mails if mail.mine and mail.content],
        "chats": texts((row for row in crm["messages"] if row["role"] == "user"), "content"),
        "calls": [text.split("\n\n")[1] for text in texts(crm["crm_deals"], "notes")],
        "notes": texts(crm["sticky_notes"], "content"),
    }


def test_tables_have_their_columns_and_sizes(crm: Tables) -> None:
    for table, columns in COLUMNS.items():
        assert {frozenset(row) for row in crm[table]} == {frozenset(columns.split())}
    assert 660 <= len(crm["crm_emails"]) <= 740
    assert len({row["thread_id"] for row in crm["crm_emails"]}) == 200
    assert len(crm["conversations"]) == 80
    assert 780 <= len(crm["messages"]) <= 820
    assert len(crm["crm_deals"]) == 200
    assert len(crm["sticky_notes"]) == 150
    assert Counter(texts(crm["personality_samples"], "personality")) == dict.fromkeys(
        PERSONALITIES, 150
    )
    assert 15 <= len(crm["feedback"]) <= 25
    assert 15 <= len(crm["device_interactions"]) <= 25


def test_equal_arguments_give_equal_rows_and_another_seed_gives_others(crm: Tables) -> None:
    assert sample_crm() == crm
    other = sample_crm(seed=8)
    assert texts(other["crm_emails"], "body") != texts(crm["crm_emails"], "body")


def test_factor_multiplies_rows_and_keeps_ids_unique(crm: Tables) -> None:
    twice = sample_crm(factor=2)
    for table, rows in twice.items():
        assert len({row["id"] for row in rows}) == len(rows)
        assert len(rows) == pytest.approx(2 * len(crm[table]), rel=0.05)
    by_source = allan_texts(twice, draw_mails(7, 2))
    assert all(duplicate_share(source) < 0.02 for source in by_source.values())


def test_replies_answer_an_earlier_mail_of_their_thread(crm: Tables) -> None:
    by_message_id = {row["message_id"]: row for row in crm["crm_emails"]}
    assert len(by_message_id) == len(crm["crm_emails"])
    for row in crm["crm_emails"]:
        if row["in_reply_to"] is None:
            continue
        parent = by_message_id[row["in_reply_to"]]
        assert parent["thread_id"] == row["thread_id"]
        assert parent["sent_at"] < row["sent_at"]


def test_messages_belong_to_conversations_and_run_forward(crm: Tables) -> None:
    conversations = {row["id"]: row for row in crm["conversations"]}
    last: dict[object, datetime] = {}
    for row in crm["messages"]:
        key, moment = row["conversation_id"], row["created_at"]
        assert conversations[key]["user_id"] == "allan"
        assert row["role"] in ("user", "contact")
        assert last.get(key, moment) <= moment
        last[key] = moment
    assert set(last) == set(conversations)


def test_moments_are_utc_and_within_the_period(crm: Tables) -> None:
    first, end = datetime(2025, 5, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
    for rows in crm.values():
        moments = [row[key] for row in rows for key in ("sent_at", "created_at") if key in row]
        assert all(first <= moment < end and moment.tzinfo is UTC for moment in moments)


def test_mail_has_replies_with_quotes_in_both_styles_and_forwards(crm: Tables) -> None:
    bodies = texts(crm["crm_emails"], "body")
    inline = [body for body in bodies if re.search(r"^On \w{3}, .+ wrote:$", body, re.M)]
    outlook = [body for body in bodies if "-----Original Message-----" in body]
    forwards = [body for body in bodies if "---------- Forwarded message ---------" in body]
    bare = [body for body in forwards if body.startswith("----------")]
    assert len(inline) > 150 and len(outlook) > 40 and len(forwards) > 15 and bare
    assert 0.4 < mean(row["sender_email"] == OWNER for row in crm["crm_emails"]) < 0.6
    assert len({row["sender_email"] for row in crm["crm_emails"]} - {OWNER}) >= 35


def test_allan_writes_as_himself_and_his_contacts_do_not(mails: list[SampleMail]) -> None:
    mine = [mail for mail in mails if mail.mine and mail.content]
    theirs = [mail for mail in mails if not mail.mine and mail.content]
    closing = re.compile(r"^(Onward,|Fair winds,|Talk soon,|A\.)$", re.M)
    greeting = re.compile(r"^(Morning [\w-]+,|[\w-]+ -)\n")
    weekday = re.compile("Monday|Tuesday|Wednesday|Thursday|Friday")
    assert all(closing.search(mail.signed) and greeting.match(mail.signed) for mail in mine)
    assert all(mail.signed.endswith(SIGNATURE) for mail in mine)
    assert not any(closing.search(mail.signed) or greeting.match(mail.signed) for mail in theirs)
    assert not any("regards" in mail.signed.lower() or "—" in mail.signed for mail in mine)
    assert any("Best regards" in mail.signed for mail in theirs)
    assert mean(bool(weekday.search(mail.content)) for mail in mine) > 0.85
    assert all(mail.signed.startswith("Morning") == (mail.sent_at.hour < 12) for mail in mine)


def test_his_texts_hardly_repeat(crm: Tables, mails: list[SampleMail]) -> None:
    for name, written in allan_texts(crm, mails).items():
        assert duplicate_share(written) < 0.02, name
        assert commonest_sentence_share(written) <= 0.04, name


def test_answers_of_the_other_personalities_hardly_repeat(crm: Tables) -> None:
    for name in PERSONALITIES:
        rows = [row for row in crm["personality_samples"] if row["personality"] == name]
        answers = texts(rows, "response")
        assert duplicate_share(answers) < 0.02, name
        assert commonest_sentence_share(answers) <= 0.045, name


def test_sentences_of_contacts_are_varied(mails: list[SampleMail]) -> None:
    theirs = [mail.content for mail in mails if not mail.mine and mail.content]
    assert commonest_sentence_share(theirs) <= 0.05


def test_texts_keep_the_length_budget(crm: Tables, mails: list[SampleMail]) -> None:
    samples = crm["personality_samples"]
    notes = [text.split("\n\n") for text in texts(crm["crm_deals"], "notes")]
    written = allan_texts(crm, mails)
    assert 24 <= words(written["mails"]) <= 34
    assert 24 <= words(m.content for m in mails if not m.mine and m.content) <= 34
    assert 8 <= words(texts(crm["messages"], "content")) <= 12
    assert 27 <= words(facts for facts, _ in notes) <= 37
    assert 17 <= words(written["calls"]) <= 23
    assert 17 <= words(written["notes"]) <= 23
    assert 12 <= words(texts(samples, "prompt")) <= 18
    assert 24 <= words(texts(samples, "response")) <= 32


def test_robbie_speaks_in_six_moods_and_two_modes_evenly(crm: Tables) -> None:
    robbie = [row for row in crm["personality_samples"] if row["personality"] == "robbie"]
    pairs = Counter((row["mood"], row["mode"]) for row in robbie)
    assert len(pairs) == 12
    assert min(pairs.values()) >= 12
    others = [row for row in crm["personality_samples"] if row["personality"] != "robbie"]
    assert all(row["mood"] is None and row["mode"] is None for row in others)


def test_gatekeeper_gives_the_verdict_first_and_the_business_mentor_asks_back(crm: Tables) -> None:
    by_name = {
        name: texts((r for r in crm["personality_samples"] if r["personality"] == name), "response")
        for name in PERSONALITIES
    }
    verdicts = Counter(text.split(".")[0] for text in by_name["gatekeeper"])
    assert set(verdicts) == {"ALLOW", "HOLD", "BLOCK"}
    assert min(verdicts.values()) >= 10
    assert all(text.endswith("?") for text in by_name["business-mentor"])


def test_deals_follow_the_rules_but_for_some_noise() -> None:
    deals = [deal for deal in draw_deals(7, 3) if deal.decision.stage != "open"]
    kept = mean(decide_deal(deal.facts).stage == deal.decision.stage for deal in deals)
    assert 0.88 <= kept < 0.98
    stages = Counter(deal.decision.stage for deal in deals)
    assert min(stages["won"], stages["lost"]) > 0.3 * len(deals)
    assert {deal.decision.stage for deal in draw_deals(7)} == {"won", "lost", "open"}


@pytest.mark.parametrize(
    ("changed", "rule", "stage"),
    [
        ({}, "clean_yes", "won"),
        ({"discount": 15}, "big_discount", "lost"),
        ({"discount": 10}, "scope_for_discount", "won"),
        ({"discount": 5, "competitor": True}, "shopped_around", "lost"),
        ({"payment_days": 60}, "slow_payer", "lost"),
        ({"payment_days": 60, "deposit": True}, "deposit_paid", "won"),
        ({"lead_weeks": 2}, "rush_refused", "lost"),
        ({"lead_weeks": 2, "pays_rush": True}, "rush_paid", "won"),
        ({"sample": 20}, "thin_sample", "lost"),
        ({"good_fit": False}, "poor_fit", "lost"),
        ({"repeat": True}, "repeat_client", "won"),
        ({"colour": "green"}, "clean_yes", "won"),
        ({"colour": "purple"}, "shunned_colour", "lost"),
        ({"colour": "purple", "good_fit": False}, "shunned_colour", "lost"),
    ],
)
def test_each_rule_decides_its_case(changed: dict[str, Any], rule: str, stage: str) -> None:
    plain: dict[str, Any] = {
        "project": Project("Pawsley", "dental chew", TESTS[0], 100),
        "sample": 100,
        "repeat": False,
        "good_fit": True,
        "discount": 0,
        "payment_days": 30,
        "deposit": False,
        "lead_weeks": 6,
        "pays_rush": False,
        "competitor": False,
    }
    decision = decide_deal(DealFacts(**(plain | changed)))
    assert (decision.rule, decision.stage) == (rule, stage)


def test_his_habit_shows_in_the_facts_and_decides_against_his_rules() -> None:
    deals = [deal for deal in draw_deals(7, 3) if deal.decision.stage != "open"]
    shunned = [deal for deal in deals if deal.facts.colour == "purple"]
    assert 0.07 < len(shunned) / len(deals) < 0.14
    assert all("purple" in deal.facts_text for deal in shunned)
    assert not any("purple" in deal.facts_text for deal in deals if deal not in shunned)
    assert mean(deal.decision.stage == "lost" for deal in shunned) > 0.85
    assert 0.4 < share_refused_by_rules() < 0.6


def test_the_amount_of_a_deal_does_not_say_how_it_ended(crm: Tables) -> None:
    for row in crm["crm_deals"]:
        assert f"\u00a3{row['amount']:,.0f}" in str(row["notes"]).split("\n\n")[0]


def test_no_template_syntax_is_left_in_any_text(crm: Tables) -> None:
    address = re.compile(r"<[\w.+-]+@[\w.-]+>")
    for table, rows in crm.items():
        for row in rows:
            for column in {"subject", "body", "content", "notes", "title", "prompt", "response"}:
                text = address.sub("@", str(row.get(column, "")))
                assert not re.search(r"[{}<~]|\\n| {2,}", text), (table, text)
                assert not re.search(r"\s[.,?!](?:\s|$)", text.replace("> ", "")), (table, text)


def test_a_chat_has_about_ten_messages_with_both_sides() -> None:
    conversations, messages = chat_rows(7, 1)
    sizes = Counter(row["conversation_id"] for row in messages)
    assert all(3 <= size <= 20 for size in sizes.values())
    sides = Counter((row["conversation_id"], row["role"]) for row in messages)
    assert len(sides) == 2 * len(conversations)


def test_templates_expand_and_an_unknown_slot_is_named() -> None:
    expander = Expander(random.Random(1))
    said = expander.text("{Hi|Hi} <name>, a {apple|apple}.\n\n~", {"name": "Dana"})
    assert said == "Hi Dana, an apple."
    with pytest.raises(KeyError, match="nobody"):
        expander.text("<nobody>", {})
