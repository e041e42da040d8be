"""Who wrote a text: a linear classifier on n-grams of characters and words.

It learns from the texts that the personalities were trained on, and its accuracy is measured on
texts of threads that it has not seen. Linear models on character n-grams are what authorship
attribution uses where texts are short and few (Stamatatos 2009; Kestemont et al. 2018).
"""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union

from maverick_assets.evaluation.personality.texts import Corpus, Text
from maverick_assets.evaluation.shares import share, wilson
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.personality import Confusion

MIN_TEXTS = 20  # of a label to learn from
MIN_HELD_OUT = 3  # of a label to be measured on
_WORDS_AND_MARKS = r"[^\W_]+|[^\w\s]"
_SEED = 0

LabelOf = Callable[[Text], str | None]


@dataclass(frozen=True)
class Classifier:
    """Names the label of a text: its personality, its mood or its mode."""

    labels: tuple[str, ...]
    held_out: Sequence[Text]  # with a label, of splits that it has not learnt from
    label_of: LabelOf
    corpus: Corpus
    model: Any

    def heard(self, texts: Sequence[str]) -> list[str]:
        """The label that is heard in each text."""
        if not texts:
            return []
        masked = [self.corpus.mask(text) for text in texts]
        return [str(label) for label in self.model.predict(masked)]

    def accuracy(self) -> Interval:
        """Balanced accuracy on held-out texts: mean over the labels of the share that it names.

        n: threads. The interval is Wilson's for that many trials.
        """
        heard = self.heard([text.said for text in self.held_out])
        hits: dict[str | None, list[bool]] = {}
        for text, label in zip(self.held_out, heard, strict=True):
            hits.setdefault(self.label_of(text), []).append(label == self.label_of(text))
        n = len({text.thread for text in self.held_out})
        return wilson(fmean(fmean(each) for each in hits.values()), n)

    def recall(self, label: str) -> Interval | None:
        """The share of a label's held-out texts that it names; None where there is no such text."""
        own = [text for text in self.held_out if self.label_of(text) == label]
        return self.share_of(label, [(text.said, text.thread) for text in own]) if own else None

    def share_of(self, label: str, texts: Sequence[tuple[str, Hashable]]) -> Interval:
        """The share of texts, each with its thread, in which `label` is heard."""
        heard = self.heard([text for text, _ in texts])
        return share([each == label for each in heard], [thread for _, thread in texts])


def fit_classifier(corpus: Corpus, label_of: LabelOf) -> Classifier | None:
    """A classifier of the labels that the training texts have, classes weighing the same.

    Labels with fewer than `MIN_TEXTS` texts to learn from, or `MIN_HELD_OUT` to be measured on, are
    left out. None where fewer than two are left. The same texts give the same classifier.
    """
    train = [text for text in corpus.texts if text.split == "train"]
    held_out = [text for text in corpus.texts if text.split != "train"]
    learnt = Counter(map(label_of, train))
    measured = Counter(map(label_of, held_out))
    labels = tuple(
        sorted(
            label
            for label, count in learnt.items()
            if label and count >= MIN_TEXTS and measured[label] >= MIN_HELD_OUT
        )
    )
    if len(labels) < 2:
        return None
    train = [text for text in train if label_of(text) in labels]
    held_out = [text for text in held_out if label_of(text) in labels]
    model = _pipeline()
    model.fit([corpus.mask(text.said) for text in train], [label_of(text) for text in train])
    return Classifier(labels, held_out, label_of, corpus, model)


def confusion(asked: Sequence[str], heard: Sequence[str]) -> Confusion:
    """How often each label was heard where another was asked for."""
    counts: Confusion = {}
    for wanted, got in zip(asked, heard, strict=True):
        row = counts.setdefault(wanted, {})
        row[got] = row.get(got, 0) + 1
    return {wanted: dict(sorted(row.items())) for wanted, row in sorted(counts.items())}


def _pipeline() -> Any:
    characters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=2
    )
    words = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, min_df=2, token_pattern=_WORDS_AND_MARKS
    )
    # 20 examples of a mood beside 800 of the twin: without weights, the twin would be heard.
    weights = LogisticRegression(C=10, class_weight="balanced", max_iter=500, random_state=_SEED)
    return make_pipeline(make_union(characters, words), weights)
