"""Fingerprints: equal for equal trainings, different for any difference."""

from typing import Any

import pytest

from maverick_assets.registry.manifest import fingerprint

TRAINING: dict[str, Any] = {
    "dataset_version": 3,
    "dataset_digest": "d1",
    "base_digest": "b1",
    "recipe": {"name": "robbie", "training": {"rank": 16, "alpha": 32}},
    "code_version": "1",
    "kind": "full",
}


def test_the_fingerprint_does_not_depend_on_the_order_of_keys() -> None:
    reordered = {"training": {"alpha": 32, "rank": 16}, "name": "robbie"}
    assert fingerprint(**TRAINING) == fingerprint(**{**TRAINING, "recipe": reordered})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dataset_version", 4),
        ("dataset_digest", "d2"),
        ("base_digest", "b2"),
        ("recipe", {"name": "robbie", "training": {"rank": 8, "alpha": 32}}),
        ("code_version", "2"),
        ("kind", "incremental"),
    ],
)
def test_any_changed_input_changes_the_fingerprint(field: str, value: object) -> None:
    assert fingerprint(**TRAINING) != fingerprint(**{**TRAINING, field: value})
