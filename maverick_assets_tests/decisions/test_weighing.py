"""Probabilities of options, and the owner's rates."""

import math

import pytest

from maverick_assets.decisions.weighing import Weights, added, own_rates, probabilities


def test_options_that_say_the_same_share_its_rate() -> None:
    assert own_rates(["yes", "accept it", "no"], 0.6) == [0.3, 0.3, 0.4]
    assert own_rates(["yes", "accept it"], 0.6) is None
    assert own_rates(["yes", "no"], None) is None


OPTIONS = ["no", "yes"]


def test_a_temperature_divides_what_the_model_says_and_not_the_rate() -> None:
    plain, cold, hot = (
        probabilities(OPTIONS, [1.0, -1.0], 0.8, Weights(temperature=t)) for t in (1.0, 0.01, 1e9)
    )
    assert plain[0] / plain[1] == pytest.approx(0.2 / 0.8 * math.exp(2))
    assert cold == pytest.approx([1, 0])
    assert hot == pytest.approx([0.2, 0.8])


def test_a_weight_multiplies_the_log_odds_of_the_rate_and_a_lean_is_added() -> None:
    def yes(own: float, **weights: float) -> float:
        return probabilities(OPTIONS, [0.0, 0.0], own, Weights(**weights))[1]

    assert yes(0.8, rate=0) == pytest.approx(0.5)
    assert yes(0.8, rate=2) == pytest.approx(16 / 17)
    assert yes(0.2, rate=2) == pytest.approx(1 / 17)
    assert yes(0.8, lean=-math.log(4)) == pytest.approx(0.5)
    assert 0 < yes(1 - 1e-9, rate=10) < 1


def test_a_lean_and_a_weight_say_nothing_where_no_rate_is_known() -> None:
    weights = Weights(rate=9.0, lean=5.0)
    assert probabilities(["no", "yes"], [0.0, 0.0], None, weights) == [0.5, 0.5]
    assert probabilities(["wait", "yes"], [0.0, 0.0], 0.9, weights) == [0.5, 0.5]


def test_a_lapse_falls_on_every_option_alike() -> None:
    sure = probabilities(["a", "b", "c"], [9e3, 0.0, 0.0], None, Weights(lapse=0.3))
    assert sure == pytest.approx([0.8, 0.1, 0.1])


def test_probabilities_are_added_under_their_logarithms() -> None:
    assert added([math.log(0.2), math.log(0.3)]) == pytest.approx(math.log(0.5))
    assert added([-9000.0]) == -9000
