"""The difference of two models' losses on the same examples, with an interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from scipy.special import stdtrit

from maverick_assets.figures.figure import Interval

RESAMPLES = 2_000
# With fewer threads whose differences have one sign, chance alone excludes 0 more than once in 20
# times: a sign test has p = 2 / 2 ** threads.
MIN_THREADS = 6
_LEVEL = 0.05
_SEED = 20261128

_Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class PairedLosses:
    """Losses of two models on the same examples; all sequences are of one length, and not empty."""

    candidate: Sequence[float]  # nats, summed over the supervised tokens of each example
    other: Sequence[float]
    n_supervised: Sequence[int]
    threads: Sequence[str]


def paired_difference(losses: PairedLosses) -> Interval:
    """The candidate's loss less the other's, in nats per supervised token, over all examples.

    Below 0 the candidate is better. The interval is a paired bootstrap of whole threads: expanded
    percentiles (Hesterberg 2015, "What Teachers Should Know About the Bootstrap"), because plain
    ones are too narrow for few threads. With fewer than `MIN_THREADS` threads, low and high are
    nan. The same losses give the same interval.
    """
    by_thread, tokens = _sums_by_thread(losses)
    value, n = float(by_thread.sum() / tokens.sum()), len(tokens)
    return _interval(value, _resampled(by_thread, tokens, _SEED), n)


def difference_of_sets(one: PairedLosses, other: PairedLosses) -> Interval:
    """`paired_difference` of one set of examples less that of another set; n is the smaller one's.

    The sets share no thread, and are resampled apart.
    """
    values, resampled, counts = [], [], []
    for seed, losses in enumerate((one, other), _SEED):
        by_thread, tokens = _sums_by_thread(losses)
        values.append(float(by_thread.sum() / tokens.sum()))
        resampled.append(_resampled(by_thread, tokens, seed))
        counts.append(len(tokens))
    return _interval(values[0] - values[1], resampled[0] - resampled[1], min(counts))


def _sums_by_thread(losses: PairedLosses) -> tuple[_Floats, _Floats]:
    """The difference of each thread, in nats, and its supervised tokens."""
    _, thread_of = np.unique(np.asarray(losses.threads), return_inverse=True)
    differences = np.asarray(losses.candidate, float) - np.asarray(losses.other, float)
    by_thread: _Floats = np.bincount(thread_of, differences).astype(np.float64)
    tokens: _Floats = np.bincount(thread_of, losses.n_supervised).astype(np.float64)
    return by_thread, tokens


def _resampled(by_thread: _Floats, tokens: _Floats, seed: int) -> _Floats:
    """The difference per token of each resample."""
    rng, n = np.random.default_rng(seed), len(tokens)
    # Counts of a multinomial: how often each thread is drawn, in place of the drawn threads.
    drawn = rng.multinomial(n, np.full(n, 1 / n), size=RESAMPLES)
    resampled: _Floats = (drawn @ by_thread) / (drawn @ tokens)
    return resampled


def _interval(value: float, resampled: _Floats, n: int) -> Interval:
    if n < MIN_THREADS or not math.isfinite(value):
        return Interval(value=value, low=math.nan, high=math.nan, n=n)
    t = float(stdtrit(n - 1, _LEVEL / 2))
    tail = NormalDist().cdf(math.sqrt(n / (n - 1)) * t)
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return Interval(value=value, low=float(low), high=float(high), n=n)
