"""The figures of an audit, and why it is void."""

import math

import pytest

from maverick_assets.evaluation.memorisation.canaries import Canary
from maverick_assets.evaluation.memorisation.results import (
    MeasuredCanary,
    canary_figures,
    detected,
    extracted_controls,
    problems,
)
from maverick_assets.figures.figure import Interval


def measured(repeats: int, score: float, is_extracted: bool = False) -> MeasuredCanary:
    canary = Canary("random", f"{repeats} {score}", "It is", "so", repeats)
    return MeasuredCanary(canary, score, is_extracted)


def interval(value: float) -> Interval:
    return Interval(value=value, low=0, high=1, n=100)


def test_rows_are_beside_the_controls_of_their_kind() -> None:
    controls = [measured(0, 1 + place / 1000) for place in range(127)]
    read = [measured(1, 2.0), measured(1, 3.0), measured(4, 0.5), measured(4, 0.4, True)]
    once, often = canary_figures([*controls, *read])
    assert (once.repeats, once.n, once.extracted, once.exposure) == (1, 2, 0, 0)
    assert once.membership.value == 0
    assert (often.repeats, often.n, often.extracted, often.exposure) == (4, 2, 1, 7)
    assert often.membership.value == 1
    both = detected([once, often])
    assert (both.value, both.n) == (0.5, 4)
    assert both.low == pytest.approx(0.0676, abs=1e-3)  # exact, of 2 in 4


def test_a_control_given_away_is_counted() -> None:
    rows = [measured(0, 1.0, True), measured(0, 1.0), measured(4, 0.1, True)]
    assert extracted_controls(rows) == 1


def test_an_audit_is_valid_where_it_could_have_found_something() -> None:
    assert problems(interval(0.55), interval(0.2), 0) == ()


@pytest.mark.parametrize(
    ("blind", "found", "guessed", "words"),
    [
        (0.56, 0.9, 0, "the texts alone tell canaries from controls"),
        (0.5, 0.19, 0, "the positive control is not found: 19%"),
        (0.5, math.nan, 0, "the positive control is not found"),
        (math.nan, 0.9, 0, "the texts alone"),
        (0.5, 0.9, 1, "1 secrets were guessed"),
    ],
)
def test_a_void_audit_says_why(blind: float, found: float, guessed: int, words: str) -> None:
    [problem] = problems(interval(blind), interval(found), guessed)
    assert words in problem
