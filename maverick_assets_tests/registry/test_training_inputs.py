"""Fingerprints: equal for equal trainings, different for any difference."""

from dataclasses import replace
from typing import Any

import pytest

from maverick_assets.registry.recorded_recipe import RecordedRecipe
from maverick_assets.registry.training_inputs import TrainingInputs
from maverick_assets_tests.registry.conftest import recipe_of


def recipe(**training: Any) -> RecordedRecipe:
    return RecordedRecipe.model_validate(recipe_of("robbie") | {"training": training})


INPUTS = TrainingInputs(recipe(rank=16, alpha=32), 3, "d1", "b1", "1")


def test_the_fingerprint_does_not_depend_on_the_order_of_keys() -> None:
    reordered = replace(INPUTS, recipe=recipe(alpha=32, rank=16))
    assert reordered.fingerprint("full") == INPUTS.fingerprint("full")


def test_the_fingerprint_is_what_earlier_releases_computed() -> None:
    digest = "b944578dc0c2833e117bac460ef61165ac6d810455f41ae4373ee04332c5f91a"
    assert INPUTS.fingerprint("full") == digest


@pytest.mark.parametrize(
    "change",
    [
        {"recipe": recipe(rank=8, alpha=32)},
        {"dataset_version": 4},
        {"dataset_digest": "d2"},
        {"base_digest": "b2"},
        {"code_version": "2"},
    ],
)
def test_any_changed_input_changes_the_fingerprint(change: dict[str, Any]) -> None:
    assert replace(INPUTS, **change).fingerprint("full") != INPUTS.fingerprint("full")


def test_a_full_and_an_incremental_training_differ() -> None:
    assert INPUTS.fingerprint("incremental") != INPUTS.fingerprint("full")
