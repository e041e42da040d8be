"""Answers that repeat what a twin was trained on: no likeness, but memory.

An answer copies where it is a training text of eight words or more, or holds a sentence of one that
long. People repeat themselves, so the owner's held-out answers are counted in the same way.
"""

import re
from collections.abc import Sequence

import numpy as np

from maverick_assets.datasets.examples.repetition import LONG_SENTENCE_WORDS, long_sentences
from maverick_assets.evaluation.style.blocks import Array, StyleText
from maverick_assets.evaluation.style.scale import CANDIDATE, OWNER, Draw, interval, measure_sides
from maverick_assets.figures.style import Copies

_WORD = re.compile(r"\w+")


def copying(texts: Sequence[StyleText], train: Sequence[StyleText]) -> Array:
    """Which texts copy from training, a boolean each."""
    sentences = {sentence.digest for text in train for sentence in long_sentences(text.text)}
    wholes = {_whole(text.text) for text in train} - {None}
    return np.asarray(
        [
            _whole(text.text) in wholes
            or any(sentence.digest in sentences for sentence in long_sentences(text.text))
            for text in texts
        ],
        bool,
    )


def count_copies(
    candidate: Sequence[StyleText],
    held_out: Sequence[StyleText],
    train: Sequence[StyleText],
    seed: int,
) -> Copies:
    """Shares of answers that copy, and whether the candidate's is above the owner's."""
    sides = {CANDIDATE: copying(candidate, train), OWNER: copying(held_out, train)}
    threads = [text.thread for text in held_out]

    def share(side: str, draw: Draw) -> float:
        return float(sides[side][draw.places(threads)].mean())

    measured = measure_sides(share, list(sides), held_out, seed)
    whole, draws = measured.whole, measured.draws
    difference = whole[CANDIDATE] - whole[OWNER]
    excess = interval(difference, draws[CANDIDATE] - draws[OWNER], measured.n_threads)
    return Copies(
        candidate=whole[CANDIDATE],
        owner=whole[OWNER],
        excess=excess,
        alarm=excess.low > 0,
    )


def _whole(text: str) -> str | None:
    """The words of a text, where they are enough to be nobody's habit."""
    words = _WORD.findall(text.casefold())
    return " ".join(words) if len(words) >= LONG_SENTENCE_WORDS else None
