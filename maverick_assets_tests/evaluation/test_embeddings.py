"""Embeddings of texts, by the real weights."""

import numpy as np
import pytest

from maverick_assets.errors import MaverickError
from maverick_assets.evaluation import embeddings
from maverick_assets.evaluation.embeddings import embed


def test_texts_of_the_same_meaning_are_closer_than_others() -> None:
    first, paraphrase, other = embed(
        [
            "We can deliver the results on Friday.",
            "You will have your figures by the end of the week.",
            "My boat needs a new sail.",
        ]
    )
    assert first @ paraphrase > 0.4 > first @ other


def test_vectors_have_length_one_and_do_not_depend_on_their_neighbours() -> None:
    texts = ["Yes.", "A much longer text, which pads the short one beside it in a batch. " * 5]
    together = embed(texts)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    assert np.allclose(together[0], embed(texts[:1])[0], atol=1e-5)


def test_no_text_has_no_vector() -> None:
    assert embed([]).shape == (0, 384)


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "WEIGHTS_SHA256", "0" * 64)
    embeddings._load.cache_clear()
    try:
        with pytest.raises(MaverickError, match=r"model\.safetensors is corrupt"):
            embed(["text"])
    finally:
        embeddings._load.cache_clear()
