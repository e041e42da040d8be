"""Equal to transformers and peft over many architectures, by the fast paths that are right."""

import pytest

from maverick_assets_tests.architectures import ARCHITECTURES
from maverick_assets_tests.training.model.comparison import compare


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_step_gives_the_losses_and_gradients_of_transformers_and_peft(name: str) -> None:
    comparison = compare(ARCHITECTURES[name])
    assert comparison.check.chosen.paths.switched_off == ARCHITECTURES[name].off
    assert comparison.loss < 1e-4
    assert comparison.gradient < 1e-3


def test_a_rotary_scale_that_a_pass_sets_is_not_that_of_a_pass_at_the_same_time() -> None:
    """Threads that computed a short and a long example side by side read one another's."""
    losses = [compare(ARCHITECTURES["Phi 3 (rotary scale by length)"]).loss for _ in range(20)]
    assert max(losses) < 1e-4
