"""Fixtures that several packages' tests share."""

import os
from pathlib import Path

import pytest

from maverick_assets.settings import Settings
from maverick_assets.training.base_model import BaseModel, ensure_base


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> BaseModel:
    """The embedded base model, unpacked once (kept in MAVERICK_TEST_BASE where that is set)."""
    kept = os.environ.get("MAVERICK_TEST_BASE")
    home = Path(kept) if kept else tmp_path_factory.mktemp("base_model")
    return ensure_base(Settings(home=home, base_model=None))
