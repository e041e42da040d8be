"""Probabilities of options, and the owner's rates."""

from maverick_assets.decisions.weighing import own_rates


def test_options_that_say_the_same_share_its_rate() -> None:
    assert own_rates(["yes", "accept it", "no"], 0.6) == [0.3, 0.3, 0.4]
    assert own_rates(["yes", "accept it"], 0.6) is None
    assert own_rates(["yes", "no"], None) is None
