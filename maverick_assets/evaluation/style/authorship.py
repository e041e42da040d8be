"""Who wrote a block: a classifier of the owner's texts against everybody else's.

Its negatives are other senders, other personalities, machine text and the owner's own words
shuffled, so that neither "a person", "this business" nor "his vocabulary" is enough to pass.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from maverick_assets.evaluation.style.blocks import Array, Rng, StyleText, ThreadGroups, cut_alike
from maverick_assets.evaluation.style.ngrams import DEALS, Counted, Linear, Ngrams, Rows
from maverick_assets.evaluation.style.scale import OWNER, Draw

Kind = Literal["senders", "personalities", "machine", "shuffled"]
BlockKind = Kind | Literal["own"]
Sides = Mapping[str, Sequence[StyleText]]

_FOLDS = 2
_VETO = 4.0  # what words out of order cost; half of it at the score that shuffled words have
_MOST_GROUPS = 4  # of threads and of writers, for the scores that calibrate
_GROUP_CHARACTERS = 1000  # of the owner, that a group has at least
_OTHERS: frozenset[BlockKind] = frozenset({"senders", "personalities", "machine"})
_MOST_BLOCKS = 6  # of one writer: nobody who writes much becomes the type of all others


@dataclass(frozen=True)
class Writer:
    """Somebody else, whose texts the classifier learns to tell from the owner's."""

    kind: Kind
    name: str
    texts: Sequence[StyleText]


@dataclass(frozen=True)
class Others:
    """All that the classifier learns to tell from the owner's texts."""

    writers: Sequence[Writer]
    machine: Sequence[StyleText]
    ngrams: Ngrams

    @classmethod
    def beside(
        cls, own: Sequence[StyleText], writers: Sequence[Writer], machine: Sequence[StyleText] = ()
    ) -> "Others":
        """Others, with the n-grams of their texts and `own`."""
        texts = [*own, *machine, *(text for writer in writers for text in writer.texts)]
        return cls(writers, machine, Ngrams(text.text for text in texts))


@dataclass(frozen=True)
class Contrast:
    """A classifier of the owner's blocks against some kinds of others, with its calibration."""

    linear: Linear
    middle: float
    spread: float

    def scores(self, blocks: Array) -> Array:
        """1 and -1 are about what blocks of the owner and of others get that it has not learnt.

        As many of each are on the wrong side of 0. Without this calibration the scores of two
        owners, or of two classifiers of one, do not compare.
        """
        return (self.linear.scores(blocks) - self.middle) / self.spread


@dataclass(frozen=True)
class Authorship:
    """Tells the owner's blocks from everybody else's, and from his own words shuffled."""

    by_people: Contrast  # against other people and machines
    by_order: Contrast  # against the owner's own words, shuffled

    def scores(self, blocks: Array) -> Array:
        """How much more a block is the owner's than others', from counts [block, n-gram].

        Words that are his, in an order that is nobody's, are no text of his: the order has a veto.
        It has no other say, because it is in order in everybody's texts. (One classifier against
        both would look at the order and at little else.)
        """
        disorder = np.minimum(self.by_order.scores(blocks), 0)
        return self.by_people.scores(blocks) + _VETO * disorder


def shuffled(texts: Sequence[StyleText], rng: Rng) -> list[StyleText]:
    """Texts of the same numbers of words, which are those of all of them in another order."""
    words = [word for text in texts for word in text.text.split()]
    rng.shuffle(words)
    left = iter(words)
    return [
        StyleText(" ".join(next(left) for _ in text.text.split()), text.thread) for text in texts
    ]


def learn_authorship(
    own: Sequence[StyleText], writers: Sequence[Writer], ngrams: Ngrams, rng: Rng
) -> Authorship | None:
    """The classifier of `own` against `writers`; None where either has too little text."""
    n_groups = min(_MOST_GROUPS, sum(len(text.text) for text in own) // _GROUP_CHARACTERS)
    if n_groups < 2:
        return None
    groups = ThreadGroups(own, n_groups)
    blocks = _blocks("own", ngrams.counts(own), groups, rng)
    for other in [*writers, Writer("shuffled", "", shuffled(own, rng))]:
        counted = ngrams.counts(cut_alike(other.texts, own))
        blocks += _other_blocks(other, counted, groups, rng)
    if not blocks:
        return None
    rows = Rows(np.stack([block.counts for block in blocks]))
    by_people = _contrast(rows, blocks, _OTHERS, groups)
    by_order = _contrast(rows, blocks, {"shuffled"}, groups)
    return Authorship(by_people, by_order) if by_people and by_order else None


@dataclass(frozen=True)
class _Block:
    """A row of training."""

    counts: Array
    kind: BlockKind
    group: int


def _blocks(kind: BlockKind, counted: Counted, groups: ThreadGroups, rng: Rng) -> list[_Block]:
    """Blocks each of threads of one group, so that calibration never scores what it learnt."""
    blocks: list[_Block] = []
    group_of = counted.groups(groups)
    for group in range(groups.count):
        places = np.flatnonzero(group_of == group)
        deals = DEALS if kind == "own" else 1
        blocks += [_Block(counts, kind, group) for counts in counted.blocks(places, rng, deals)]
    return blocks


def _other_blocks(other: Writer, counted: Counted, groups: ThreadGroups, rng: Rng) -> list[_Block]:
    """Blocks of somebody else. One of many senders belongs to one group with all his blocks."""
    if other.kind != "senders":
        return _blocks(other.kind, counted, groups, rng)
    group = groups.of(other.name)
    dealt = counted.blocks(np.arange(len(other.texts)), rng)[:_MOST_BLOCKS]
    return [_Block(counts, other.kind, group) for counts in dealt]


def _contrast(
    rows: Rows, blocks: Sequence[_Block], kinds: Collection[BlockKind], groups: ThreadGroups
) -> Contrast | None:
    """The owner against some kinds, calibrated by what classifiers of the other groups' rows say.

    None where one of both has too little text.
    """
    own_scores: list[float] = []
    other_scores: list[float] = []
    in_question = [at for at, block in enumerate(blocks) if block.kind in {"own", *kinds}]
    for group in range(groups.count):
        learnt = _fit(rows, blocks, [at for at in in_question if blocks[at].group != group])
        if learnt is None:
            continue
        for block in (blocks[at] for at in in_question):
            if block.group == group:
                scores = own_scores if block.kind == "own" else other_scores
                scores.append(float(learnt.scores(block.counts[None])[0]))
    linear = _fit(rows, blocks, in_question)
    if linear is None or not own_scores or not other_scores:
        return None
    own_spread, other_spread = float(np.std(own_scores)), float(np.std(other_scores))
    spread = max(own_spread + other_spread, 1e-6)
    # Between both, nearer to the one whose scores spread less: as many blocks lie beyond it.
    middle = other_spread * np.mean(own_scores) + own_spread * np.mean(other_scores)
    return Contrast(linear, float(middle / spread), spread)


def _fit(rows: Rows, blocks: Sequence[_Block], places: Sequence[int]) -> Linear | None:
    """The classifier of some rows. The owner weighs as much as all others together.

    Each kind of others weighs the same. None without a row of either.
    """
    kinds = [blocks[at].kind for at in places]
    n_kinds = len(set(kinds) - {"own"})
    if not n_kinds or "own" not in kinds:
        return None
    weights = [1 / kinds.count(kind) / (1 if kind == "own" else n_kinds) for kind in kinds]
    is_own = np.asarray([kind == "own" for kind in kinds])
    return rows.fit(np.asarray(places), is_own, np.asarray(weights))


class AuthorshipMeasure:
    """How much more a side's blocks are the owner's than others': the mean of their scores.

    Machine text is the base's answers to the same prompts. A classifier never scores threads whose
    machine text it learnt: there are two, each for half of the threads.
    """

    def __init__(self, train: Sequence[StyleText], others: Others, sides: Sides, seed: int) -> None:
        self._groups = ThreadGroups(sides[OWNER], _FOLDS)
        self._sides = {name: others.ngrams.counts(texts) for name, texts in sides.items()}
        self._folds = {name: side.groups(self._groups) for name, side in self._sides.items()}
        self._classifiers = [self._learnt(train, others, fold, seed) for fold in range(_FOLDS)]

    def __call__(self, side: str, draw: Draw) -> float:
        counted = self._sides[side]
        places = draw.places(counted.threads)
        folds = self._folds[side][places]
        scores = [
            classifier.scores(counted.blocks(places[folds == fold], draw.rng))
            for fold, classifier in enumerate(self._classifiers)
            if classifier
        ]
        all_scores = np.concatenate([np.zeros(0), *scores])
        return float(all_scores.mean()) if len(all_scores) else math.nan

    def _learnt(
        self, train: Sequence[StyleText], others: Others, fold: int, seed: int
    ) -> Authorship | None:
        machine = [text for text in others.machine if self._groups.of(text.thread) != fold]
        writers = [*others.writers, Writer("machine", "base", machine)]
        return learn_authorship(train, writers, others.ngrams, np.random.default_rng([seed, fold]))
