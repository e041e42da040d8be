"""Decisions: whole phrases against their priors, whatever the order of the options."""

import math
import random
import threading
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.layout import decision_prompt
from maverick_assets.decisions.own_decisions import (
    OwnDecision,
    OwnDecisions,
    decisions_among,
    neutral_prompt,
)
from maverick_assets.decisions.own_rate import OwnRate
from maverick_assets.decisions.priors import Priors
from maverick_assets.decisions.weighing import Weights
from maverick_assets.errors import BadInput
from maverick_assets.serving.allanbot.decide import Known, Twin, decide, weigh
from maverick_assets.serving.allanbot.decision import Decision
from maverick_assets.serving.allanbot.phrases import Cancelled
from maverick_assets.serving.runtime import AdapterFile, Runtime, prompt_encoder
from maverick_assets_tests.decisions.own_cases import deal, write_cases
from maverick_assets_tests.serving.conftest import (
    prepared_tiny_base,
    tiny_adapters,
    tiny_base,
)

__all__ = ["prepared_tiny_base", "tiny_adapters", "tiny_base"]

OPTIONS = ["accept", "decline", "ask for a deposit of 40 % before we begin", "wait"]
SYSTEM = Message(role="system", content="You are here.")
CASE = [SYSTEM, Message(role="user", content=decision_prompt("Acme\nThey ask for 30% off."))]


@pytest.fixture(scope="module")
def twin(
    tiny_base: PreparedBase,
    prepared_tiny_base: Path,
    tiny_adapters: dict[str, tuple[Path, Path]],
) -> Twin:
    (gguf,) = prepared_tiny_base.glob("*.gguf")
    files = {name: AdapterFile(file) for name, (_, file) in tiny_adapters.items()}
    runtime = Runtime(gguf, files, slots=2, encode_prompt=prompt_encoder(tiny_base))
    return Twin(runtime, "adapter-0", "persona", "v1.0", "here")


@pytest.fixture
def own(tmp_path: Path) -> tuple[OwnDecision, ...]:
    write_cases(tmp_path)
    return OwnDecisions(tmp_path, "persona").read()


def decided(
    twin: Twin,
    options: Sequence[str],
    own: Sequence[OwnDecision] = (),
    messages: Sequence[Message] = CASE,
    priors: Priors | None = None,
) -> Decision:
    return decide(
        twin, messages, options, Known(OwnRate(own), priors or Priors()), threading.Event()
    )


def test_the_order_of_options_changes_nothing(twin: Twin, own: tuple[OwnDecision, ...]) -> None:
    first = decided(twin, OPTIONS, own).model_dump_json()
    priors = Priors()
    for options in permutations(OPTIONS):
        spaced = [f"  {option}".replace(" ", "  ") for option in options]
        assert decided(twin, spaced, own, priors=priors).model_dump_json() == first
    shuffled = random.Random(0).sample(OPTIONS, len(OPTIONS))
    assert decided(twin, shuffled, own).model_dump_json() == first


def test_a_prompt_without_a_case_leaves_all_options_alike(twin: Twin) -> None:
    """However likely or long they are: each is what its prior says."""
    decision = decided(twin, OPTIONS, messages=neutral_prompt(CASE))
    values = [each.log_probability for each in decision.options]
    assert max(values) - min(values) > 20
    assert set(decision.probabilities.values()) == {0.25}
    assert decision.option == "accept"  # the first by name


def test_a_phrase_that_is_likely_anyway_is_not_favoured(twin: Twin) -> None:
    """Among pairs of phrases, the likelier one loses wherever its prior is higher still."""
    phrases = ["Yes", "No", "Yes, if they pay first", "Not on this boat", "30 %", "Paper by Friday"]
    lost = 0
    for pair in permutations(phrases, 2):
        first, second = decided(twin, pair).options
        gains = [each.log_probability - each.prior for each in (first, second)]
        assert gains[0] >= gains[1]
        odds = math.exp(gains[0] - gains[1])
        assert first.probability / second.probability == pytest.approx(odds)
        lost += first.log_probability < second.log_probability
    assert 0 < lost < 30


def test_probabilities_are_those_of_bayes() -> None:
    weighed = weigh(["no", "yes"], [-3.0, -9.0], [-2.0, -9.0], 0.75)
    assert [each.option for each in weighed] == ["yes", "no"]
    no, yes = 0.25 * math.exp(-1), 0.75
    assert weighed[0].probability == pytest.approx(yes / (yes + no))
    assert math.fsum(each.probability for each in weighed) == pytest.approx(1)


def test_odds_count_model_and_rate_as_the_versions_evaluation_weighed_them() -> None:
    """The rate that is shown is the owner's, whatever it counts."""
    options, given, prior = ["no", "yes"], [-3.0, -9.0], [-2.0, -9.0]
    rate_alone = weigh(options, given, prior, 0.8, Weights(1e9, 2.0))
    model_alone = weigh(options, given, prior, 0.8, Weights(0.5, 0.0))
    assert rate_alone[0].probability == pytest.approx(16 / 17)
    assert model_alone[0].probability == pytest.approx(1 / (1 + math.exp(-2)))
    assert [each.own_rate for each in rate_alone] == pytest.approx([0.8, 0.2])
    assert [each.own_rate for each in model_alone] == pytest.approx([0.8, 0.2])


def test_far_apart_options_do_not_overflow() -> None:
    first, last = weigh(["a", "b"], [-5.0, -8000.0], [-3.0, -1.0], None)
    assert (first.probability, last.probability) == (1.0, 0.0)


def test_the_own_rate_counts_where_every_option_says_yes_or_no(
    twin: Twin, own: tuple[OwnDecision, ...]
) -> None:
    decision = decided(twin, ["accept", "decline"], own)
    rates = {each.option: each.own_rate for each in decision.options}
    assert rates["accept"] is not None and rates["decline"] is not None
    # Both nearest cases were refused, and half of all.
    assert rates["accept"] < 0.5 < rates["decline"]
    assert rates["accept"] + rates["decline"] == pytest.approx(1)
    assert all(each.own_rate is None for each in decided(twin, OPTIONS, own).options)


def test_facts_that_count_are_named_where_the_rate_counts(twin: Twin) -> None:
    rng = random.Random(2)
    answers = ("Outcome: won.\n\nFine.", "Outcome: lost.\n\nNo.")
    notes = ("They pay promptly.", "They ask for 30% off.")
    examples = []
    for number in range(80):
        is_lost = rng.random() < 0.5
        examples.append(deal(number, notes[is_lost], answers[is_lost]))
    known = Known(OwnRate(decisions_among(examples, None)), Priors(), show=str.upper)
    (asked, *_) = [each for each in examples if notes[1] in each.messages[1]["content"]]
    prompt = asked.messages[:2]
    yes_no, other = (
        decide(twin, prompt, options, known, threading.Event())
        for options in (["accept", "decline"], OPTIONS)
    )
    facts = {fact.fact: fact.speaks_for for fact in yes_no.facts}
    assert facts["OFF"] == facts["30%"] == "no"
    assert all(fact.nats > 0 for fact in yes_no.facts)
    assert other.facts == []


def test_reasons_are_own_decisions_with_their_rows(
    twin: Twin, own: tuple[OwnDecision, ...]
) -> None:
    known = Known(OwnRate(own), Priors(), show=str.upper)
    decision = decide(twin, CASE, OPTIONS, known, threading.Event())
    nearest = decision.reasons[0]
    assert (nearest.table, nearest.row_ids) == ("crm_deals", ["crm_deals-1"])
    assert nearest.answer == "OUTCOME: LOST.\n\nNEVER PAST 10."
    assert decision.own_decisions == 5
    assert (decision.personality, decision.version) == ("persona", "v1.0")


def test_names_in_options_are_hidden_from_the_model_alone(twin: Twin) -> None:
    options = ["ring Dana", "ring Bob"]
    known = Known(OwnRate(()), Priors(), hide=lambda text: text.replace("Dana", "Bob's boss"))
    decision = decide(twin, CASE, options, known, threading.Event())
    hidden = decided(twin, ["ring Bob's boss", "ring Bob"])
    assert set(decision.probabilities) == set(options)
    assert list(decision.probabilities.values()) == list(hidden.probabilities.values())


def test_options_that_would_take_minutes_are_refused(twin: Twin) -> None:
    long = [f"{number} " + "\u2603" * 150 for number in range(20)]
    with pytest.raises(BadInput, match=r"the options have \d+ tokens together; at most 400"):
        decided(twin, long)


def test_a_decision_that_nobody_waits_for_is_given_up(twin: Twin) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        decide(twin, CASE, OPTIONS, Known(OwnRate(()), Priors()), cancelled)
