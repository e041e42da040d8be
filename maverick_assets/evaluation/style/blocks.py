"""Blocks: pooled texts, because one answer of sixty characters cannot be judged.

Sides are compared at equal lengths, so that none is recognised by how long its texts are: that is a
habit of its own (`surface`). A block holds a mix of short and long texts, the same on every side.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

Rng = np.random.Generator
Array = Any  # numpy's

T = TypeVar("T")

BLOCK_CHARACTERS = 500


@dataclass(frozen=True)
class StyleText:
    """A masked text, and the thread that it belongs to."""

    text: str
    thread: str


class ThreadGroups:
    """Threads, divided into groups of about equal text; no thread is in two."""

    def __init__(self, texts: Sequence[StyleText], count: int) -> None:
        self.count = count
        lengths: Counter[str] = Counter()
        for text in texts:
            lengths[text.thread] += len(text.text)
        filled = [0] * count
        self._group_by_thread: dict[str, int] = {}
        for thread in sorted(lengths, key=lambda thread: (-lengths[thread], _number(thread))):
            group = filled.index(min(filled))
            self._group_by_thread[thread] = group
            filled[group] += lengths[thread]

    def of(self, thread: str) -> int:
        """The group of a thread; of one that is in none of the texts, by a hash."""
        return self._group_by_thread.get(thread, _number(thread) % self.count)


def spread(items: Sequence[T], count: int) -> Sequence[T]:
    """At most `count` of the items, at even distances."""
    if len(items) <= count:
        return items
    return [items[len(items) * at // count] for at in range(count)]


def cut_alike(texts: Sequence[StyleText], like: Sequence[StyleText]) -> list[StyleText]:
    """`texts`, none longer than the text of the same rank (by length) in `like`.

    Cut between words. Shorter texts stay as they are: a block then holds more of them.
    """
    lengths = sorted(len(other.text) for other in like)
    order = sorted(range(len(texts)), key=lambda at: len(texts[at].text))
    cut = list(texts)
    for rank, at in enumerate(order):
        limit = lengths[len(lengths) * rank // len(texts)]
        cut[at] = StyleText(_cut(texts[at].text, limit), texts[at].thread)
    return cut


def deal(lengths: Array, rng: Rng) -> tuple[Array, int]:
    """Which block each text is in, and the number of blocks, of `BLOCK_CHARACTERS` or more each.

    The texts are dealt like cards, by length: every block gets one of the longest, one of the next,
    and so on. No blocks where all together are too short.
    """
    order = np.argsort(rng.random(len(lengths)) - lengths)
    blocks = np.zeros(len(lengths), int)
    for count in range(int(lengths.sum()) // BLOCK_CHARACTERS, 0, -1):
        hands = -(-len(lengths) // count)
        dealt = rng.permuted(np.tile(np.arange(count), (hands, 1)), axis=1).ravel()
        blocks[order] = dealt[: len(lengths)]
        if np.bincount(blocks, lengths, count).min() >= BLOCK_CHARACTERS:
            return blocks, count
    return blocks, 0


def _cut(text: str, limit: int) -> str:
    """`text` up to the last space within `limit` characters, or a part of a longer first word."""
    if len(text) <= limit:
        return text
    end = max(text.rfind(" ", 0, limit + 1), text.rfind("\n", 0, limit + 1))
    return text[:end] if end > 0 else text[:limit]


def _number(name: str) -> int:
    """A number that stands for a name, the same in every run."""
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "replace")).digest()[:8])
