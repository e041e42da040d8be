"""The tiny base that training's tests use, too."""

from maverick_assets_tests.training.conftest import tiny_base

__all__ = ["tiny_base"]
