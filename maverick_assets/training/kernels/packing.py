"""Documents packed end to end, so that no token is computed that is not one.

Padding rows of a batch to the longest wastes what they differ by; here all tokens of a step stand
in one row, and attention keeps to the documents (`attention.py`); what they begin with in common
stands there once (`prefixes.py`). Each optimizer step takes as many documents as fit, by best-fit
decreasing (Johnson 1973; for training: Ding et al. 2024, "Fewer Truncations Improve Language
Modeling").
"""

import random
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from operator import attrgetter

import torch

from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.training.kernels.prefixes import (
    DocumentRanges,
    ranges_in_pack,
    shared_prefix_length,
    size,
)


@dataclass(frozen=True)
class Document:
    """`adapter`: which one learns it. `weight`: of each of its supervised tokens in the loss."""

    row: Encoded
    adapter: int = 0
    weight: float = 1.0


@dataclass(frozen=True)
class AdapterSpan:
    """Tokens `start` to `end` of a pack, and the adapter that they are of."""

    adapter: int
    start: int
    end: int


@dataclass(frozen=True)
class Pack:
    """Documents end to end, those of an adapter next to one another.

    `input_ids`, `position_ids`: (1, tokens). `document_ranges`: where each document stands.
    `adapter_spans`: of the adapters. `predictor_positions`: positions that predict the `targets`;
    `target_weights` and `target_adapters` of these; all (supervised,).
    """

    input_ids: torch.Tensor
    position_ids: torch.Tensor
    document_ranges: tuple[DocumentRanges, ...]
    adapter_spans: tuple[AdapterSpan, ...]
    predictor_positions: torch.Tensor
    targets: torch.Tensor
    target_weights: torch.Tensor
    target_adapters: torch.Tensor

    def to(self, device: str) -> "Pack":
        return Pack(
            self.input_ids.to(device),
            self.position_ids.to(device),
            self.document_ranges,
            self.adapter_spans,
            self.predictor_positions.to(device),
            self.targets.to(device),
            self.target_weights.to(device),
            self.target_adapters.to(device),
        )


def pack(documents: Iterable[Document], sharing: bool = True) -> Pack:
    """Each document must have a supervised token, and a prompt before it. `sharing`: a document
    that begins like another one of its adapter has only the rest for itself."""
    ordered = sorted(documents, key=_order)
    document_ranges: list[DocumentRanges] = []
    spans: list[AdapterSpan] = []
    for adapter, group in groupby(ordered, attrgetter("adapter")):
        start = spans[-1].end if spans else 0
        document_ranges += ranges_in_pack((each.row for each in group), start, sharing)
        spans.append(AdapterSpan(adapter, start, document_ranges[-1][-1][1]))
    placed = [
        (each.row, size(place[:-1]), place[-1][1])
        for each, place in zip(ordered, document_ranges, strict=True)
    ]
    ids = [row.input_ids[shared:] for row, shared, _ in placed]
    positions = [range(shared, len(row.input_ids)) for row, shared, _ in placed]
    predictors = [range(end - row.n_supervised - 1, end - 1) for row, _, end in placed]
    counts = torch.tensor([row.n_supervised for row, *_ in placed])
    return Pack(
        torch.tensor([list(chain.from_iterable(ids))]),
        torch.tensor([list(chain.from_iterable(positions))]),
        tuple(document_ranges),
        tuple(spans),
        torch.tensor(list(chain.from_iterable(predictors))),
        torch.tensor([i for row, *_ in placed for i in row.input_ids[row.n_prompt :]]),
        torch.tensor([each.weight for each in ordered]).repeat_interleave(counts),
        torch.tensor([each.adapter for each in ordered]).repeat_interleave(counts),
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


def divide_into_micro_batches(
    documents: Iterable[Document], micro_batch_tokens: int, workers: int, sharing: bool = True
) -> list[list[Document]]:
    """A step in parts that `workers` compute at a time, of about `micro_batch_tokens` tokens each.

    Tokens are those to be computed. Those that are computed at the same time cost about the same:
    the costliest first, each document goes to the part that is cheapest with it (Graham 1969),
    which is more often one with documents that begin like it. A part holds few adapters.
    """
    parts: list[list[Document]] = []
    for group in _groups(documents, micro_batch_tokens * workers, sharing):
        count = min(workers, len(group))
        chosen: list[list[Document]] = [[] for _ in range(count)]
        costs = [0.0] * count
        for document in sorted(group, key=_cost, reverse=True):
            with_it = [
                before + _cost(document, part if sharing else [])
                for before, part in zip(costs, chosen, strict=True)
            ]
            number = with_it.index(min(with_it))
            chosen[number].append(document)
            costs[number] = with_it[number]
        parts += chosen
    return parts


def _cost(document: Document, beside: Iterable[Document] = ()) -> float:
    """What it takes to compute a document beside others, in tokens: its own, half of one more for
    each that has logits, and what attention takes of long ones (measured on a model of 135M)."""
    own = _computed(document, beside)
    row = document.row
    return own + 0.5 * row.n_supervised + own * len(row.input_ids) / 600


def _groups(
    documents: Iterable[Document], most_tokens: int, sharing: bool
) -> Iterator[list[Document]]:
    """Runs of documents, by adapter and tokens, of at most so many tokens to be computed, or of a
    single longer one."""
    group: list[Document] = []
    left = most_tokens
    for document in sorted(documents, key=_order):
        left -= _computed(document, group[-1:] if sharing else [])
        if left < 0 and group:
            yield group
            group, left = [], most_tokens - len(document.row.input_ids)
        group.append(document)
    if group:
        yield group


def _computed(document: Document, beside: Iterable[Document]) -> int:
    """Tokens of a document that are left to be computed, beside others."""
    rows = [other.row for other in beside if other.adapter == document.adapter]
    shared = max((shared_prefix_length(document.row, row) for row in rows), default=0)
    return len(document.row.input_ids) - shared


def _order(document: Document) -> tuple[int, list[int]]:
    """Those of an adapter come together, and of these those that begin alike."""
    return document.adapter, document.row.input_ids
