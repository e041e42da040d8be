"""The tiny base's tokenizer."""

import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets_tests.serving.conftest import tiny_base

__all__ = ["tiny_base"]


@pytest.fixture(scope="session")
def tokenizer(tiny_base: PreparedBase) -> ChatTokenizer:
    return ChatTokenizer(tiny_base.directory)
