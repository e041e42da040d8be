"""The queries of a pack in blocks, each with the keys that some query of it sees.

Attention costs queries times keys. For a long document, half of that would be masked: its early
queries do not see its late keys. For short ones, the many small products cost more than their
arithmetic. So a long document is cut into blocks, each of which fetches the keys up to its own end,
and short documents that stand side by side in the pack become one block, whose mask keeps them
apart.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import torch

from maverick_assets.training.kernels.prefixes import DocumentRanges, TokenRange

# Of 64, 96, 128, 192 and 256 the fastest for documents of 326 and 447 tokens, forward and backward.
BLOCK_TOKENS = 128


@dataclass(frozen=True)
class QueryBlock:
    """Neighbouring queries of a pack that are computed together."""

    start: int  # positions `start` to `end` (exclusive) of the pack are its queries
    end: int
    key_ranges: tuple[TokenRange, ...]  # where its keys lie, ascending and disjoint
    # (queries, keys + padding): 0 where the query sees the key, else minus infinity
    mask: torch.Tensor
    padding: int = 0  # keys of zeros after the others, which no query sees


@lru_cache(maxsize=32)  # every layer asks for the pack that its thread computes
def query_blocks(  # seven parameters: they are the key of the cache
    document_ranges: tuple[DocumentRanges, ...],
    adapter_starts: tuple[int, ...],
    window: int | None,
    chunk: int | None,
    dtype: torch.dtype,
    device: torch.device,
    key_multiple: int = 1,
) -> tuple[QueryBlock, ...]:
    """The blocks of a pack, in the order of its tokens; masks have `dtype`.

    A query sees its document's tokens up to itself; of these the last `window`, and those in its
    own chunk of `chunk` tokens, where such are given. Documents of two adapters are never in one
    block: where the values of one are no numbers, 0 times them is none either. The keys of a block
    are filled up to a multiple of `key_multiple`.
    """
    blocks = []
    for documents in _neighbours(document_ranges, adapter_starts):
        first = documents[0][-1][0]
        shared = [near for ranges in documents for near in ranges[:-1]]
        for start, end in _pieces(first, documents[-1][-1][1]):
            # From `first` on: a later piece of a long document sees the earlier ones, too.
            key_ranges = _union([*shared, (first, end)])
            queries = torch.arange(start, end)
            keys = torch.cat([torch.arange(*near) for near in key_ranges])
            visible = torch.zeros(len(queries), len(keys), dtype=torch.bool)
            for ranges in documents:
                visible |= _visible(ranges, queries, keys, window, chunk)
            padding = -len(keys) % key_multiple
            visible = torch.nn.functional.pad(visible, (0, padding))
            mask = torch.zeros(visible.shape, dtype=dtype).masked_fill_(~visible, float("-inf"))
            blocks.append(QueryBlock(start, end, key_ranges, mask.to(device), padding))
    return tuple(blocks)


def _neighbours(
    document_ranges: Sequence[DocumentRanges], adapter_starts: Sequence[int]
) -> Iterator[list[DocumentRanges]]:
    """Documents of one adapter in runs of at most `BLOCK_TOKENS` tokens of their own together."""
    group: list[DocumentRanges] = []
    for ranges in document_ranges:
        start, end = ranges[-1]
        if group and (start in adapter_starts or end - group[0][-1][0] > BLOCK_TOKENS):
            yield group
            group = []
        group.append(ranges)
    yield group


def _pieces(start: int, end: int) -> Iterator[TokenRange]:
    """Positions cut into equal pieces of about `BLOCK_TOKENS`."""
    count = max(1, round((end - start) / BLOCK_TOKENS))
    cuts = [start + (end - start) * at // count for at in range(count + 1)]
    return pairwise(cuts)


def _visible(
    ranges: DocumentRanges,
    queries: torch.Tensor,
    keys: torch.Tensor,
    window: int | None,
    chunk: int | None,
) -> torch.Tensor:
    """bool (queries, keys): which of these positions of a pack belong to a document and see each
    other. Its queries are its own tokens; its keys may also be shared ones."""
    start, end = ranges[-1]
    own = (queries >= start) & (queries < end)
    query_at, key_at = _places(ranges, queries)[:, None], _places(ranges, keys)
    visible = own[:, None] & (key_at >= 0) & (key_at <= query_at)
    if window:
        visible &= query_at - key_at < window
    if chunk:
        visible &= query_at // chunk == key_at // chunk
    return visible


def _places(ranges: DocumentRanges, positions: torch.Tensor) -> torch.Tensor:
    """Where positions of the pack are in the document; -1 for those that are not."""
    places, before = torch.full_like(positions, -1), 0
    for start, end in ranges:
        inside = (positions >= start) & (positions < end)
        places = torch.where(inside, positions - start + before, places)
        before += end - start
    return places


def _union(ranges: Sequence[TokenRange]) -> tuple[TokenRange, ...]:
    """The same positions in disjoint ranges, ascending."""
    union: list[TokenRange] = []
    for start, end in sorted(ranges):
        if union and start <= union[-1][1]:
            union[-1] = (union[-1][0], max(end, union[-1][1]))
        elif end > start:
            union.append((start, end))
    return tuple(union)
