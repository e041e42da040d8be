"""Documents packed end to end, so that no token is computed that is not one.

Padding rows of a batch to the longest wastes what they differ by; here all tokens of a step stand
in one row, and attention keeps to the documents (`attention.py`). Each optimizer step takes as many
documents as fit, by best-fit decreasing (Johnson 1973; for training: Ding et al. 2024, "Fewer
Truncations Improve Language Modeling").
"""

import random
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heapreplace
from itertools import accumulate, chain, groupby, pairwise
from operator import attrgetter

import torch

from maverick_assets.datasets.tokens import Encoded


@dataclass(frozen=True)
class Document:
    """`adapter`: which one learns it. `weight`: of each of its supervised tokens in the loss."""

    row: Encoded
    adapter: int = 0
    weight: float = 1.0


@dataclass(frozen=True)
class Span:
    """Tokens `start` to `end` of a pack, and the adapter that they are of."""

    adapter: int
    start: int
    end: int


@dataclass(frozen=True)
class Pack:
    """Documents end to end, those of an adapter next to one another.

    `input_ids`, `position_ids`: (1, tokens). `bounds`: where documents begin, and the last ends.
    `spans`: of the adapters. `predictors`: positions that predict the `targets`; `weights` and
    `owners` (adapters) of these; all (supervised,).
    """

    input_ids: torch.Tensor
    position_ids: torch.Tensor
    bounds: tuple[int, ...]
    spans: tuple[Span, ...]
    predictors: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor
    owners: torch.Tensor

    def to(self, device: str) -> "Pack":
        return Pack(
            self.input_ids.to(device),
            self.position_ids.to(device),
            self.bounds,
            self.spans,
            self.predictors.to(device),
            self.targets.to(device),
            self.weights.to(device),
            self.owners.to(device),
        )


def pack(documents: Iterable[Document]) -> Pack:
    """Each document must have a supervised token, and a prompt before it."""
    ordered = sorted(documents, key=attrgetter("adapter"))
    lengths = [len(document.row.input_ids) for document in ordered]
    bounds = tuple(accumulate(lengths, initial=0))
    starts = list(zip(bounds, ordered, strict=False))
    predictors = [
        range(start + each.row.n_prompt - 1, start + len(each.row.input_ids) - 1)
        for start, each in starts
    ]
    counts = [each.row.n_supervised for each in ordered]
    return Pack(
        torch.tensor([list(chain.from_iterable(each.row.input_ids for each in ordered))]),
        torch.tensor([list(chain.from_iterable(map(range, lengths)))]),
        bounds,
        tuple(_spans(ordered)),
        torch.tensor(list(chain.from_iterable(predictors))),
        torch.tensor([i for each in ordered for i in each.row.input_ids[each.row.n_prompt :]]),
        torch.tensor([each.weight for each in ordered]).repeat_interleave(torch.tensor(counts)),
        torch.tensor([each.adapter for each in ordered]).repeat_interleave(torch.tensor(counts)),
    )


def plan_epoch(rows: Sequence[Encoded], step_tokens: int, seed: str) -> list[list[int]]:
    """Indices of the rows of each optimizer step: each row once, steps in an order from `seed`.

    A step has at most `step_tokens` tokens, or a single longer row.
    """
    rng = random.Random(seed)
    order = rng.sample(range(len(rows)), len(rows))  # which of equal length come together
    order.sort(key=lambda index: len(rows[index].input_ids), reverse=True)
    bins: list[list[int]] = []
    free: list[tuple[int, int]] = []  # tokens left and number of each bin, least first
    for index in order:
        length = len(rows[index].input_ids)
        at = bisect_left(free, (length, 0))
        left, number = free.pop(at) if at < len(free) else (step_tokens, len(bins))
        if number == len(bins):
            bins.append([])
        bins[number].append(index)
        insort(free, (left - length, number))
    rng.shuffle(bins)
    return bins


def divide(documents: Iterable[Document], part_tokens: int, workers: int) -> list[list[Document]]:
    """A step in parts that `workers` compute at a time, `part_tokens` tokens each or about that.

    Those that are computed at the same time have about the same number of tokens: longest first,
    each document goes to the part that has least (Graham 1969). A part holds few adapters.
    """
    parts: list[list[Document]] = []
    for group in _groups(documents, part_tokens * workers):
        count = min(workers, len(group))
        parts += [[] for _ in range(count)]
        least = [(0, number) for number in range(len(parts) - count, len(parts))]
        for document in sorted(group, key=lambda d: len(d.row.input_ids), reverse=True):
            tokens, number = least[0]
            parts[number].append(document)
            heapreplace(least, (tokens + len(document.row.input_ids), number))
    return parts


def _groups(documents: Iterable[Document], most_tokens: int) -> Iterator[list[Document]]:
    """Runs of documents, by adapter, of at most so many tokens, or of a single longer one."""
    group: list[Document] = []
    left = most_tokens
    for document in sorted(documents, key=attrgetter("adapter")):
        left -= len(document.row.input_ids)
        if left < 0 and group:
            yield group
            group, left = [], most_tokens - len(document.row.input_ids)
        group.append(document)
    if group:
        yield group


def _spans(ordered: Sequence[Document]) -> Iterator[Span]:
    groups = [(key, list(group)) for key, group in groupby(ordered, attrgetter("adapter"))]
    sizes = [sum(len(document.row.input_ids) for document in group) for _, group in groups]
    for (adapter, _), (start, end) in zip(
        groups, pairwise(accumulate(sizes, initial=0)), strict=True
    ):
        yield Span(adapter, start, end)
