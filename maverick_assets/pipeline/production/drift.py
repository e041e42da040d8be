"""How far what is asked and answered in service is from the texts of training."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from maverick_assets.lake.served import TOPICS

MIN_ANSWERS = 20  # fewer say nothing about a distribution
_DRAWS = 1000
_SEED = 0

Shares = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Drift:
    """A distance, and how often chance alone is as large."""

    distance: float  # 0: the same, 1: nothing in common
    p_value: float


def topic_drift(topics: Sequence[int], expected: Sequence[float]) -> Drift | None:
    """Jensen-Shannon divergence (bits, 0 to 1) of topics in service from those of training.

    `expected`: the shares of training's questions. The null is that questions are drawn from these:
    few questions are always some way off, and `p_value` says how often as far. None for fewer than
    `MIN_ANSWERS` questions, and where training has none.
    """
    if len(topics) < MIN_ANSWERS or not any(expected):
        return None
    shares = np.asarray(expected) / sum(expected)
    counts = Counter(topics)
    observed = np.array([counts[topic] for topic in range(TOPICS)]) / len(topics)
    distance = float(_divergence(observed[None], shares)[0])
    draws = np.random.default_rng(_SEED).multinomial(len(topics), shares, size=_DRAWS)
    chance = _divergence(draws / len(topics), shares)
    return Drift(distance, float((1 + (chance >= distance).sum()) / (1 + _DRAWS)))


def length_drift(lengths: Sequence[int], expected: Sequence[int]) -> Drift | None:
    """Two-sample Kolmogorov-Smirnov statistic (0 to 1) of answers' lengths, with its p-value.

    `expected`: the lengths in training. None for fewer than `MIN_ANSWERS` of either.
    """
    if min(len(lengths), len(expected)) < MIN_ANSWERS:
        return None
    from scipy.stats import ks_2samp

    result = ks_2samp(list(lengths), list(expected), method="asymp")
    return Drift(float(result.statistic), float(result.pvalue))


def _divergence(rows: Shares, shares: Shares) -> Shares:
    """Of each row from `shares`; base 2."""
    middle = (rows + shares) / 2
    return (_relative_entropy(rows, middle) + _relative_entropy(shares[None], middle)) / 2


def _relative_entropy(of: Shares, from_: Shares) -> Shares:
    ratio = np.divide(of, from_, out=np.ones_like(from_), where=of > 0)
    sums: Shares = (of * np.log2(ratio, out=np.zeros_like(ratio), where=ratio > 0)).sum(axis=1)
    return sums
