"""Probabilities of options, and the owner's rates."""

import math

import pytest

from maverick_assets.decisions.weighing import added, own_rates, probabilities


def test_options_that_say_the_same_share_its_rate() -> None:
    assert own_rates(["yes", "accept it", "no"], 0.6) == [0.3, 0.3, 0.4]
    assert own_rates(["yes", "accept it"], 0.6) is None
    assert own_rates(["yes", "no"], None) is None


def test_a_temperature_divides_what_the_model_says_and_not_the_rates() -> None:
    given, prior, rates = [-1.0, -3.0], [-2.0, -2.0], [0.2, 0.8]
    plain, cold, hot = (probabilities(given, prior, rates, t) for t in (1.0, 0.01, 1e9))
    odds = 0.2 / 0.8 * math.exp(2)
    assert plain[0] / plain[1] == pytest.approx(odds)
    assert cold == pytest.approx([1, 0])
    assert hot == pytest.approx(rates)


def test_probabilities_are_added_under_their_logarithms() -> None:
    assert added([math.log(0.2), math.log(0.3)]) == pytest.approx(math.log(0.5))
    assert added([-9000.0]) == -9000
