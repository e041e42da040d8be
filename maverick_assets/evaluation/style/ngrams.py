"""Blocks of texts as rows of character n-grams, and a linear classifier of such rows.

Character n-grams are what authorship verification of short texts relies on (Stamatatos 2009, "A
Survey of Modern Authorship Attribution Methods"; Brocardo et al. 2013 for blocks of 500 characters
of mail). Weights are those of TF-IDF with logarithmic counts; the classifier is a logistic
regression. Its settings were chosen on half of the authors of `benchmarks.style`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from maverick_assets.evaluation.style.blocks import Array, Rng, StyleText, ThreadGroups, deal

_RANGE = (2, 4)
_MOST = 10_000  # n-grams; with 3,000 the error rate was higher by a tenth of itself
_PENALTY = 10.0  # C of the logistic regression
DEALS = 3  # of the same texts to different blocks: more rows to learn from


class Ngrams:
    """The n-grams of a vocabulary."""

    def __init__(self, texts: Iterable[str]) -> None:
        """`texts` give the vocabulary: their most frequent n-grams."""
        from sklearn.feature_extraction.text import CountVectorizer

        self._vectorizer = CountVectorizer(
            analyzer="char", ngram_range=_RANGE, lowercase=False, max_features=_MOST
        )
        self._vectorizer.fit(texts)

    def counts(self, texts: Sequence[StyleText]) -> "Counted":
        rows = self._vectorizer.transform([text.text for text in texts]).toarray()
        lengths = np.asarray([len(text.text) for text in texts], float)
        return Counted(rows.astype(np.float32), lengths, tuple(text.thread for text in texts))


@dataclass(frozen=True)
class Counted:
    """Counts of n-grams by text [text, n-gram], with each text's length and thread."""

    rows: Array
    lengths: Array
    threads: tuple[str, ...]

    def groups(self, groups: ThreadGroups) -> Array:
        """The group of each text."""
        return np.asarray([groups.of(thread) for thread in self.threads], int)

    def blocks(self, places: Array, rng: Rng, deals: int = 1) -> Array:
        """Counts [block, n-gram] of the blocks that the texts at these places are dealt to."""
        dealt = [np.zeros((0, self.rows.shape[1]), np.float32)]
        for _ in range(deals):
            block_of, count = deal(self.lengths[places], rng)
            if count:
                member = np.arange(count)[:, None] == block_of[None, :]
                dealt.append(member.astype(np.float32) @ self.rows[places])
        return np.concatenate(dealt)


@dataclass(frozen=True)
class Linear:
    """A linear classifier of blocks."""

    idf: Array
    weights: Array
    intercept: float

    def scores(self, blocks: Array) -> Array:
        """Log-odds of each block, from counts [block, n-gram]."""
        return _weighted(blocks, self.idf) @ self.weights + self.intercept


class Rows:
    """Training rows of one or several classifiers.

    All are computed in the space that the rows span: a few hundred dimensions in place of thousands
    of n-grams, with the same result, because the penalty is the squared norm of the weights.
    """

    def __init__(self, counts: Array) -> None:
        """`counts` [block, n-gram]."""
        # Rarer n-grams weigh more (smoothed, as scikit-learn has it).
        self._idf = np.log((1 + len(counts)) / (1 + (counts > 0).sum(axis=0))) + 1
        rows = _weighted(counts, self._idf).astype(np.float64)
        values, vectors = np.linalg.eigh(rows @ rows.T)
        kept = values > values[-1] * 1e-10
        self._basis = (vectors[:, kept] / np.sqrt(values[kept])).T @ rows  # orthonormal
        self._coordinates = rows @ self._basis.T

    def fit(self, places: Array, is_own: Array, weights: Array) -> Linear:
        """The classifier of the rows at these places; `is_own` and `weights` of each of them."""
        from sklearn.linear_model import LogisticRegression

        # Weights that add up to the number of rows, so that the penalty means the same for all.
        scaled = weights * len(weights) / weights.sum()
        model = LogisticRegression(C=_PENALTY, max_iter=1000)
        model.fit(self._coordinates[places], is_own, sample_weight=scaled)
        return Linear(self._idf, model.coef_[0] @ self._basis, float(model.intercept_[0]))


def _weighted(counts: Array, idf: Array) -> Array:
    """TF-IDF of counts [block, n-gram], each row of length 1."""
    rows = np.log1p(counts) * idf
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
