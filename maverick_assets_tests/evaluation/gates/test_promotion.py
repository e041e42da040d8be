"""Which version takes the place of the one in service: one that is better, and no tie."""

import math

import pytest

from maverick_assets.evaluation.gates.promotion import is_tie, promotion
from maverick_assets.figures.comparison import Comparison, Provenance
from maverick_assets.figures.figure import Interval
from maverick_assets.recipes import Gates
from maverick_assets_tests.evaluation.gates.measured import comparison, measured

GATES = Gates(min_gain=0.01)


def held_out(low: float, high: float) -> Comparison:
    return comparison("in_service", "held_out", low, high)


def learned(low: float, high: float) -> Comparison:
    return comparison("in_service", "new", low, high)


def without_ends(found: Comparison) -> Comparison:
    ends = {"low": math.nan, "high": math.nan, "n": 3}
    return found.model_copy(update={"difference": found.difference.model_copy(update=ends)})


@pytest.mark.parametrize(
    ("comparisons", "passed", "reason"),
    [
        ([held_out(-0.3, -0.02)], True, "better than the version in service by 0.160 nats"),
        ([held_out(-0.3, -0.009)], False, "not better than the version in service"),
        ([held_out(0, 0)], False, "it has learned nothing that the version in service has not"),
        ([held_out(-0.02, 0.02), learned(-0.9, -0.1)], True, "0.500 nats per token"),
        ([held_out(-0.02, 0.03), learned(-0.9, -0.1)], False, "but is worse on held-out ones"),
        ([held_out(-0.02, 0.02), learned(-0.01, 0.0)], False, "learned since by 0.005 nats"),
        ([without_ends(held_out(-0.5, -0.4))], False, "by 0.450 nats per token (3 threads)"),
        ([without_ends(held_out(-0.5, -0.4)), without_ends(learned(-1, -1))], True, "since"),
        ([learned(-1, -1)], False, "not compared with the version in service"),
    ],
)
def test_a_version_must_be_better_or_have_learned_something_at_no_cost(
    comparisons: list[Comparison], passed: bool, reason: str
) -> None:
    result = promotion(measured(20, 20, comparisons), GATES)
    assert result.passed is passed
    assert reason in result.reason


def test_a_tie_is_what_was_compared_with_the_version_in_service_and_is_no_better() -> None:
    no_better = measured(20, 20, [held_out(-0.02, 0.02)])
    assert is_tie(promotion(no_better, GATES))
    few_threads = measured(20, 20, [without_ends(held_out(-0.02, 0.02))])
    assert is_tie(promotion(few_threads, GATES))
    better = measured(20, 20, [held_out(-0.3, -0.2)])
    not_compared = measured(20, 20, [learned(-1, -1)])
    first = measured(20, None, [comparison("base", "held_out", -0.1, 0.1)])
    broken = Interval(value=math.nan, low=math.nan, high=math.nan, n=20)
    no_number = held_out(0, 0).model_copy(update={"difference": broken})
    for found in (better, not_compared, first, measured(20, 20, [no_number])):
        assert not is_tie(promotion(found, GATES))


def test_a_major_version_is_a_copy_and_takes_its_own_place() -> None:
    copy = measured(20, 20, [held_out(0, 0)], provenance=Provenance(is_copy=True))
    assert promotion(copy, GATES).passed


@pytest.mark.parametrize(("high", "passed"), [(-0.01, True), (0.0, False), (0.1, False)])
def test_the_first_version_must_be_better_than_the_base(high: float, passed: bool) -> None:
    result = promotion(measured(20, None, [comparison("base", "held_out", -0.5, high)]), GATES)
    assert result.passed is passed
    assert result.metric == "comparisons.base.held_out"


def test_without_an_interval_the_ratio_alone_decides_on_a_first_version() -> None:
    few = without_ends(comparison("base", "held_out", -0.5, -0.4))
    for comparisons in ([few], []):
        result = promotion(measured(20, None, comparisons), GATES)
        assert result.passed
        assert result.reason == "no version in service; too few threads for an interval"


def test_losses_that_are_not_numbers_promote_nothing() -> None:
    broken = Interval(value=math.nan, low=math.nan, high=math.nan, n=20)
    for on in ("held_out", "new"):
        found = [comparison("in_service", name, -0.5, -0.4) for name in ("held_out", "new")]
        found = [
            each.model_copy(update={"difference": broken}) if each.on == on else each
            for each in found
        ]
        assert promotion(measured(20, 20, found), GATES).passed is (on == "new")
