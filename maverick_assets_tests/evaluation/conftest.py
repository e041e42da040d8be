"""Fixtures of the training tests that evaluation uses: the tiny base model, and datasets."""

from maverick_assets_tests.training.conftest import tiny_base, write_examples

__all__ = ["tiny_base", "write_examples"]
