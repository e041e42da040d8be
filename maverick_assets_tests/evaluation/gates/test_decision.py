"""The gates: which adapter passes, and the reasons that are recorded."""

import math

import pytest

from maverick_assets.evaluation.gates.decision import apply_gates
from maverick_assets.figures.comparison import Generalisation, Provenance
from maverick_assets.figures.figure import Interval
from maverick_assets.recipes import Gates, Limit
from maverick_assets.records import GateDecision
from maverick_assets_tests.evaluation.gates.measured import (
    comparison,
    forgetful,
    interval,
    measured,
)

GATES = Gates(max_perplexity_ratio=0.9, max_regression=1.02, min_validation_examples=3)


def refused(decision: GateDecision) -> list[str]:
    return [result.gate for result in decision.gates if not result.passed]


def test_a_better_adapter_passes_and_every_gate_has_its_reason() -> None:
    decision = apply_gates(measured(20), GATES)
    assert decision.passed
    assert decision.reasons[:3] == (
        "10 held-out examples, at least the 3 required",
        "held-out perplexity 20.00 is 0.500 of the base's 40.00, below the limit 0.9",
        "no version in service to compare with",
    )
    assert [result.gate for result in decision.gates] == [
        "enough examples",
        "better than the base",
        "no regression",
        "held-out examples not learned",
        *(limit.metric for limit in GATES.all_limits),
        "worth a release",
    ]


@pytest.mark.parametrize(("adapter", "passed"), [(35.9, True), (36.0, False), (80.0, False)])
def test_the_ratio_to_the_base_must_be_below_its_limit(adapter: float, passed: bool) -> None:
    decision = apply_gates(measured(adapter), GATES)
    assert decision.passed is passed
    assert ("not below the limit 0.9" in decision.reasons[1]) is not passed


@pytest.mark.parametrize(("in_service", "passed"), [(20.0, True), (19.7, True), (19.0, False)])
def test_a_version_worse_than_the_one_in_service_is_refused(
    in_service: float, passed: bool
) -> None:
    decision = apply_gates(measured(20, in_service=in_service), GATES)
    assert decision.passed is passed
    assert ("above the limit 1.02" in decision.reasons[2]) is not passed


def test_too_few_validation_examples_do_not_pass() -> None:
    decision = apply_gates(measured(20, n_examples=2), GATES)
    assert not decision.passed
    assert decision.reasons[0] == "2 held-out examples, fewer than the 3 required"


def test_a_metric_that_is_not_a_number_does_not_pass() -> None:
    assert not apply_gates(measured(math.nan), GATES).passed
    assert not apply_gates(measured(20, in_service=math.nan), GATES).passed
    broken = comparison("base", "newest", math.nan, math.nan)
    decision = apply_gates(measured(20, comparisons=[broken]), GATES)
    assert refused(decision) == ["comparisons.base.newest"]
    assert "comparisons.base.newest: not a number" in decision.reasons


@pytest.mark.parametrize("against", ["base", "in_service"])
@pytest.mark.parametrize("on", ["newest", "frozen"])
def test_a_candidate_worse_beyond_the_interval_is_refused_on_either_set_against_either(
    against: str, on: str
) -> None:
    better = comparison("in_service", "held_out", -0.5, -0.3)
    for low, gates in ((-0.01, []), (0.01, [f"comparisons.{against}.{on}"])):
        worse = comparison(against, on, low, 0.4)
        assert refused(apply_gates(measured(20, 20, [better, worse]), GATES)) == gates


def test_a_set_with_too_few_threads_for_an_interval_decides_nothing_and_is_named() -> None:
    few = Interval(value=0.3, low=math.nan, high=math.nan, n=4)
    tiny = comparison("base", "frozen", 0, 0).model_copy(update={"difference": few})
    decision = apply_gates(measured(20, comparisons=[tiny]), GATES)
    assert decision.passed
    assert "comparisons.base.frozen" in decision.reasons[-1]
    required = Limit(metric="comparisons.base.frozen", at_most=0, required=True)
    decision = apply_gates(measured(20, comparisons=[tiny]), Gates(limits=[required]))
    assert refused(decision) == ["comparisons.base.frozen"]
    assert (
        "comparisons.base.frozen: too few for an interval (n = 4), and required" in decision.reasons
    )


def test_a_reason_does_not_take_questions_for_threads() -> None:
    decision = apply_gates(measured(20, text=forgetful(-0.03, 0.01)), Gates())
    [reason] = [each for each in decision.reasons if each.startswith("text.skills.difference")]
    assert reason.startswith("text.skills.difference is -0.010 (-0.030 to 0.010, n = 40), within")


def test_what_was_not_measured_is_named_and_refused_where_the_recipe_requires_it() -> None:
    decision = apply_gates(measured(20), Gates())
    assert decision.passed
    assert decision.reasons[-1].startswith("not measured, and not required: ")
    assert "generalisation.share" in decision.reasons[-1]
    wanted = Limit(metric="generalisation.share", at_least=0.5, required=True)
    decision = apply_gates(measured(20), Gates(limits=[wanted]))
    assert refused(decision) == ["generalisation.share"]
    assert "generalisation.share: not measured, and required" in decision.reasons


def test_a_recipes_bound_takes_the_place_of_the_common_one() -> None:
    by_heart = Generalisation(share=0.2, excess=interval(-0.9, -0.5))
    metrics = measured(20, generalisation=by_heart)
    decision = apply_gates(metrics, Gates())
    assert refused(decision) == ["generalisation.share"]
    assert "generalisation.share is 0.2, beyond the limit at least 0.25" in decision.reasons
    laxer = Limit(metric="generalisation.share", at_least=0.25, margin=0.1)
    assert apply_gates(metrics, Gates(limits=[laxer])).passed


def test_a_candidate_that_does_better_on_what_it_should_not_have_seen_is_refused() -> None:
    leaked = Generalisation(share=1.4, excess=interval(0.1, 0.9))
    decision = apply_gates(measured(20, generalisation=leaked), Gates())
    assert refused(decision) == ["generalisation.excess"]


def test_held_out_examples_that_were_learned_by_the_records_are_refused_or_left_out() -> None:
    overlap = Provenance(overlap="thread t1 is both in test and in train")
    decision = apply_gates(measured(20, provenance=overlap), Gates())
    assert refused(decision) == ["held-out examples not learned"]
    assert "thread t1 is both in test and in train" in decision.reasons[3]
    surplus = Provenance(surplus=12)
    decision = apply_gates(measured(20, provenance=surplus), Gates())
    assert refused(decision) == ["provenance.surplus"]
    left_out = Provenance(left_out=3, unreadable=(4, 5))
    decision = apply_gates(measured(20, provenance=left_out), Gates())
    assert decision.passed
    assert decision.reasons[3] == (
        "3 held-out examples were left out: an earlier version learned them; what versions 4, 5 of "
        "the dataset held is not known any more"
    )


def test_each_gate_is_recorded_with_metric_value_interval_and_limit() -> None:
    metrics = measured(20, 20, [comparison("in_service", "held_out", -0.5, -0.3)])
    decision = apply_gates(metrics, GATES)
    again = GateDecision.model_validate_json(decision.model_dump_json())
    assert again == decision
    [first, *_, last] = decision.gates
    assert (first.metric, first.value, first.limit) == ("n_examples", 10, "at least 3")
    assert (last.metric, last.value) == ("comparisons.in_service.held_out", -0.4)
    assert (last.interval, last.limit) == (interval(-0.5, -0.3), "below -0.01")


def test_a_tie_is_no_refusal_and_a_refusal_is_no_tie() -> None:
    no_better = [comparison("in_service", "held_out", -0.02, 0.02)]
    tie = apply_gates(measured(20, 20, no_better), GATES)
    assert (tie.passed, tie.is_tie, refused(tie)) == (False, True, ["worth a release"])
    assert tie.verdict == "not worth a release"
    worse = [*no_better, comparison("in_service", "newest", 0.1, 0.2)]
    for decision in (
        apply_gates(measured(20, 20, worse), GATES),
        apply_gates(measured(80, 80, no_better), GATES),
        apply_gates(measured(20, 20, no_better, n_examples=2), GATES),
    ):
        assert (decision.passed, decision.is_tie) == (False, False)
        assert decision.verdict == "refused"


def test_a_decision_of_an_earlier_release_is_read_as_no_tie() -> None:
    old = {"passed": False, "reasons": ["not better"], "decided_at": "2026-11-01T00:00:00Z"}
    assert GateDecision.model_validate(old).verdict == "refused"
