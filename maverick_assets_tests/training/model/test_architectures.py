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
