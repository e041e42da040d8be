"""The owner's rate: facts where they predict, the nearest decisions where they do not."""

import random
from dataclasses import replace

import pytest

from maverick_assets.datasets.layout import (
    DealFacts,
    Outcome,
    deal_text,
    decision_answer,
    decision_prompt,
)
from maverick_assets.decisions.nearest import rate_of_yes
from maverick_assets.decisions.own_decisions import Case, OwnDecision, decisions_among
from maverick_assets.decisions.own_rate import OwnRate
from maverick_assets_tests.decisions.own_cases import deal, example

ITEMS = ("tea", "soup", "bread", "jam", "rice", "salt")


def decisions(count: int, luck: float = 0.1, seed: int = 1) -> list[OwnDecision]:
    """Deals of an owner who refuses whoever pays late, but for some luck."""
    rng = random.Random(seed)
    examples = []
    for number in range(count):
        late = rng.random() < 0.5
        lost = late != (rng.random() < luck)
        answer = f"Outcome: {'lost' if lost else 'won'}.\n\nThat is that."
        examples.append(deal(number, notes(late, rng), answer, rng.randrange(2_000, 20_000)))
    return decisions_among(examples, None)


def notes(late: bool, rng: random.Random) -> str:
    first, other = rng.sample(ITEMS, 2)
    terms = "They pay late." if late else "They pay promptly."
    return f"A test of {first} and {other}. {terms}"


def asked(text: str, amount: float | None = 5_000, stage: str | None = None) -> Case:
    return Case(deal_text(DealFacts("Acme Foods: pilot", stage, amount, None, text)), True)


LATE = asked("A test of tea and jam. They pay late.")
PROMPT = asked("A test of tea and jam. They pay promptly.")


@pytest.fixture(scope="module")
def rate() -> OwnRate:
    return OwnRate(decisions(300))


def test_facts_that_he_decides_by_are_followed_and_named(rate: OwnRate) -> None:
    late, prompt = (rate.of(case) for case in (LATE, PROMPT))
    assert late is not None and prompt is not None
    assert late.yes < 0.25 and prompt.yes > 0.75
    assert late.facts[0].text == "late" and late.facts[0].effect < -0.5
    assert prompt.facts[0].text == "promptly" and prompt.facts[0].effect > 0.5
    assert {fact.text for fact in late.facts} <= {"late", "tea", "jam", "the amount"}


def test_deals_that_have_nothing_but_names_of_their_own_leave_the_rate_of_all() -> None:
    """A CRM without stages, amounts and notes: no fact is shared, so that none can be fitted."""
    named = []
    for number in range(60):
        prompt = decision_prompt(f"Acme{chr(97 + number // 26)}{chr(97 + number % 26)}")
        outcome: Outcome = "lost" if number % 2 else "won"
        named.append(example(number, "decision", prompt, decision_answer("Fine.", outcome)))
    rated = OwnRate(decisions_among(named, None)).of(Case("Acmezz", True))
    assert rated is not None
    assert (rated.yes, rated.facts) == (pytest.approx(0.5), ())


def test_ten_decisions_teach_nothing_about_facts() -> None:
    few = decisions(10)
    rate = OwnRate(few)
    rated = rate.of(LATE)
    assert rated is not None
    assert (rated.yes, rated.facts) == (rate_of_yes(LATE, few, rate.near(LATE)), ())


@pytest.mark.parametrize("seed", range(3))
def test_of_an_owner_who_tosses_a_coin_no_fact_is_learned(seed: int) -> None:
    coin = decisions(200, luck=0.5, seed=seed)
    rate = OwnRate(coin)
    rated = rate.of(LATE)
    assert rated is not None
    assert (rated.yes, rated.facts) == (rate_of_yes(LATE, coin, rate.near(LATE)), ())


def test_a_case_that_says_next_to_nothing_is_no_case_without_facts(rate: OwnRate) -> None:
    """What it does not say is not denied: the nearest decisions speak."""
    for case in (
        asked("Hello."),
        Case(deal_text(DealFacts("", "negotiation", 5e4, None, "")), True),
    ):
        rated = rate.of(case)
        assert rated is not None and rated.facts == ()
        assert rated.yes == rate_of_yes(case, rate.decisions, rate.near(case))


def test_unknown_facts_change_nothing(rate: OwnRate) -> None:
    text = "A test of tea and jam. They pay late. Zebra, xylophone, 77% and GmbH."
    known, more = (rate.of(case) for case in (LATE, asked(text)))
    assert known is not None and more is not None
    assert more.yes == pytest.approx(known.yes)


@pytest.mark.parametrize("amount", [1e-9, 1e12, 0, -5, None])
def test_an_amount_that_he_never_saw_decides_nothing_alone(
    rate: OwnRate, amount: float | None
) -> None:
    case = replace(LATE, text=asked("A test of tea and jam. They pay late.", amount).text)
    rated = rate.of(case)
    assert rated is not None and rated.yes < 0.35


def test_a_name_that_stands_in_one_decision_is_no_fact() -> None:
    examples = [each.example for each in decisions(300)]
    named = deal(900, "A test of tea and jam for Zachary. They pay late.", "Outcome: won.\n\nYes.")
    rate = OwnRate(decisions_among([*examples, named], None))
    rated = rate.of(asked("A test of tea and jam for Zachary. They pay late."))
    assert rated is not None and rated.yes < 0.25
    assert "zachary" not in {fact.text for fact in rated.facts}


def test_the_order_of_decisions_changes_nothing() -> None:
    some = decisions(120)
    rates = [OwnRate(each) for each in (some, some[::-1])]
    first, other = (rate.of(LATE) for rate in rates)
    assert first == other


def test_answers_to_questions_have_a_rate_of_their_own(rate: OwnRate) -> None:
    """What he says of deals is no evidence on questions."""
    question = Case("Should we wait until they pay late?", False)
    assert rate.of(question) is None
    said = [
        example(1_000 + n, "dialogue", f"Should we take the {item}?", "Yes." if n % 2 else "No.")
        for n, item in enumerate(ITEMS)
    ]
    both = OwnRate([*rate.decisions[:20], *decisions_among(said, None)])
    rated = both.of(question)
    assert rated is not None and 0.2 < rated.yes < 0.8
