"""When ratings have fallen, and when they have only moved."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from scipy.stats import mannwhitneyu

from maverick_assets.pipeline.production.ratings import (
    FIRST,
    MIN_RATINGS,
    RECENT,
    Rated,
    fall_of,
    rank_sum,
)

START = datetime(2026, 9, 1, tzinfo=UTC)
NOW = START + timedelta(days=20)


def rated(ratings: list[int], start: datetime = START) -> list[Rated]:
    """A rating a day."""
    return [Rated(start + timedelta(days=day), rating) for day, rating in enumerate(ratings)]


def test_ratings_below_those_of_the_version_before_have_fallen() -> None:
    fall = fall_of(rated([4, 5, 3, 4] * 5), rated([8, 7, 9, 8] * 5), NOW)
    assert fall is not None
    assert (fall.mean, fall.mean_before) == (4, 8)
    assert fall.reason == "20 ratings, 4.0 of 10 on average, were 8.0 before (p = 2e-08)"


def test_better_and_equal_ratings_have_not() -> None:
    usual = rated([8, 7, 6, 8] * 5)
    assert fall_of(usual, usual, NOW) is None
    assert fall_of(rated([9] * 20), usual, NOW) is None
    assert fall_of(rated([8] * 20), rated([8] * 20), NOW) is None


def test_few_ratings_say_nothing_however_bad() -> None:
    usual = rated([9] * 20)
    assert fall_of(rated([1] * (MIN_RATINGS - 1)), usual, NOW) is None
    assert fall_of([], usual, NOW) is None
    assert fall_of([], [], NOW) is None


def test_a_fall_that_does_not_matter_is_none() -> None:
    assert fall_of(rated([7] * 20), rated([7] * 12 + [8] * 8), NOW) is None


def test_without_a_version_before_the_own_first_weeks_are_the_measure() -> None:
    later = START + FIRST
    ratings = rated([8, 9] * 14) + rated([4, 5] * 8, later)
    assert fall_of(ratings, [], later + timedelta(days=16)) is not None
    assert fall_of(ratings[:28], [], later - timedelta(days=1)) is None


def test_what_is_long_past_is_not_held_against_a_version() -> None:
    ratings = rated([3] * 20) + rated([8] * 20, START + 2 * RECENT)
    assert fall_of(ratings, rated([8] * 20), START + 2 * RECENT + timedelta(days=20)) is None


@pytest.mark.parametrize("seed", range(5))
def test_the_test_is_mann_and_whitneys(seed: int) -> None:
    rng = random.Random(seed)
    lower = [rng.randint(3, 8) for _ in range(15)]
    higher = [rng.randint(4, 10) for _ in range(22)]
    known = mannwhitneyu(lower, higher, alternative="less", method="asymptotic")
    assert rank_sum(lower, higher) == pytest.approx(known.pvalue, rel=1e-9)


def test_equal_values_have_no_order() -> None:
    assert rank_sum([5] * 12, [5] * 12) == 1


def night_by_night(seed: int, fall: float, nights: int) -> bool:
    """Whether a version is asked to be trained again in so many nights, with a rating a day."""
    rng = random.Random(seed)

    def rating(mean: float) -> int:
        return max(1, min(10, round(rng.gauss(mean, 1.8))))

    before = [Rated(START, rating(7.2)) for _ in range(40)]
    current: list[Rated] = []
    for night in range(nights):
        now = START + timedelta(days=night)
        current.append(Rated(now, rating(7.2 - fall)))
        if fall_of(current, before, now):
            return True
    return False


def test_a_steady_version_is_hardly_ever_asked_to_be_trained_again() -> None:
    assert sum(night_by_night(seed, 0, 90) for seed in range(40)) <= 2


def test_a_version_that_fell_by_two_points_is_found_within_six_weeks() -> None:
    assert sum(night_by_night(seed, 2, 42) for seed in range(40)) >= 38
