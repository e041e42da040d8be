"""Functions in a process of their own find what takes long to import ready."""

import sys

from maverick_assets.base_model.isolated import run_isolated


def _say_what_is_imported() -> None:
    # The last one is what configurations of transformers lead to.
    print([name in sys.modules for name in ("torch", "transformers", "torch.distributed.tensor")])


def test_what_every_conversion_imports_is_there_before_it_starts() -> None:
    assert run_isolated(_say_what_is_imported) == "[True, True, True]"
