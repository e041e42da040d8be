"""Shares with intervals, where several texts of one thread are not independent."""

from collections.abc import Hashable, Sequence
from math import sqrt

from maverick_assets.figures.figure import Interval

_Z = 1.959963984540054  # quantile 0.975 of the normal distribution


def share(hits: Sequence[bool], threads: Sequence[Hashable]) -> Interval:
    """The share of hits, with Wilson's interval (1927) for as many trials as there are threads.

    Texts of one thread resemble each other, so that they count as one trial: the interval is the
    widest that they can need. Unlike a bootstrap, it is no point where all texts are hits. Raises
    `ValueError` without texts.
    """
    if not hits:
        raise ValueError("a share needs texts")
    return wilson(sum(hits) / len(hits), len(set(threads)))


def change(before: Interval, after: Interval) -> Interval:
    """`after` - `before`, by Newcombe's hybrid of two Wilson intervals (1998, method 10).

    It takes the two as independent, which is too wide where the same conversations are in both.
    """
    value = after.value - before.value
    down = sqrt((after.value - after.low) ** 2 + (before.high - before.value) ** 2)
    up = sqrt((after.high - after.value) ** 2 + (before.value - before.low) ** 2)
    return Interval(value=value, low=value - down, high=value + up, n=min(before.n, after.n))


def wilson(value: float, n: int) -> Interval:
    """A share of `n` trials with Wilson's score interval of 95 % (1927)."""
    squared = _Z * _Z
    centre = (value + squared / (2 * n)) / (1 + squared / n)
    half = _Z * sqrt(value * (1 - value) / n + squared / (4 * n * n)) / (1 + squared / n)
    low, high = max(0.0, min(value, centre - half)), min(1.0, max(value, centre + half))
    return Interval(value=value, low=low, high=high, n=n)
