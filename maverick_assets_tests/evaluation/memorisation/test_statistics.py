"""Statistics of membership, against known answers."""

import math
import random

import pytest
from scipy.stats import binomtest

from maverick_assets.evaluation.memorisation.statistics import (
    Hits,
    area_under_curve,
    clopper_pearson,
    exposure,
    membership,
)


@pytest.mark.parametrize(("count", "n"), [(0, 200), (3, 40), (17, 17), (0, 1), (50, 100)])
def test_intervals_are_the_exact_ones(count: int, n: int) -> None:
    interval = clopper_pearson(Hits(count, n))
    exact = binomtest(count, n).proportion_ci(0.95, method="exact")
    assert (interval.low, interval.high) == pytest.approx((exact.low, exact.high))
    assert (interval.value, interval.n) == (count / n, n)


def test_nothing_of_nothing_says_nothing() -> None:
    interval = clopper_pearson(Hits(0, 0))
    assert math.isnan(interval.value)
    assert (interval.low, interval.high) == (0, 1)


def test_the_first_of_all_stands_out_by_the_logarithm_of_the_ranks() -> None:
    controls = [float(rank) for rank in range(1, 128)]
    assert exposure(0, controls) == 7
    assert exposure(1000, controls) == 0
    assert exposure(1, controls) == 6  # a tie counts against the canary


def test_an_unread_canary_has_x_bits_with_a_probability_of_one_in_two_to_the_x() -> None:
    rng = random.Random(1)
    controls = [rng.random() for _ in range(1023)]
    bits = [exposure(rng.random(), controls) for _ in range(4000)]
    for x in (1, 2, 3, 5):
        share = sum(each >= x for each in bits) / len(bits)
        assert share == pytest.approx(2**-x, abs=0.04)
    assert sum(bits) / len(bits) == pytest.approx(1 / math.log(2), abs=0.1)


def test_one_percent_of_the_controls_may_be_taken_for_members() -> None:
    controls = [float(score) for score in range(299)]
    assert membership([-1, 0, 1, 1.5, 2, 3], controls) == Hits(4, 6)  # below the third control
    assert membership([-1, 0, 1], controls[:99]) == Hits(1, 3)  # below all of them
    assert membership([1], []) == Hits(0, 1)


def test_strangers_are_taken_for_members_as_seldom_as_is_said() -> None:
    rng = random.Random(2)
    hits = Hits(0, 0)
    for _ in range(50):
        controls = [rng.gauss(0, 1) for _ in range(200)]
        hits += membership([rng.gauss(0, 1) for _ in range(200)], controls)
    assert clopper_pearson(hits).low < 0.01


def test_the_area_is_the_share_of_pairs_in_the_right_order() -> None:
    assert area_under_curve([3, 4], [1, 2]).value == 1
    assert area_under_curve([1, 2], [1, 2]).value == 0.5
    of_chance = area_under_curve(list(range(100)), list(range(100)))
    # Hanley and McNeil at 0.5 with 100 of each: standard error 0.041
    assert of_chance.high - of_chance.low == pytest.approx(2 * 1.96 * 0.0409, abs=0.002)
