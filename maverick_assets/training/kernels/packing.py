"""Packs: documents end to end in one row of tokens, so that no padding is computed.

A padded batch computes every row at the length of the longest. Here all tokens of a micro-batch
stand in one row (1, tokens); attention keeps the documents apart (`attention.py`), position ids
restart at each, and a prefix that several of them share stands there once (`prefixes.py`).

Three levels, from large to small:

- an optimizer step holds about `batch_tokens` tokens of one adapter (`plan_epoch`);
- steps that fall together are divided into micro-batches, each small enough for its matrix products
  to be fast, and evenly enough for all threads to end at the same time
  (`divide_into_micro_batches`);
- a micro-batch becomes one `Pack` of tensors (`pack`).
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
    count_tokens,
    ranges_in_pack,
    shared_prefix_length,
)

NO_ADAPTER = -1  # in place of an adapter's index: the base alone computes these documents


@dataclass(frozen=True)
class Document:
    """One example on its way into a pack."""

    row: Encoded
    adapter: int = 0  # index of the one that learns or scores it, or NO_ADAPTER
    weight: float = 1.0  # factor of each supervised token's loss


@dataclass(frozen=True)
class AdapterSpan:
    """Positions `start` to `end` (exclusive) of a pack, all of them one adapter's."""

    adapter: int
    start: int
    end: int


@dataclass(frozen=True)
class Pack:
    """Documents end to end, sorted by adapter so that each adapter has one contiguous span.

    The supervised tokens of all documents are listed once more, in the pack's order, in the four
    tensors of shape (supervised,).
    """

    input_ids: torch.Tensor  # (1, tokens) int64
    position_ids: torch.Tensor  # (1, tokens) int64, counted from the start of each document
    document_ranges: tuple[DocumentRanges, ...]
    adapter_spans: tuple[AdapterSpan, ...]
    predictor_positions: torch.Tensor  # (supervised,) int64: the position before each target
    targets: torch.Tensor  # (supervised,) int64: token ids to be predicted
    target_weights: torch.Tensor  # (supervised,) float32
    target_adapters: torch.Tensor  # (supervised,) int64

    def to(self, device: str) -> "Pack":
        """The same pack with its tensors on `device`."""
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


def pack(documents: Iterable[Document], share_prefixes: bool = True) -> Pack:
    """Lay documents out as one pack.

    Each document needs a supervised token and a prompt token before it. With `share_prefixes`, a
    document that begins like an earlier one of the same adapter contributes only the rest of its
    tokens. Prefixes are never shared between adapters: LoRA gives each its own keys and values.
    """
    ordered = in_pack_order(documents)
    ranges: list[DocumentRanges] = []
    spans: list[AdapterSpan] = []
    for adapter, group in groupby(ordered, attrgetter("adapter")):
        start = spans[-1].end if spans else 0
        ranges += ranges_in_pack((document.row for document in group), start, share_prefixes)
        spans.append(AdapterSpan(adapter, start, ranges[-1][-1][1]))
    rows = [document.row for document in ordered]
    # The last range is the document's own, those before it are the prefix that it shares.
    shared = [count_tokens(document_ranges[:-1]) for document_ranges in ranges]
    ends = [document_ranges[-1][1] for document_ranges in ranges]
    ids = [row.input_ids[skip:] for row, skip in zip(rows, shared, strict=True)]
    # Rotary embeddings must see the position in the document, not in the pack.
    positions = [range(skip, len(row.input_ids)) for row, skip in zip(rows, shared, strict=True)]
    # A document's last tokens are the supervised ones; each is predicted one position earlier.
    predictors = [
        range(end - row.n_supervised - 1, end - 1) for row, end in zip(rows, ends, strict=True)
    ]
    counts = torch.tensor([row.n_supervised for row in rows])
    weights = torch.tensor([document.weight for document in ordered])
    adapters = torch.tensor([document.adapter for document in ordered])
    return Pack(
        input_ids=torch.tensor([list(chain.from_iterable(ids))]),
        position_ids=torch.tensor([list(chain.from_iterable(positions))]),
        document_ranges=tuple(ranges),
        adapter_spans=tuple(spans),
        predictor_positions=torch.tensor(list(chain.from_iterable(predictors))),
        targets=torch.tensor([token for row in rows for token in row.input_ids[row.n_prompt :]]),
        target_weights=weights.repeat_interleave(counts),
        target_adapters=adapters.repeat_interleave(counts),
    )


def in_pack_order(documents: Iterable[Document]) -> list[Document]:
    """The order in which a pack lists documents and their supervised tokens."""
    return sorted(documents, key=_adapter_then_tokens)


def plan_epoch(rows: Sequence[Encoded], step_tokens: int, seed: str) -> list[list[int]]:
    """Row indices of each optimizer step of an epoch; every row occurs once.

    A step has at most `step_tokens` tokens, or one row that is longer by itself. Rows are placed by
    best-fit decreasing: longest first, each into the fullest step that still has room (Johnson
    1973; for training, Ding et al. 2024, "Fewer Truncations Improve Language Modeling"), which
    fills steps to more than 97 % at the lengths that mails have. Filling them in a random order
    leaves more room, so more steps and more passes over small products. `seed` decides which rows
    of equal length meet and in which order the steps come.
    """
    rng = random.Random(seed)
    order = rng.sample(range(len(rows)), len(rows))
    # The sort is stable: rows of equal length stay shuffled.
    order.sort(key=lambda index: len(rows[index].input_ids), reverse=True)
    steps: list[list[int]] = []
    room: list[tuple[int, int]] = []  # (tokens left, step), sorted: the fullest step first
    for index in order:
        length = len(rows[index].input_ids)
        at = bisect_left(room, (length, 0))  # the fullest step with `length` tokens left
        left, step = room.pop(at) if at < len(room) else (step_tokens, len(steps))
        if step == len(steps):
            steps.append([])
        steps[step].append(index)
        insort(room, (left - length, step))
    rng.shuffle(steps)  # otherwise all long rows would be learned first
    return steps


def divide_into_micro_batches(
    documents: Iterable[Document],
    micro_batch_tokens: int,
    threads: int,
    share_prefixes: bool = True,
) -> list[list[Document]]:
    """Divide the documents of a step into micro-batches of about `micro_batch_tokens` each.

    `threads` micro-batches are computed at the same time, and the step waits for the slowest. So
    documents are first cut into rounds that fill all threads, then each round is divided evenly by
    the greedy rule of Graham (1969): the costliest document first, each to the micro-batch that is
    cheapest with it. A document costs less beside one that shares its prefix, so the rule also
    brings those together. Rounds follow the order of adapters: a micro-batch holds few of them.
    Tokens of a shared prefix count once.
    """
    micro_batches: list[list[Document]] = []
    for group in _rounds(documents, micro_batch_tokens * threads, share_prefixes):
        count = min(threads, len(group))
        batches: list[list[Document]] = [[] for _ in range(count)]
        costs = [0.0] * count
        for document in sorted(group, key=_cost, reverse=True):
            costs_with_it = [
                cost + _cost(document, batch if share_prefixes else [])
                for cost, batch in zip(costs, batches, strict=True)
            ]
            cheapest = costs_with_it.index(min(costs_with_it))
            batches[cheapest].append(document)
            costs[cheapest] = costs_with_it[cheapest]
        micro_batches += batches
    return micro_batches


def _cost(document: Document, neighbours: Iterable[Document] = ()) -> float:
    """What a document adds to a micro-batch that holds `neighbours`, in units of one token.

    One for each token to compute; half of one more for each supervised token, which has a row of
    logits; and attention's share, which grows with the length. The factors were measured
    on a model of 135M parameters; they steer the balance between threads, never a result.
    """
    own = _new_tokens(document, neighbours)
    row = document.row
    return own + 0.5 * row.n_supervised + own * len(row.input_ids) / 600


def _rounds(
    documents: Iterable[Document], round_tokens: int, share_prefixes: bool
) -> Iterator[list[Document]]:
    """Documents in the pack's order, cut into runs of at most `round_tokens` tokens to compute.

    A document that is longer by itself has a round of its own.
    """
    group: list[Document] = []
    left = round_tokens
    for document in in_pack_order(documents):
        left -= _new_tokens(document, group[-1:] if share_prefixes else [])
        if left < 0 and group:
            yield group
            group, left = [], round_tokens - len(document.row.input_ids)
        group.append(document)
    if group:
        yield group


def _new_tokens(document: Document, neighbours: Iterable[Document]) -> int:
    """Tokens of a document that no neighbour of its adapter has computed for it."""
    rows = [other.row for other in neighbours if other.adapter == document.adapter]
    shared = max((shared_prefix_length(document.row, row) for row in rows), default=0)
    return len(document.row.input_ids) - shared


def _adapter_then_tokens(document: Document) -> tuple[int, list[int]]:
    """Sort key: documents of one adapter come together, and among them those that begin alike."""
    return document.adapter, document.row.input_ids
