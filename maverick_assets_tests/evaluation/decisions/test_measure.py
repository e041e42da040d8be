"""Figures of decisions whose answers are known: models that follow, ignore or contradict rules."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.crm.sample.deals import share_as_decided
from maverick_assets.datasets.examples.example import Example
from maverick_assets.evaluation.decisions.measure import FEWEST, Deciders, measure_decisions
from maverick_assets.evaluation.evidence import Evidence
from maverick_assets.figures.decisions import DecisionFigures, DecisionScores
from maverick_assets.figures.figure import Interval
from maverick_assets_tests.evaluation.decisions.deals import (
    Score,
    deal_examples,
    evidence_of,
    example,
    rule_model,
)

EXAMPLES = deal_examples()


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    return evidence_of(EXAMPLES, tmp_path)


def declined(example: Example) -> bool:
    return example.messages[-1]["content"].startswith("Outcome: lost.")


def is_purple(example: Example) -> bool:
    return "purple" in example.messages[-2]["content"]


def omniscient(tokenizer: ChatTokenizer, evidence: Evidence) -> Score:
    return rule_model(tokenizer, evidence.examples, declined, 9.0)


def measured(
    evidence: Evidence, tokenizer: ChatTokenizer, candidate: Score, **others: Score
) -> DecisionFigures:
    figures = measure_decisions(evidence, Deciders({"candidate": candidate, **others}, tokenizer))  # type: ignore[dict-item]
    assert figures is not None
    return figures


def deals_of(figures: DecisionFigures) -> DecisionScores:
    assert figures.deals is not None
    return figures.deals


def test_a_twin_that_decides_as_the_owner_is_always_right(
    evidence: Evidence, tokenizer: ChatTokenizer
) -> None:
    figures = measured(evidence, tokenizer, omniscient(tokenizer, evidence))
    deals = deals_of(figures)
    assert (deals.twin.accuracy.value, deals.order_flips) == (1.0, 0)
    assert deals.twin.log_loss < 0.01 and deals.twin.brier < 0.01
    assert deals.expected_calibration_error < 0.01
    assert deals.twin_entropy == pytest.approx(deals.owner_entropy)
    assert deals.of_ceiling == pytest.approx(1 / share_as_decided())
    assert figures.habit is not None
    assert figures.habit.followed.value == figures.habit.by_owner


def test_a_model_that_knows_nothing_gets_what_the_owners_rate_says(
    evidence: Evidence, tokenizer: ChatTokenizer
) -> None:
    nothing = rule_model(tokenizer, [], declined, 0.0)
    deals = deals_of(measured(evidence, tokenizer, nothing, base=nothing, other=nothing))
    rate, regression = deals.named("owner's rate"), deals.named("logistic regression")
    assert rate is not None and regression is not None
    # No more than weights that were fitted on half of the cases can lose or win.
    assert deals.twin.log_loss == pytest.approx(rate.log_loss, abs=0.05)
    assert deals.twin.accuracy.low <= rate.accuracy.value <= deals.twin.accuracy.high
    for name in ("base", "other"):
        assert deals.twin.model_copy(update={"name": name}) == deals.named(name)
    assert rate.accuracy.value >= regression.accuracy.value - 0.03
    assert {each.name for each in deals.beside} == {
        "majority",
        "rate of the stage",
        "logistic regression",
        "nearest decisions",
        "owner's rate",
        "twin without rates",
        "base without rates",
        "other without rates",
        "base",
        "other",
    }


def test_a_twin_that_contradicts_the_owner_is_not_saved_by_its_temperature(
    evidence: Evidence, tokenizer: ChatTokenizer
) -> None:
    opposite = rule_model(tokenizer, evidence.examples, lambda each: not declined(each), 9.0)
    figures = measured(evidence, tokenizer, opposite)
    rate = deals_of(figures).named("owner's rate")
    assert rate is not None
    assert figures.temperature == pytest.approx(200)
    assert deals_of(figures).twin.accuracy.value <= rate.accuracy.value + 0.05


def test_a_twin_is_compared_with_his_majority_and_with_the_version_in_service(
    evidence: Evidence, tokenizer: ChatTokenizer
) -> None:
    knows = omniscient(tokenizer, evidence)
    nothing = rule_model(tokenizer, [], declined, 0.0)
    better = deals_of(measured(evidence, tokenizer, knows, in_service=nothing))
    worse = deals_of(measured(evidence, tokenizer, nothing, in_service=knows))
    for deals, sign in ((better, -1), (worse, 1)):
        against = deals.against_in_service
        assert against is not None and against.low * sign > 0 and against.high * sign > 0
        in_service = deals.named("in_service")
        assert in_service is not None
        assert against.value == pytest.approx(deals.twin.log_loss - in_service.log_loss)
    assert better.against_majority is not None and better.against_majority.high < 0
    assert deals_of(measured(evidence, tokenizer, knows)).against_in_service is None


def test_a_habit_is_followed_by_who_learnt_it_alone(
    evidence: Evidence, tokenizer: ChatTokenizer
) -> None:
    habitual = rule_model(
        tokenizer, evidence.examples, lambda each: is_purple(each) or declined(each), 9.0
    )
    sober = rule_model(
        tokenizer, evidence.examples, lambda each: declined(each) and not is_purple(each), 9.0
    )
    follows = measured(evidence, tokenizer, habitual).habit
    ignores = measured(evidence, tokenizer, sober).habit
    assert follows is not None and ignores is not None
    assert follows.followed.value == 1
    # The owner's rate knows the habit, too: a model that denies it is not all that is weighed.
    assert ignores.followed.value < ignores.by_rules < ignores.by_owner
    assert follows.by_owner > 0.8
    assert 0.4 < follows.by_rules < 0.6


def test_a_regression_on_words_learns_the_rules_of_the_sample(
    evidence: Evidence, tokenizer: ChatTokenizer
) -> None:
    deals = deals_of(measured(evidence, tokenizer, omniscient(tokenizer, evidence)))
    regression, majority = deals.named("logistic regression"), deals.named("majority")
    assert regression is not None and majority is not None
    assert regression.accuracy.value > 0.65
    assert 0.4 < majority.accuracy.value < 0.65
    assert majority.log_loss == pytest.approx(math.log(2), abs=0.02)


def test_a_real_owners_ceiling_is_unset_until_he_was_asked_again(
    tmp_path: Path, tokenizer: ChatTokenizer
) -> None:
    evidence = evidence_of(EXAMPLES, tmp_path, ("somebody@else.example",))
    models = Deciders({"candidate": omniscient(tokenizer, evidence)}, tokenizer)
    unasked = measure_decisions(evidence, models)
    rate = Interval(value=0.8, low=0.58, high=0.92, n=20)
    spec = evidence.spec.model_copy(update={"ceilings": {"deals": rate}})
    asked = measure_decisions(replace(evidence, spec=spec), models)
    assert unasked is not None and asked is not None
    assert deals_of(unasked).ceiling is deals_of(unasked).of_ceiling is None
    assert unasked.habit is None
    assert deals_of(asked).ceiling == 0.8
    assert deals_of(asked).repeat_rate == rate
    assert deals_of(asked).of_ceiling == pytest.approx(1 / 0.8)


def test_the_ceiling_of_the_samples_owner_is_that_of_his_rules(
    evidence: Evidence, tokenizer: ChatTokenizer
) -> None:
    rate = Interval(value=0.5, low=0.3, high=0.7, n=20)
    spec = evidence.spec.model_copy(update={"ceilings": {"deals": rate}})
    figures = measured(replace(evidence, spec=spec), tokenizer, omniscient(tokenizer, evidence))
    assert deals_of(figures).ceiling == share_as_decided()
    assert deals_of(figures).repeat_rate is None


def test_the_cases_of_an_evaluation_are_always_the_same_ones(
    evidence: Evidence, tokenizer: ChatTokenizer
) -> None:
    models = Deciders({"candidate": omniscient(tokenizer, evidence)}, tokenizer)
    reordered = replace(evidence, examples=evidence.examples[::-1], train=evidence.train[::-1])
    few, again = (measure_decisions(each, models, most=40) for each in (evidence, reordered))
    assert few == again
    assert few is not None and deals_of(few).twin.accuracy.n == 40


def test_too_few_decisions_give_no_figures(tmp_path: Path, tokenizer: ChatTokenizer) -> None:
    held_out = [each for each in EXAMPLES if each.split != "train"][: FEWEST // 2]
    train = [each for each in EXAMPLES if each.split == "train"]
    models = Deciders({"candidate": rule_model(tokenizer, [], declined, 0.0)}, tokenizer)
    assert measure_decisions(evidence_of([*held_out, *train], tmp_path), models) is None
    assert measure_decisions(evidence_of([], tmp_path), models) is None


def test_decisions_in_mail_have_four_options_and_unclear_answers_are_counted(
    tmp_path: Path, tokenizer: ChatTokenizer
) -> None:
    answers = [
        "Yes, gladly.",
        "Yes, if they pay first.",
        "No, sorry.",
        "Not yet.",
        "The sea is calm.",
    ]
    examples = [
        example(
            number,
            f"Could you do {number}% off?",
            answers[number % 5],
            "train" if number % 2 else "validation",
            "reply",
        )
        for number in range(100)
    ]
    nothing = rule_model(tokenizer, [], declined, 0.0)
    figures = measured(evidence_of(examples, tmp_path), tokenizer, nothing)
    assert figures.deals is None and figures.mails is not None
    assert figures.mails.options == ("accept", "counter", "decline", "defer")
    assert figures.mail_stances == {"": 10, "accept": 10, "counter": 10, "decline": 10, "defer": 10}
    assert figures.mails.twin.accuracy.n == 40
    assert figures.mails.twin.log_loss == pytest.approx(math.log(4))
    assert figures.mails.owner_entropy == pytest.approx(math.log(4))
