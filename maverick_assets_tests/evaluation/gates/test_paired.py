"""Paired intervals: known answers, and how often they err."""

import math

import numpy as np
import pytest

from maverick_assets.evaluation.gates.paired import (
    MIN_THREADS,
    PairedLosses,
    difference_of_sets,
    paired_difference,
)


def losses(by_thread: list[list[tuple[float, int]]]) -> PairedLosses:
    """From (difference in nats, tokens) of each example of each thread."""
    flat = [(str(at), *each) for at, thread in enumerate(by_thread) for each in thread]
    other = [float(at) for at in range(len(flat))]  # what all models find harder cancels out
    return PairedLosses(
        [base + difference for base, (_, difference, _) in zip(other, flat, strict=True)],
        other,
        [tokens for *_, tokens in flat],
        [thread for thread, *_ in flat],
    )


def test_the_difference_is_that_of_the_sums_per_token() -> None:
    found = paired_difference(losses([[(-2.0, 10), (4.0, 30)], [(-10.0, 40)]] * 4))
    assert found.value == pytest.approx(-8 / 80)
    assert found.low < found.value < found.high
    assert found.n == 8


def test_equal_differences_have_an_interval_of_no_width() -> None:
    found = paired_difference(losses([[(-3.0, 10)]] * 8))
    assert (found.value, found.low, found.high) == pytest.approx((-0.3, -0.3, -0.3))


def test_examples_of_one_thread_count_as_one_unit() -> None:
    rng = np.random.default_rng(1)
    effects = rng.normal(0, 5, 12)
    by_thread = [[(float(effect), 10)] * 8 for effect in effects]
    threads = paired_difference(losses(by_thread))
    apart = paired_difference(losses([[each] for thread in by_thread for each in thread]))
    assert threads.value == pytest.approx(apart.value)
    assert threads.high - threads.low > 2 * (apart.high - apart.low)


def test_the_same_losses_have_the_same_interval() -> None:
    rows = losses([[(float(at % 5) - 2, 10)] for at in range(20)])
    assert paired_difference(rows) == paired_difference(rows)


def test_too_few_threads_have_no_interval() -> None:
    for n in (1, MIN_THREADS - 1):
        found = paired_difference(losses([[(-1.0, 10)]] * n))
        assert (found.value, found.n) == (pytest.approx(-0.1), n)
        assert math.isnan(found.low) and math.isnan(found.high)
    assert not math.isnan(paired_difference(losses([[(-1.0, 10)]] * MIN_THREADS)).low)


def test_a_loss_that_is_not_a_number_is_no_difference() -> None:
    found = paired_difference(losses([[(-1.0, 10)]] * 8 + [[(math.nan, 10)]]))
    assert math.isnan(found.value) and math.isnan(found.low)


@pytest.mark.parametrize("threads", [8, 20])
def test_equal_models_differ_beyond_the_interval_about_once_in_twenty_times(threads: int) -> None:
    rng = np.random.default_rng(threads)
    repeats, errors = 400, 0
    for _ in range(repeats):
        effects = rng.standard_t(5, threads)
        drawn = [
            [(float(effect + rng.normal()) * 10, int(rng.integers(4, 60)))] for effect in effects
        ]
        found = paired_difference(losses(drawn))
        errors += found.low > 0 or found.high < 0
    assert 0.02 * repeats <= errors <= 0.09 * repeats


def test_two_sets_differ_by_the_difference_of_their_differences() -> None:
    one, other = losses([[(-3.0, 10)]] * 8), losses([[(-1.0, 10)]] * 12)
    found = difference_of_sets(one, other)
    assert (found.value, found.low, found.high) == pytest.approx((-0.2, -0.2, -0.2))
    assert found.n == 8
