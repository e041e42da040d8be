"""Boring models that a twin must beat: they know the owner's earlier decisions and no language.

Each gives the probabilities of the options for every held-out decision.
"""

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from maverick_assets.decisions.nearest import Nearest, rate_of_yes
from maverick_assets.decisions.own_decisions import Case
from maverick_assets.decisions.own_rate import OwnRate
from maverick_assets.evaluation.decisions.cases import Kind
from maverick_assets.evaluation.decisions.scores import choice_counts

Predictions = list[list[float]]

# "30%", "7,500", "don't"
_WORD = r"\d+(?:[.,]\d+)*%?|[^\W\d_]+(?:'[^\W\d_]+)?"


def majority(kind: Kind) -> Predictions:
    """What he decided most often, whatever the case. Counts are smoothed by one (Laplace)."""
    counts = choice_counts([each.truth for each in kind.train], len(kind.options))
    rates = [(count + 1) / (sum(counts) + len(counts)) for count in counts]
    return [rates for _ in kind.held_out]


def stage_rate(kind: Kind) -> Predictions:
    """How often he said yes at the deal's stage, drawn towards his rate of all deals."""
    own = [each.own for each in kind.train]
    return [_yes_no(rate_of_yes(each.case, own, [])) for each in kind.held_out]


def nearest_cases(kind: Kind) -> Predictions:
    """What he decided in the five nearest cases.

    For deals as a server does where facts predict nothing (`nearest.rate_of_yes`); for others the
    share of each option among them, by their similarity and smoothed by all decisions.
    """
    own = [each.own for each in kind.train]
    index = Nearest(own)
    near = [index.to(each.case) for each in kind.held_out]
    if kind.name == "deals":
        rates = [rate_of_yes(c.case, own, n) for c, n in zip(kind.held_out, near, strict=True)]
        return [_yes_no(rate) for rate in rates]
    truth_of = {each.own.example.example_id: each.truth for each in kind.train}
    broad = majority(kind)
    return [
        _drawn(rates, [(truth_of[n.decision.example.example_id], n.similarity) for n in some])
        for rates, some in zip(broad, near, strict=True)
    ]


def own_rates_of_yes(kind: Kind) -> list[float | None]:
    """The owner's rate in each held-out case, as a server computes it."""
    rate = OwnRate([each.own for each in kind.train])
    rated = [rate.of(each.case) for each in kind.held_out]
    return [each.yes if each else None for each in rated]


def regression(kind: Kind) -> Predictions:
    """Logistic regression on the words of the facts, the deal's stage and the log of its amount.

    Words and stages are present or absent; scikit-learn's ridge of 1. Where the owner always
    decided alike there is nothing to fit, and his majority is returned.
    """
    truths = [each.truth for each in kind.train]
    if len(set(truths)) < 2:
        return majority(kind)
    words = CountVectorizer(token_pattern=_WORD, binary=True)
    stages = CountVectorizer(tokenizer=_whole, token_pattern=None, binary=True, lowercase=False)
    train, held_out = ([each.case for each in some] for some in (kind.train, kind.held_out))
    texts = [stages.fit_transform([case.stage or "-" for case in train])]
    asked = [stages.transform([case.stage or "-" for case in held_out])]
    if any(re.search(_WORD, case.words) for case in train):  # deals may have no name and no notes
        texts.insert(0, words.fit_transform([case.words for case in train]))
        asked.insert(0, words.transform([case.words for case in held_out]))
    model = LogisticRegression(max_iter=2000)
    model.fit(hstack([*texts, _amounts(train, train)]), truths)
    by_class = model.predict_proba(hstack([*asked, _amounts(held_out, train)]))
    predictions = np.zeros((len(held_out), len(kind.options)))
    predictions[:, model.classes_] = by_class
    rows: Predictions = predictions.tolist()
    return rows


def _whole(text: str) -> list[str]:
    return [text]


def _amounts(cases: Sequence[Case], train: Sequence[Case]) -> Any:
    """The logarithms of amounts, in standard deviations of those that were trained on; 0: none."""
    logs = [math.log(c.amount) for c in train if c.amount and c.amount > 0] or [0.0]
    mean, deviation = float(np.mean(logs)), float(np.std(logs)) or 1.0
    column = [
        [(math.log(c.amount) - mean) / deviation if c.amount and c.amount > 0 else 0.0]
        for c in cases
    ]
    return csr_matrix(column)


def _yes_no(yes: float | None) -> list[float]:
    rate = 0.5 if yes is None else yes
    return [rate, 1 - rate]


def _drawn(rates: Sequence[float], near: Sequence[tuple[int, float]]) -> list[float]:
    """Shares among the nearest, drawn towards `rates` as by two decisions more."""
    top = max((similarity for _, similarity in near), default=1.0)
    weights = [2.0 * rate for rate in rates]
    for truth, similarity in near:
        weights[truth] += similarity / top
    return [weight / math.fsum(weights) for weight in weights]
