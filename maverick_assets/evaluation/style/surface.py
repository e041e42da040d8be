"""Distances of surface habits, each of its own: nobody is alike in one because he is in another.

Length: the Wasserstein distance between distributions of the binary logarithm of characters; 1 is
twice as long, or half. The others: the Jensen-Shannon distance (Endres and Schindelin 2003) between
how often each form is used, from 0 (the same) to 1 (nothing in common).
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from maverick_assets.evaluation.style.blocks import BLOCK_CHARACTERS, Array, StyleText
from maverick_assets.evaluation.style.habits import case_habits, closing, greeting, punctuation
from maverick_assets.evaluation.style.scale import Draw
from maverick_assets.figures.style import Habit

FORMS: Mapping[Habit, Callable[[str], list[str]]] = {
    "case": case_habits,
    "punctuation": punctuation,
    "greeting": lambda text: [greeting(text)],
    "closing": lambda text: [closing(text)],
}
_LEAST_TEXTS = 5  # of a side; the distance of fewer is chance


class LengthDistance:
    """How far the lengths of a side's texts are from those of the owner's training texts."""

    def __init__(
        self, train: Sequence[StyleText], sides: Mapping[str, Sequence[StyleText]]
    ) -> None:
        self._train = _doublings(train)
        self._sides = {name: _doublings(texts) for name, texts in sides.items()}
        self._threads = {name: [text.thread for text in texts] for name, texts in sides.items()}

    def __call__(self, side: str, draw: Draw) -> float:
        from scipy.stats import wasserstein_distance

        lengths = self._sides[side][draw.places(self._threads[side])]
        lengths = lengths[~np.isnan(lengths)]
        if len(lengths) < _LEAST_TEXTS:
            return float("nan")
        return float(wasserstein_distance(lengths, self._train))


class FormDistance:
    """How far the forms that a side uses are from those of the owner's training texts."""

    def __init__(
        self,
        forms: Callable[[str], list[str]],
        train: Sequence[StyleText],
        sides: Mapping[str, Sequence[StyleText]],
    ) -> None:
        counted = {
            name: [Counter(forms(text.text) if text.text else []) for text in texts]
            for name, texts in sides.items()
        }
        trained = Counter(form for text in train for form in forms(text.text))
        known = {*trained, *(form for counts in counted.values() for c in counts for form in c)}
        self._columns = {form: at for at, form in enumerate(sorted(known))}
        self._profile = self._row(trained)
        self._sides = {
            name: np.stack([self._row(count) for count in counts])
            for name, counts in counted.items()
        }
        self._threads = {name: [text.thread for text in texts] for name, texts in sides.items()}
        self._enough = {
            name: sum(len(text.text) for text in texts) >= BLOCK_CHARACTERS
            for name, texts in sides.items()
        }

    def __call__(self, side: str, draw: Draw) -> float:
        if not self._enough[side]:
            return float("nan")
        used = self._sides[side][draw.places(self._threads[side])].sum(axis=0)
        if not used.any() or not self._profile.any():
            return float("nan")
        return _jensen_shannon(used / used.sum(), self._profile / self._profile.sum())

    def _row(self, counts: Counter[str]) -> Array:
        row = np.zeros(len(self._columns))
        for form, count in counts.items():
            row[self._columns[form]] = count
        return row


def _doublings(texts: Sequence[StyleText]) -> Array:
    """Binary logarithms of the texts' characters; NaN for a text without any."""
    lengths = np.asarray([len(text.text) or np.nan for text in texts], float)
    return np.log2(lengths)


def _jensen_shannon(one: Array, other: Array) -> float:
    """The square root of the divergence in bits."""
    middle = (one + other) / 2
    divergence = 0.0
    for side in (one, other):
        used = side > 0
        divergence += float((side[used] * np.log2(side[used] / middle[used])).sum()) / 2
    return float(np.sqrt(max(0.0, divergence)))
