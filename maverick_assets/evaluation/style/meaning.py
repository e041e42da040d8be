"""Meaning: how much nearer an answer is to the owner's real one than to his other answers.

Likeness is the cosine of sentence embeddings (`evaluation/embeddings`), whose model was trained on
English; for other languages its figures would say little, so there are none.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from maverick_assets.evaluation.embeddings import embed
from maverick_assets.evaluation.style.blocks import Array, StyleText
from maverick_assets.evaluation.style.masking import ADDRESS, LINK, NAME
from maverick_assets.evaluation.style.scale import OWNER, Draw

LANGUAGE = "en"
_WORDS = {NAME: "someone", ADDRESS: "an address", LINK: "a link"}


class Meaning:
    """Likeness of each side's answers to the owner's real ones, which are the side `OWNER`."""

    def __init__(self, sides: Mapping[str, Sequence[StyleText]]) -> None:
        self._threads = [text.thread for text in sides[OWNER]]
        names = list(sides)
        vectors = embed([_in_words(text.text) for name in names for text in sides[name]])
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


def _in_words(text: str) -> str:
    """A masked text as the model can read it."""
    for sign, word in _WORDS.items():
        text = text.replace(sign, word)
    return text
