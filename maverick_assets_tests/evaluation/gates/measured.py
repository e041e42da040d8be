"""Metrics of an evaluation, as its process writes them."""

import math
from collections.abc import Sequence
from typing import Any

from maverick_assets.figures.comparison import Comparison
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.text import Skills, TextFigures, Texts
from maverick_assets.records import Metrics, Score

BASE = 40.0


def score(perplexity: float) -> Score:
    return Score(loss=math.log(perplexity), perplexity=perplexity)


def interval(low: float, high: float, n: int = 20) -> Interval:
    return Interval(value=(low + high) / 2, low=low, high=high, n=n)


def comparison(against: Any, on: Any, low: float, high: float) -> Comparison:
    difference = interval(low, high)
    return Comparison(against=against, on=on, difference=difference, n_examples=difference.n)


def measured(
    adapter: float,
    in_service: float | None = None,
    comparisons: Sequence[Comparison] = (),
    **changes: Any,
) -> Metrics:
    """By default with a version in service the candidate is clearly better than that one."""
    if in_service is not None and not comparisons:
        comparisons = [comparison("in_service", "held_out", -0.5, -0.3)]
    metrics = Metrics(
        split="validation",
        n_examples=10,
        n_supervised=100,
        base=score(BASE),
        adapter=score(adapter),
        in_service=None if in_service is None else score(in_service),
        ratio=adapter / BASE,
        seconds=1.0,
        base_digest="d",
        comparisons=tuple(comparisons),
    )
    return metrics.model_copy(update=changes)


def forgetful(low: float, high: float) -> TextFigures:
    """Figures of a version that knows less than the base of general questions."""
    texts = Texts(n=2, characters=10, distinct_1=1, distinct_2=1, loops=0)
    skills = Skills(
        n=40,
        digest="d",
        accuracy=0.4,
        base_accuracy=0.6,
        probability=0.4,
        base_probability=0.6,
        difference=interval(low, high, 40),
    )
    return TextFigures(owner=texts, arms={}, bleu_signature="", chrf_signature="", skills=skills)
