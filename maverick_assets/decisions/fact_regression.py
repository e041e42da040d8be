"""Which facts of a case go with a yes of the owner: a ridge regression on his decisions.

Its features are the words of a case, its stage (each there or not) and the logarithm of its amount.
Logistic regression on words is the boring model that a twin must not fall behind. So the twin has
it as his own rate, and the language model adds what words in a bag cannot say.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from maverick_assets.decisions.nearest import terms_of
from maverick_assets.decisions.own_decisions import Case, OwnDecision

if TYPE_CHECKING:
    from sklearn.feature_extraction import DictVectorizer

_FOLDS = 5
_FEWEST = 20  # decisions of each sort; with fewer, cross-validation says nothing
_SHARED_BY = 3  # decisions that hold a word which counts: a name that stands in one says nothing
_STRENGTHS = (0.1, 0.3, 1.0)  # of the ridge, inverted; scikit-learn's usual one is 1
_SURE = 1.64  # standard errors by which it must predict better than one rate for all
_RARE = 0.01  # share of his cases that say less than a case must say

_Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Fact:
    """A fact of a case, and what it adds to the log-odds of a yes, in nats."""

    text: str
    effect: float  # beside the mean of his cases; below 0 it speaks for a no


@dataclass(frozen=True)
class FactRegression:
    """A fitted regression."""

    vectorizer: "DictVectorizer"
    amounts: "_Amounts"
    weights: _Floats  # of each feature
    mean: _Floats  # of each feature, in his cases
    constant: float
    fewest: float  # of the words that count, in a case

    def log_odds(self, case: Case) -> float | None:
        """ln(P(yes) / P(no)); None for a case that says less than his cases do.

        To the regression whatever a case does not say is denied, and of a case with two facts that
        would be nearly all that he ever asked.
        """
        if _words_in(case, self.vectorizer) < self.fewest:
            return None
        return float((self._row(case) - self.mean) @ self.weights) + self.constant

    def facts(self, case: Case) -> list[Fact]:
        """What a case says, the fact that counts most first."""
        row = self._row(case)
        effects = (row - self.mean) * self.weights
        names = self.vectorizer.get_feature_names_out()
        facts = [Fact(str(names[at]), float(effects[at])) for at in np.flatnonzero(row)]
        return sorted(facts, key=lambda fact: (-abs(fact.effect), fact.text))

    def _row(self, case: Case) -> _Floats:
        row: _Floats = self.vectorizer.transform([_features(case, case.stage, self.amounts)])[0]
        return row


@dataclass(frozen=True)
class _Amounts:
    """The logarithms of the amounts that he decided on."""

    mean: float
    deviation: float
    low: float
    high: float

    def feature(self, amount: float) -> float:
        """In standard deviations. What he never saw counts as the largest that he saw."""
        return (min(max(math.log(amount), self.low), self.high) - self.mean) / self.deviation


def fitted_regression(decisions: Sequence[OwnDecision], is_deal: bool) -> FactRegression | None:
    """The regression on deals, or on questions; None where it predicts no better than one rate.

    Its strength, and whether it predicts anything, are measured on decisions that it was not fitted
    on, in folds of whole threads. The same decisions give the same regression, in any order.
    """
    some = sorted(
        (each for each in decisions if each.case.is_deal == is_deal and each.said),
        key=lambda each: each.example.example_id,
    )
    yes = np.array([each.said == "yes" for each in some], dtype=bool)
    if min(yes.sum(), (~yes).sum()) < _FEWEST:
        return None
    amounts = _amounts(some)
    rows = [_features(each.case, each.stage or each.case.stage, amounts) for each in some]
    vectorizer, matrix = _matrix(rows)
    if not vectorizer.vocabulary_:  # of deals, nothing but names that each has for itself
        return None
    folds = [hashlib.sha256(each.example.thread_id.encode()).digest()[0] % _FOLDS for each in some]
    from threadpoolctl import threadpool_limits  # scikit-learn needs it, too

    # Two threads on such small products wait for each other, and beside other work for seconds.
    with threadpool_limits(1, user_api="blas"):
        strength = _best_strength(matrix, yes, np.array(folds))
        if strength is None:
            return None
        weights, constant = _fit(matrix, yes, strength)
    mean = matrix.mean(axis=0)
    words = [_words_in(each.case, vectorizer) for each in some]
    return FactRegression(
        vectorizer=vectorizer,
        amounts=amounts,
        weights=weights,
        mean=mean,
        constant=constant + float(mean @ weights),
        fewest=float(np.quantile(words, _RARE)),
    )


def _features(case: Case, stage: str | None, amounts: _Amounts) -> dict[str, float]:
    features = dict.fromkeys(terms_of(case.words), 1.0)
    if stage is not None:
        features[f"stage: {stage}"] = 1.0
    if case.amount is not None and case.amount > 0:
        features["the amount"] = amounts.feature(case.amount)
    return features


def _words_in(case: Case, vectorizer: "DictVectorizer") -> int:
    """How many words of a case the regression knows."""
    return sum(term in vectorizer.vocabulary_ for term in set(terms_of(case.words)))


def _amounts(decisions: Sequence[OwnDecision]) -> _Amounts:
    known = [each.case.amount for each in decisions]
    logs = [math.log(amount) for amount in known if amount is not None and amount > 0] or [0.0]
    return _Amounts(float(np.mean(logs)), float(np.std(logs)) or 1.0, min(logs), max(logs))


def _matrix(rows: Sequence[dict[str, float]]) -> tuple["DictVectorizer", _Floats]:
    """A row for each decision, a column for each feature that several of them have."""
    from sklearn.feature_extraction import DictVectorizer

    held = Counter(name for row in rows for name in row)
    shared = [{name: row[name] for name in row if held[name] >= _SHARED_BY} for row in rows]
    vectorizer = DictVectorizer(sparse=False)
    return vectorizer, vectorizer.fit_transform(shared)


def _best_strength(matrix: _Floats, yes: _Floats, folds: _Floats) -> float | None:
    """The strength that predicts best in cross-validation; None where one rate for all does."""
    plain = np.zeros(len(yes))
    losses = {strength: np.zeros(len(yes)) for strength in _STRENGTHS}
    for fold in np.unique(folds):
        train, asked = folds != fold, folds == fold
        if len(set(yes[train])) < 2:
            return None
        rate = (yes[train].sum() + 1) / (train.sum() + 2)
        plain[asked] = -np.log(np.where(yes[asked], rate, 1 - rate))
        for strength, loss in losses.items():
            weights, constant = _fit(matrix[train], yes[train], strength)
            odds = matrix[asked] @ weights + constant
            loss[asked] = np.logaddexp(0, np.where(yes[asked], -odds, odds))
    best = min(_STRENGTHS, key=lambda strength: float(losses[strength].mean()))
    gain = plain - losses[best]
    error = float(gain.std()) / math.sqrt(len(gain))
    return best if float(gain.mean()) > _SURE * error else None


def _fit(matrix: _Floats, yes: _Floats, strength: float) -> tuple[_Floats, float]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, max_iter=2000).fit(matrix, yes)
    return model.coef_[0], float(model.intercept_[0])
