"""Scores of predicted decisions: each a pure function with a known answer.

A prediction is a list of probabilities, one for each option, and `truths` holds the index of the
option that the owner took. Ties are for the first option, as options are sorted.
"""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.optimize import minimize

from maverick_assets.decisions.weighing import Weights
from maverick_assets.evaluation.shares import wilson
from maverick_assets.figures.decisions import Decider, ReliabilityBin
from maverick_assets.figures.figure import Interval

BINS = 10
_LEAST_IN_BIN = 30  # decisions; with fewer, chance alone looks like an error
_LEAST = 1e-12  # probability that a log-loss is computed with
# Inverse temperature, weight of the rate, lean, lapse
_BOUNDS = ((1 / 200, 20.0), (0.0, 10.0), (-5.0, 5.0), (0.0, 0.5))
_START = (1.0, 1.0, 0.0, 0.05)
_NO_LAPSES = 10  # decisions without a lapse that are taken for granted

Probabilities = Sequence[float]
_Floats = np.ndarray[Any, np.dtype[np.float64]]


def share_right(right: Sequence[bool]) -> Interval:
    """The share that is right, with the interval of Wilson (1927). NaN of nothing."""
    n = len(right)
    if not n:
        return Interval(value=math.nan, low=math.nan, high=math.nan, n=0)
    return wilson(sum(right) / n, n)


def taken(probabilities: Probabilities) -> int:
    """The option that is taken: the likeliest, of equal ones the first."""
    return max(range(len(probabilities)), key=lambda at: (probabilities[at], -at))


def accuracy(predictions: Sequence[Probabilities], truths: Sequence[int]) -> Interval:
    """How often the likeliest option is the owner's."""
    return share_right([taken(p) == truth for p, truth in zip(predictions, truths, strict=True)])


def log_loss(predictions: Sequence[Probabilities], truths: Sequence[int]) -> float:
    """Mean of -ln P(the owner's option), in nats: 0 is best, ln 2 what a coin has."""
    losses = [
        -math.log(max(p[truth], _LEAST)) for p, truth in zip(predictions, truths, strict=True)
    ]
    return math.fsum(losses) / len(losses)


def brier(predictions: Sequence[Probabilities], truths: Sequence[int]) -> float:
    """Mean squared distance from what happened, summed over options: 0 to 2 (Brier 1950)."""
    distances = [
        math.fsum((p - (at == truth)) ** 2 for at, p in enumerate(probabilities))
        for probabilities, truth in zip(predictions, truths, strict=True)
    ]
    return math.fsum(distances) / len(distances)


def reliability(
    predictions: Sequence[Probabilities], truths: Sequence[int], bins: int = BINS
) -> tuple[ReliabilityBin, ...]:
    """At most `bins` bins of equal mass and at least 30 decisions, the least confident first.

    Bins of equal width would leave most of them nearly empty (Nixon et al. 2019).
    """
    judged = sorted(
        (max(p), taken(p) == truth) for p, truth in zip(predictions, truths, strict=True)
    )
    count = max(1, min(bins, len(judged) // _LEAST_IN_BIN))
    edges = [len(judged) * at // count for at in range(count + 1)]
    groups = [judged[start:end] for start, end in pairwise(edges)]
    return tuple(
        ReliabilityBin(
            n=len(group),
            confidence=math.fsum(confidence for confidence, _ in group) / len(group),
            accuracy=sum(right for _, right in group) / len(group),
        )
        for group in groups
        if group
    )


def expected_calibration_error(bins: Sequence[ReliabilityBin]) -> float:
    """Mean distance of confidence and accuracy, weighted by the bins' sizes: 0 to 1."""
    total = sum(each.n for each in bins)
    return math.fsum(each.n * abs(each.confidence - each.accuracy) for each in bins) / total


def calibration_error_by_chance(predictions: Sequence[Probabilities]) -> float:
    """The expected calibration error that these predictions have although they are honest.

    In a bin of n decisions the share that is right is about normal, with the variance p (1 - p) / n
    that its confidence p has; sqrt(2 / pi) deviations are its mean distance.
    """
    bins = reliability(predictions, [0] * len(predictions))
    distances = [
        each.n * math.sqrt(2 / math.pi * each.confidence * (1 - each.confidence) / each.n)
        for each in bins
    ]
    return math.fsum(distances) / len(predictions)


def entropy(counts: Sequence[int]) -> float:
    """Entropy of a distribution, in nats, from its counts: 0 where one option has them all."""
    total = sum(counts)
    return -math.fsum(count / total * math.log(count / total) for count in counts if count) + 0.0


def choice_counts(choices: Sequence[int], options: int) -> list[int]:
    """How often each option was taken."""
    counted = Counter(choices)
    return [counted[at] for at in range(options)]


def fitted_weights(
    gains: Sequence[Sequence[float]], yes: Sequence[float | None], truths: Sequence[int]
) -> Weights:
    """The weights of least log-loss.

    `gains` are nats of each option; `yes` is how often the owner says yes in each case, where the
    first of two options says yes and the other no, and None where he has no such rate. Few
    decisions say little about four numbers: the inverse of the temperature, the rate's weight and
    the lean are drawn towards 1, 1 and 0 as by a normal distribution of deviation 1, the lapse
    towards 0 as by ten decisions without one.
    """
    model = np.asarray(gains, dtype=float)
    odds = np.array([0.0 if p is None else math.log(p) - math.log1p(-p) for p in yes])
    leans = np.array([float(p is not None) for p in yes])
    side = np.array([0.5, -0.5] if leans.any() else [0.0] * model.shape[1])
    taken_by_owner = np.arange(len(truths)), np.asarray(truths)

    def loss(weights: _Floats) -> float:
        trust, rate, lean, lapse = (float(each) for each in weights)
        scores = trust * model + np.outer(rate * odds + lean * leans, side)
        total = np.logaddexp.reduce(scores, axis=1)
        explained = np.exp(scores[taken_by_owner] - total)
        shares = (1 - lapse) * explained + lapse / model.shape[1]
        drawn = ((trust - 1) ** 2 + (rate - 1) ** 2 + lean**2) / 2
        likelihood = float(np.log(np.maximum(shares, _LEAST)).sum())
        return drawn - likelihood - _NO_LAPSES * math.log1p(-lapse)

    best = minimize(loss, _START, method="L-BFGS-B", bounds=_BOUNDS)
    trust, rate, lean, lapse = (float(each) for each in best.x)
    return Weights(temperature=1 / trust, rate=rate, lean=lean, lapse=lapse)


def decider(name: str, predictions: Sequence[Probabilities], truths: Sequence[int]) -> Decider:
    """The scores of one way of deciding."""
    return Decider(
        name=name,
        accuracy=accuracy(predictions, truths),
        log_loss=log_loss(predictions, truths),
        brier=brier(predictions, truths),
    )
