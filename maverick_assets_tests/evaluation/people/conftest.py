"""A run home with a released version that can be judged."""

from pathlib import Path

import pytest

from maverick_assets_tests.evaluation.people.reports import attach_answers
from maverick_assets_tests.serving.conftest import (
    make_released_home,
    prepared_tiny_base,
    released_home,
    tiny_adapters,
    tiny_base,
)
from maverick_assets_tests.serving.released_homes import ReleasedHome

__all__ = [
    "make_released_home",
    "prepared_tiny_base",
    "released_home",
    "tiny_adapters",
    "tiny_base",
]


@pytest.fixture
def judged_home(released_home: ReleasedHome, tmp_path: Path) -> ReleasedHome:
    manifest = released_home.release("persona", "v1.0", "adapter-0")
    attach_answers(released_home, manifest, tmp_path / "report")
    return released_home
