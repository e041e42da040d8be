"""A detector trained to tell a side's answers from the owner's real ones, on other threads.

Its AUC is the chance that it ranks a block of the owner above one of the side: 0.5 where it cannot
tell them apart, 1 where it always can. (A classifier two-sample test: Lopez-Paz and Oquab 2017.)
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from maverick_assets.evaluation.style.blocks import Array, Rng, StyleText, ThreadGroups
from maverick_assets.evaluation.style.ngrams import Counted, Linear, Ngrams, Rows
from maverick_assets.evaluation.style.scale import Draw

_FOLDS = 2
_TRAINING_DEALS = 6
_DEALS = 2  # in each drawing; the whole is dealt more often
_WHOLE_DEALS = 10


class Detector:
    """The AUC of each side against the owner's held-out texts, cross-validated by thread."""

    def __init__(
        self,
        held_out: Sequence[StyleText],
        sides: Mapping[str, Sequence[StyleText]],
        ngrams: Ngrams,
        seed: int,
    ) -> None:
        self._groups = ThreadGroups(held_out, _FOLDS)
        self._held_out = ngrams.counts(held_out)
        self._sides = {name: ngrams.counts(texts) for name, texts in sides.items()}
        self._seed = seed
        self._folds = {
            counted.threads: counted.groups(self._groups)
            for counted in (self._held_out, *self._sides.values())
        }
        self._detectors = {name: self._trained(side) for name, side in self._sides.items()}

    def __call__(self, side: str, draw: Draw) -> float:
        areas = []
        for fold, linear in enumerate(self._detectors[side]):
            if linear is None:
                return math.nan
            deals = _WHOLE_DEALS if draw.is_whole else _DEALS
            own, others = (
                linear.scores(counted.blocks(self._drawn(counted, draw, fold), draw.rng, deals))
                for counted in (self._held_out, self._sides[side])
            )
            areas.append(area(own, others))
        return float(np.mean(areas))

    def _drawn(self, counted: Counted, draw: Draw, fold: int) -> Array:
        """The places of what is drawn of a fold."""
        places = draw.places(counted.threads)
        return places[self._folds[counted.threads][places] == fold]

    def _training_blocks(self, counted: Counted, fold: int, rng: Rng) -> Array:
        places = np.flatnonzero(self._folds[counted.threads] == fold)
        return counted.blocks(places, rng, _TRAINING_DEALS)

    def _trained(self, side: Counted) -> list[Linear | None]:
        """For each fold the detector that was trained on the others; None with too little text."""
        detectors: list[Linear | None] = []
        rng = np.random.default_rng(self._seed)
        for fold in range(_FOLDS):
            own, others = (
                np.concatenate(
                    [
                        self._training_blocks(counted, other, rng)
                        for other in range(_FOLDS)
                        if other != fold
                    ]
                )
                for counted in (self._held_out, side)
            )
            if not len(own) or not len(others):
                detectors.append(None)
                continue
            rows = Rows(np.concatenate([own, others]))
            is_own = np.arange(len(own) + len(others)) < len(own)
            weights = np.where(is_own, 1 / len(own), 1 / len(others))
            detectors.append(rows.fit(np.arange(len(weights)), is_own, weights))
        return detectors


def area(own: Array, others: Array) -> float:
    """The area under the ROC curve: the share of pairs in which the owner's score is higher."""
    if not len(own) or not len(others):
        return math.nan
    pairs = own[:, None] - others[None, :]
    return float((pairs > 0).mean() + (pairs == 0).mean() / 2)
