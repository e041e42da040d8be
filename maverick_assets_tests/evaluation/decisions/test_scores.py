"""Known answers of every score of a decision."""

import math
import random

import pytest

from maverick_assets.evaluation.decisions.scores import (
    accuracy,
    brier,
    calibration_error_by_chance,
    choice_counts,
    entropy,
    expected_calibration_error,
    fitted_weights,
    log_loss,
    reliability,
    share_right,
    taken,
)


def drawn(count: int, seed: int = 1) -> tuple[list[list[float]], list[int]]:
    """Predictions that are right exactly as often as they say."""
    rng = random.Random(seed)
    predictions, truths = [], []
    for _ in range(count):
        p = rng.uniform(0.02, 0.98)
        predictions.append([p, 1 - p])
        truths.append(0 if rng.random() < p else 1)
    return predictions, truths


def test_wilsons_interval_has_its_textbook_value() -> None:
    interval = share_right([True] * 8 + [False] * 2)
    assert (interval.value, interval.n) == (0.8, 10)
    assert (interval.low, interval.high) == pytest.approx((0.4902, 0.9433), abs=5e-5)
    assert (share_right([True] * 5).high, share_right([False] * 5).low) == (1.0, 0.0)
    assert math.isnan(share_right([]).value)


def test_the_likeliest_option_is_taken_and_of_equal_ones_the_first() -> None:
    assert [taken(p) for p in ([0.2, 0.8], [0.5, 0.5], [0.3, 0.4, 0.3])] == [1, 0, 1]
    assert accuracy([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]], [0, 0, 0]).value == pytest.approx(2 / 3)


def test_a_coin_loses_ln_2_and_has_a_brier_score_of_a_half() -> None:
    coin = [[0.5, 0.5]] * 4
    assert log_loss(coin, [0, 1, 1, 0]) == pytest.approx(math.log(2))
    assert brier(coin, [0, 1, 1, 0]) == pytest.approx(0.5)


def test_certainty_loses_nothing_when_right_and_all_when_wrong() -> None:
    sure = [[1.0, 0.0]]
    assert (log_loss(sure, [0]), brier(sure, [0])) == (0, 0)
    assert log_loss(sure, [1]) == pytest.approx(-math.log(1e-12))
    assert brier(sure, [1]) == 2


def test_bins_hold_equal_numbers_and_the_error_is_that_of_each_weighted() -> None:
    # 30 sure of 0.6 that are right half of the time, 30 sure of 0.9 that are always right
    predictions = [[0.6, 0.4]] * 30 + [[0.1, 0.9]] * 30
    bins = reliability(predictions, [0, 1] * 15 + [1] * 30)
    assert [(each.n, each.accuracy) for each in bins] == [(30, 0.5), (30, 1.0)]
    assert [each.confidence for each in bins] == pytest.approx([0.6, 0.9])
    assert expected_calibration_error(bins) == pytest.approx((0.1 + 0.1) / 2)
    sizes = [each.n for each in reliability(*drawn(317))]
    assert (len(sizes), sum(sizes), max(sizes) - min(sizes)) == (10, 317, 1)
    assert [each.n for each in reliability(*drawn(20))] == [20]


def test_honest_odds_have_the_error_that_chance_leaves() -> None:
    """The error of honest odds is not 0 on few cases; what it then is, is known beforehand."""
    errors = [expected_calibration_error(reliability(*drawn(300, seed))) for seed in range(40)]
    expected = calibration_error_by_chance(drawn(300)[0])
    assert sum(errors) / 40 == pytest.approx(expected, rel=0.15)
    assert expected_calibration_error(reliability(*drawn(100_000))) < 0.01


def test_odds_that_brag_have_an_error() -> None:
    predictions, truths = drawn(3_000)
    bragging = [[p**3 / (p**3 + q**3), q**3 / (p**3 + q**3)] for p, q in predictions]
    honest, other = (
        expected_calibration_error(reliability(some, truths)) for some in (predictions, bragging)
    )
    assert honest < 0.03 < 0.1 < other


def test_entropy_of_one_choice_is_0_and_of_k_equal_ones_ln_k() -> None:
    assert entropy([7, 0]) == 0
    assert entropy([5, 5]) == pytest.approx(math.log(2))
    assert entropy([1, 1, 1, 1]) == pytest.approx(math.log(4))
    assert choice_counts([1, 1, 0], 3) == [1, 2, 0]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_a_known_temperature_is_found_again(temperature: float) -> None:
    predictions, truths = drawn(4_000)
    logits = [[temperature * math.log(p) for p in each] for each in predictions]
    fitted = fitted_weights(logits, [None] * len(logits), truths)
    assert fitted.temperature == pytest.approx(temperature, rel=0.1)
    assert fitted.rate == pytest.approx(1)  # says nothing where no rate is known


def test_a_model_that_knows_nothing_leaves_the_owners_rate() -> None:
    rng = random.Random(3)
    truths = [int(rng.random() < 0.3) for _ in range(500)]
    noise = [[rng.gauss(0, 3), rng.gauss(0, 3)] for _ in truths]
    fitted = fitted_weights(noise, [0.7] * len(truths), truths)
    assert fitted.temperature > 20
    assert fitted.rate == pytest.approx(1, abs=0.2)


def test_a_rate_that_says_what_the_model_says_is_not_counted_twice() -> None:
    predictions, truths = drawn(4_000)
    logits = [[math.log(p) for p in each] for each in predictions]
    fitted = fitted_weights(logits, [p for p, _ in predictions], truths)
    assert 1 / fitted.temperature + fitted.rate == pytest.approx(1, abs=0.1)


def test_a_rate_that_brags_counts_less() -> None:
    predictions, truths = drawn(4_000)
    bragging = [p**2 / (p**2 + q**2) for p, q in predictions]
    nothing = [[0.0, 0.0]] * len(truths)
    assert fitted_weights(nothing, bragging, truths).rate == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("right", [True, False])
def test_weights_of_one_decision_are_finite(right: bool) -> None:
    fitted = fitted_weights([[9.0, -9.0]], [0.999], [int(not right)])
    assert 0.05 <= fitted.temperature <= 200 and 0 <= fitted.rate <= 10
    assert fitted.lapse < 0.1


def test_a_known_lapse_and_lean_are_found_again() -> None:
    predictions, truths = drawn(6_000)
    rng = random.Random(4)
    lapsing = [rng.randrange(2) if rng.random() < 0.2 else truth for truth in truths]
    leaning = [p / (p + q * math.exp(0.7)) for p, q in predictions]
    nothing = [[0.0, 0.0]] * len(truths)
    fitted = fitted_weights(nothing, leaning, lapsing)
    assert fitted.lapse == pytest.approx(0.2, abs=0.04)
    assert fitted.lean == pytest.approx(0.7, abs=0.15)
    assert fitted.rate == pytest.approx(1, abs=0.15)
