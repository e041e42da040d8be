"""How often the authorship classifier takes a block for the wrong person's.

Each person with enough text is verified in two halves of his threads, one learnt and one tested,
and the other way round. It learns to tell him from people of one half of the authors, and is
tested on people of the other, whom it has never seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.style.authors import Author
from maverick_assets.evaluation.style.authorship import Authorship, Others, Writer, learn_authorship
from maverick_assets.evaluation.style.blocks import (
    BLOCK_CHARACTERS,
    Array,
    StyleText,
    ThreadGroups,
    cut_alike,
)
from maverick_assets.figures.figure import Interval

LEAST_CHARACTERS = 10 * BLOCK_CHARACTERS  # of a person who is verified: five blocks each way
_MOST_BLOCKS = 6  # of one impostor
_FOLDS = 2
_DRAWS = 1000
_SEED = 19


@dataclass(frozen=True)
class Trial:
    """The scores of one person's own blocks, and of the blocks of all impostors."""

    author: str
    own: Array
    others: Array


@dataclass(frozen=True)
class ErrorRates:
    """Equal error rates (0 to 1) of several people, pooled in three ways.

    `by_author`: each with a threshold of his own, mean over them. `one_threshold`: the same for
    all, rates averaged over people. `by_block`: the same for all, every block weighs the same.
    """

    by_author: Interval
    one_threshold: Interval
    by_block: float
    n_own: int
    n_others: int


def verify(targets: Sequence[Author], known: Sequence[Author]) -> list[Trial]:
    """Trials of all `targets` with enough text; `known` are the people that it learns from.

    Impostors are all `targets` but the one in question, those with little text among them.
    """
    return [
        trial(target, known, [other for other in targets if other is not target])
        for target in targets
        if target.length >= LEAST_CHARACTERS
    ]


def trial(target: Author, known: Sequence[Author], impostors: Sequence[Author]) -> Trial:
    """The scores of a person's two halves and of the impostors, by the classifier of the other."""
    groups = ThreadGroups(target.texts, _FOLDS)
    own: list[Array] = []
    others: list[Array] = []
    for fold in range(_FOLDS):
        rng = np.random.default_rng([_SEED, fold])
        train, test = (
            [text for text in target.texts if (groups.of(text.thread) == fold) is tested]
            for tested in (False, True)
        )
        writers = [Writer("senders", author.name, author.texts) for author in known]
        known_texts = Others.beside(train, writers)
        classifier = learn_authorship(train, writers, known_texts.ngrams, rng)
        assert classifier is not None, f"{target.name}: too little text"
        own.append(_scores(classifier, known_texts, test, rng))
        for impostor in impostors:
            texts = cut_alike(impostor.texts, test)
            others.append(_scores(classifier, known_texts, texts, rng)[:_MOST_BLOCKS])
    return Trial(target.name, np.concatenate(own), np.concatenate(others))


def _scores(
    classifier: Authorship, known: Others, texts: Sequence[StyleText], rng: np.random.Generator
) -> Array:
    counted = known.ngrams.counts(texts)
    return classifier.scores(counted.blocks(np.arange(len(texts)), rng))


def error_rates(trials: Sequence[Trial]) -> ErrorRates:
    """The rates of some trials, with intervals that draw people again."""
    rng = np.random.default_rng(_SEED)
    own_rates = np.asarray([equal_error(each.own, each.others) for each in trials])
    draws = [rng.integers(0, len(trials), len(trials)) for _ in range(_DRAWS)]
    pooled = [_one_threshold([trials[at] for at in draw]) for draw in draws]
    return ErrorRates(
        by_author=_interval(float(own_rates.mean()), [own_rates[draw].mean() for draw in draws]),
        one_threshold=_interval(_one_threshold(trials), pooled),
        by_block=equal_error(
            np.concatenate([each.own for each in trials]),
            np.concatenate([each.others for each in trials]),
        ),
        n_own=sum(len(each.own) for each in trials),
        n_others=sum(len(each.others) for each in trials),
    )


def equal_error(
    own: Array, others: Array, own_weights: Array | None = None, other_weights: Array | None = None
) -> float:
    """The error rate (0 to 1) at the threshold where as many own as other blocks are misjudged.

    Between two thresholds it is interpolated. 0: the scores are apart; 0.5: they say nothing.
    """
    scores = np.concatenate([own, others])
    misses = np.concatenate([_shares(own, own_weights), np.zeros(len(others))])
    alarms = np.concatenate([np.zeros(len(own)), _shares(others, other_weights)])
    thresholds, places = np.unique(scores, return_inverse=True)
    # At each threshold: own blocks below it are missed, others at or above it pass.
    missed = np.concatenate([[0.0], np.cumsum(np.bincount(places, misses, len(thresholds)))])
    passed = 1 - np.concatenate([[0.0], np.cumsum(np.bincount(places, alarms, len(thresholds)))])
    gap = missed - passed  # rises from -1 to 1
    at = int(np.argmax(gap >= 0))
    if gap[at] == 0 or at == 0:
        return float(missed[at])
    share = -gap[at - 1] / (gap[at] - gap[at - 1])
    return float(missed[at - 1] + share * (missed[at] - missed[at - 1]))


def _shares(scores: Array, weights: Array | None) -> Array:
    used = np.ones(len(scores)) if weights is None else weights
    return used / used.sum()


def _one_threshold(trials: Sequence[Trial]) -> float:
    """One threshold for all, and everybody weighs the same."""
    return equal_error(
        np.concatenate([each.own for each in trials]),
        np.concatenate([each.others for each in trials]),
        np.concatenate([np.full(len(each.own), 1 / len(each.own)) for each in trials]),
        np.concatenate([np.full(len(each.others), 1 / len(each.others)) for each in trials]),
    )


def _interval(value: float, draws: Sequence[float]) -> Interval:
    low, high = np.percentile(draws, [2.5, 97.5])
    return Interval(value=value, low=float(low), high=float(high), n=len(draws))
