"""A tiny base model that can learn by heart, and datasets."""

from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from maverick_assets.base_model.load import weights_digest
from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets_tests.training.conftest import save_tiny_base, write_examples

__all__ = ["write_examples"]

EMBEDDING = "model.embed_tokens.weight"


@pytest.fixture(scope="session")
def tiny_base(base: PreparedBase, tmp_path_factory: pytest.TempPathFactory) -> PreparedBase:
    """The tiny model with embeddings 20 times as large.

    As it is drawn, its logits are so small that no adapter makes any token likely.
    """
    return save_eager_base(base, tmp_path_factory.mktemp("eager_base"))


def save_eager_base(base: PreparedBase, directory: Path) -> PreparedBase:
    save_tiny_base(base, directory)
    file = directory / "model.safetensors"
    weights = load_file(file)
    weights[EMBEDDING] = weights[EMBEDDING] * 20
    save_file(weights, file, metadata={"format": "pt"})
    return PreparedBase(directory, weights_digest(directory), None)
