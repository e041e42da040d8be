"""Old decisions are asked again without what was decided, and how often he repeats them counts."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maverick_assets.errors import BadInput
from maverick_assets.evaluation.people.asked_again import (
    OLD,
    OldDecisions,
    RepeatedDecision,
    RepeatedDecisionFile,
    ceilings,
    repeat_rates,
)
from maverick_assets.evaluation.people.line_file import OWNER
from maverick_assets.figures.decisions import Stance
from maverick_assets_tests.decisions.own_cases import deal, write_cases
from maverick_assets_tests.evaluation.people.old_decisions import DECISIONS


@pytest.fixture
def old(tmp_path: Path) -> OldDecisions:
    write_cases(tmp_path, DECISIONS)
    return OldDecisions(tmp_path, "persona", datetime.now(UTC))


def said(
    number: int, option: Stance, before: Stance = "accept", judge: str = OWNER
) -> RepeatedDecision:
    return RepeatedDecision(
        at=datetime.now(UTC),
        judge=judge,
        personality="persona",
        example_id=f"example-{number}",
        seed=0,
        kind="deals",
        dataset_version=0,
        before=before,
        option=option,
    )


def test_deals_and_answers_are_asked_and_nothing_of_the_last_month(old: OldDecisions) -> None:
    drawn = old.draw(20, 1)
    assert len(old) == len(drawn) == 8
    assert Counter(each.kind for each in drawn) == {"deals": 5, "mails": 3}
    texts = {each.text for each in drawn}
    assert "Can you do 20% off?" in texts
    assert "Can you do 30% off?" not in texts  # five days old
    assert "Could you send the papers?" not in texts  # its answer says nothing clear


def test_no_question_shows_what_was_decided(old: OldDecisions) -> None:
    for each in old.draw(20, 1):
        assert "Outcome" not in each.text
        assert "10 at most" not in each.text
        assert not hasattr(each, "before")


def test_a_seed_gives_the_same_questions_and_orders_differ(old: OldDecisions) -> None:
    assert old.draw(20, 7) == old.draw(20, 7)
    ids = {tuple(each.example_id for each in old.draw(20, seed)) for seed in range(8)}
    assert len(ids) > 4
    [deal_asked] = [each for each in old.draw(20, 7) if "25% off" in each.text]
    orders = {old.question(deal_asked.example_id, seed).options for seed in range(20)}
    assert orders == {("accept", "decline"), ("decline", "accept")}
    assert old.question(deal_asked.example_id, deal_asked.seed) == deal_asked


def test_few_questions_are_of_both_kinds_and_new_ones_first(old: OldDecisions) -> None:
    assert Counter(each.kind for each in old.draw(4, 3)) == {"deals": 2, "mails": 2}
    answered = {each.example_id for each in old.draw(20, 1) if each.kind == "mails"}
    for seed in range(5):
        assert answered.isdisjoint(each.example_id for each in old.draw(1, seed, answered))
    assert len(old.draw(20, 1, answered)) == 8  # all the same, where others are too few


def test_a_decision_is_kept_with_both_options_and_no_text(
    old: OldDecisions, tmp_path: Path
) -> None:
    [asked] = [each for each in old.draw(20, 1) if each.text == "Can you do 20% off?"]
    kept = RepeatedDecisionFile(tmp_path / "judgements")
    kept.add(old.decided(asked.example_id, asked.seed, "accept"))
    [line] = kept.read("persona")
    assert (line.before, line.option, line.kind, line.judge) == (
        "decline",
        "accept",
        "mails",
        OWNER,
    )
    written = (tmp_path / "judgements" / "repeated_decisions.jsonl").read_text()
    assert "20%" not in written and "10 at most" not in written


@pytest.mark.parametrize(
    ("example_id", "option"),
    [
        ("0" * 32, "accept"),  # no such example
        (f"{30:032x}", "accept"),  # too young
        (f"{22:032x}", "accept"),  # no decision
        (f"{1:032x}", "counter"),  # of mails alone
        (f"{1:032x}", "won"),
        ("../keys", "accept"),
    ],
)
def test_what_was_not_asked_is_refused(old: OldDecisions, example_id: str, option: str) -> None:
    with pytest.raises(BadInput):
        old.decided(example_id, 1, option)


def test_a_personality_without_a_dataset_has_no_decision(tmp_path: Path) -> None:
    assert len(OldDecisions(tmp_path, "nobody", datetime.now(UTC))) == 0


def test_a_decision_becomes_old_on_a_day(tmp_path: Path) -> None:
    case = deal(1, "They ask for 30% off.", "Outcome: lost.\n\nNo.")
    write_cases(tmp_path, [case])
    moment = case.occurred_at + OLD
    assert len(OldDecisions(tmp_path, "persona", moment - timedelta(seconds=1))) == 0
    assert len(OldDecisions(tmp_path, "persona", moment)) == 1


def test_the_repeat_rate_is_that_of_the_last_answers_with_wilsons_interval() -> None:
    lines = [said(number, "accept" if number < 8 else "decline") for number in range(10)]
    lines = [said(9, "accept"), *lines]  # he thought better of it
    rate = repeat_rates(lines)["deals"]
    assert (rate.value, rate.n) == (0.8, 10)
    # Wilson (1927): (0.8 + z^2/20 -+ z sqrt(0.016 + z^2/400)) / (1 + z^2/10) with z = 1.96
    assert rate.low == pytest.approx(0.4902, abs=1e-4)
    assert rate.high == pytest.approx(0.9433, abs=1e-4)


def test_nobody_but_the_owner_has_a_repeat_rate() -> None:
    assert repeat_rates([said(1, "accept", judge="4c1f")]) == {}


def test_few_decisions_are_no_ceiling() -> None:
    lines = [said(number, "accept") for number in range(10)]
    assert ceilings(lines[:9]) == {}
    assert ceilings(lines)["deals"].value == 1


def test_what_is_forgotten_is_in_no_rate(tmp_path: Path) -> None:
    kept = RepeatedDecisionFile(tmp_path)
    for number in range(3):
        kept.add(said(number, "accept"))
    assert kept.forget({"example-1", "of-another"}) == 1
    assert [each.example_id for each in kept.read()] == ["example-0", "example-2"]
    assert "example-1" not in (tmp_path / "repeated_decisions.jsonl").read_text()
    assert (tmp_path / "repeated_decisions.jsonl").stat().st_mode & 0o077 == 0
    assert kept.forget({"example-1"}) == 0
    assert RepeatedDecisionFile(tmp_path / "none").forget({"example-1"}) == 0
