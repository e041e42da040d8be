"""A fixture of the training tests: the tiny base model."""

from maverick_assets_tests.training.conftest import tiny_base

__all__ = ["tiny_base"]
