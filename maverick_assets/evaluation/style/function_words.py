"""Function words: how often somebody writes "the", "of", "I" whatever he writes about.

Burrows' Delta (Burrows 2002, "'Delta': a Measure of Stylistic Difference"): the mean over words of
how far their frequency is from the owner's, in standard deviations. Short texts are far from
everything by chance, so Delta is divided by what samples of the owner's own texts of the same
number of words have.
"""

import re
from collections.abc import Mapping, Sequence
from importlib import import_module

import numpy as np

from maverick_assets.datasets.language import languages_of
from maverick_assets.evaluation.style.blocks import BLOCK_CHARACTERS, Array, StyleText
from maverick_assets.evaluation.style.scale import Draw

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_MOST_WORDS = 100
_LEAST_USES = 5  # of a word in the owner's training texts
_NULL_SAMPLES = 100
_TEXTS_FOR_LANGUAGE = 200


def language_of(texts: Sequence[StyleText]) -> str:
    """The language of most characters of somebody's texts (ISO 639-1); English where unknown."""
    weights: dict[str, int] = {}
    for text in texts[:: max(1, len(texts) // _TEXTS_FOR_LANGUAGE)]:
        for language in languages_of(text.text)[:1]:
            weights[language] = weights.get(language, 0) + len(text.text)
    return max(weights, key=lambda language: weights[language], default="en")


def stop_words(language: str) -> frozenset[str]:
    """spaCy's stop words of a language; empty where it has none."""
    try:
        module = import_module(f"spacy.lang.{language}.stop_words")
    except ImportError:
        return frozenset()
    return frozenset(word.lower() for word in module.STOP_WORDS)


class FunctionWords:
    """Delta of sides against the owner's training texts."""

    def __init__(
        self,
        train: Sequence[StyleText],
        sides: Mapping[str, Sequence[StyleText]],
        language: str,
        seed: int,
    ) -> None:
        candidates = stop_words(language)
        counts: dict[str, int] = {}
        for text in train:
            for word in _words(text.text):
                if word in candidates:
                    counts[word] = counts.get(word, 0) + 1
        frequent = sorted(counts, key=lambda word: (-counts[word], word))[:_MOST_WORDS]
        self._words = {
            word: at for at, word in enumerate(w for w in frequent if counts[w] >= _LEAST_USES)
        }
        self._sides = {name: self._rows(texts) for name, texts in sides.items()}
        self._threads = {name: [text.thread for text in texts] for name, texts in sides.items()}
        self._long_enough = {
            name: sum(len(text.text) for text in texts) >= BLOCK_CHARACTERS
            for name, texts in sides.items()
        }
        usable = [
            self._sides[name][:, -1].sum() for name, is_long in self._long_enough.items() if is_long
        ]
        # All sides have as many words as the shortest: otherwise who writes more is nearer.
        self._size = int(min(usable, default=0))
        self._fit_null(self._rows(train), np.random.default_rng(seed))

    def __call__(self, side: str, draw: Draw) -> float:
        """Delta of a side, in multiples of the owner's own; at least about 1."""
        if not self._long_enough[side] or not self._words or not self._null > 0:
            return float("nan")
        rows = self._sides[side][draw.places(self._threads[side])]
        samples = 20 if draw.is_whole else 3
        deltas = [self._delta(_sample(rows, self._size, draw)) for _ in range(samples)]
        return float(np.mean(deltas) / self._null)

    def _fit_null(self, train: Array, rng: np.random.Generator) -> None:
        """Profile, deviations and Delta of samples of the owner's texts of `_size` words."""
        self._profile = train[:, :-1].sum(axis=0) / max(1, train[:, -1].sum())
        draw = Draw(rng)
        samples = np.stack([_sample(train, self._size, draw) for _ in range(_NULL_SAMPLES)])
        self._deviations = np.maximum(samples.std(axis=0), 1e-6)
        self._null = (
            float(np.mean([self._delta(sample) for sample in samples])) if self._words else 0.0
        )

    def _delta(self, frequencies: Array) -> float:
        return float(np.mean(np.abs(frequencies - self._profile) / self._deviations))

    def _rows(self, texts: Sequence[StyleText]) -> Array:
        """Counts [text, function word], and of all words in the last column."""
        rows = np.zeros((len(texts), len(self._words) + 1))
        for at, text in enumerate(texts):
            for word in _words(text.text):
                rows[at, -1] += 1
                if word in self._words:
                    rows[at, self._words[word]] += 1
        return rows


def _sample(rows: Array, size: int, draw: Draw) -> Array:
    """Frequencies of the function words in texts of `size` words altogether, drawn by chance."""
    order = draw.rng.permutation(len(rows))
    until = int(np.searchsorted(np.cumsum(rows[order, -1]), size)) + 1
    total = rows[order[:until]].sum(axis=0)
    return total[:-1] / max(1, total[-1])


def _words(text: str) -> list[str]:
    return [word.replace("\u2019", "'") for word in _WORD.findall(text.lower())]
