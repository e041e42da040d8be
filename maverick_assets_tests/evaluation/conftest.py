"""Evaluation is tested on the tiny base model and the datasets of the training tests."""

from maverick_assets_tests.training.conftest import tiny_base, write_examples

__all__ = ["tiny_base", "write_examples"]
