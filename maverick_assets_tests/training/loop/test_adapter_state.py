"""The learning rate of an adapter over its steps."""

from itertools import pairwise

import pytest

from maverick_assets.recipes import Training
from maverick_assets.training.loop.adapter_state import peak_learning_rate, schedule_factor


def test_a_narrower_base_learns_at_a_higher_rate_unless_the_recipe_names_one() -> None:
    unset, named = Training(), Training(learning_rate=0.02)
    assert peak_learning_rate(unset, 4096) == 2e-4
    assert peak_learning_rate(unset, 2048) == pytest.approx(2e-4 * 2**0.781)
    assert peak_learning_rate(named, 4096) == peak_learning_rate(named, 32) == 0.02


def test_the_rate_warms_up_and_then_falls() -> None:
    rates = [schedule_factor(step, 200) for step in range(1, 201)]
    assert rates[:6] == pytest.approx([1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1.0])
    assert all(earlier > later for earlier, later in pairwise(rates[5:]))
    assert 0 < rates[-1] < 0.01
    assert schedule_factor(1, 1) == 1.0
