"""A reference of torch's attention for sequences of varying length, in plain operations.

torch's own runs on CUDA only. This one has its signature and, where the documentation says so, its
meaning and its refusals; it computes in any dtype, so that results can be compared exactly.
"""

import math
from collections.abc import Iterator
from itertools import pairwise

import torch
from torch.nn.attention.varlen import AuxRequest


def varlen_attn(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    cu_seq_q: torch.Tensor,
    cu_seq_k: torch.Tensor | None,
    max_q: int,
    max_k: int,
    *,
    return_aux: AuxRequest | None = None,
    scale: float | None = None,
    window_size: tuple[int, int] = (-1, -1),
    enable_gqa: bool = False,
    seqused_k: torch.Tensor | None = None,
    block_table: torch.Tensor | None = None,
    num_splits: int | None = None,
) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
    """query (T_q, H_q, D), key and value (T_k, H_kv, D) -> (T_q, H_q, D).

    Sequence i is queries cu_seq_q[i] to cu_seq_q[i + 1] and keys by cu_seq_k. A query sees
    `window_size[0]` keys before its own and `window_size[1]` after it; -1 is all of them. The last
    query of a sequence stands at its last key. Paged keys and auxiliary results are not computed.
    """
    assert cu_seq_k is not None, "each sequence has keys of its own"
    unused = (return_aux, seqused_k, block_table, num_splits)
    assert unused == (None,) * 4, "this reference computes attention without a cache alone"
    _check(query, key, value, cu_seq_q, cu_seq_k)
    lengths = [cu_seq_q.diff().max().item(), cu_seq_k.diff().max().item()]
    assert [max_q, max_k] == lengths, "the kernel reads max_q and max_k as the longest sequences"
    if not enable_gqa and query.shape[1] != key.shape[1]:
        raise ValueError("Expect query and key/value to have the same number of heads")
    scale = 1 / math.sqrt(query.shape[2]) if scale is None else scale
    outs = []
    for queries, keys, values in _sequences(query, key, value, cu_seq_q, cu_seq_k):
        scores = queries @ keys.transpose(1, 2) * scale
        hidden = ~_seen(queries.shape[1], keys.shape[1], window_size)
        probabilities = scores.float().masked_fill(hidden, -math.inf).softmax(-1).to(query.dtype)
        outs.append((probabilities @ values).transpose(0, 1))
    return torch.cat(outs)


def _check(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    cu_seq_q: torch.Tensor,
    cu_seq_k: torch.Tensor,
) -> None:
    """What the kernel refuses, or would read beyond its inputs for."""
    for tensor in (query, key, value):
        assert tensor.dim() == 3 and tensor.is_contiguous()
        assert tensor.shape[2] == query.shape[2] and tensor.shape[2] <= 256
        assert tensor.shape[2] % 8 == 0
        assert tensor.dtype == query.dtype
    assert query.shape[1] % key.shape[1] == 0
    for offsets, rows in ((cu_seq_q, query), (cu_seq_k, key)):
        assert offsets.dtype == torch.int32
        assert offsets[0] == 0 and offsets[-1] == len(rows) and (offsets.diff() > 0).all()


def _sequences(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    cu_seq_q: torch.Tensor,
    cu_seq_k: torch.Tensor,
) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Each sequence's (H_q, length, D): a key/value head repeated for each query head it serves."""
    group = query.shape[1] // key.shape[1]
    bounds = zip(pairwise(cu_seq_q.tolist()), pairwise(cu_seq_k.tolist()), strict=True)
    for (q_start, q_end), (k_start, k_end) in bounds:
        keys, values = (
            tensor[k_start:k_end].transpose(0, 1).repeat_interleave(group, 0)
            for tensor in (key, value)
        )
        yield query[q_start:q_end].transpose(0, 1), keys, values


def _seen(queries: int, keys: int, window_size: tuple[int, int]) -> torch.Tensor:
    """(queries, keys): which keys each query sees."""
    left, right = window_size
    own = torch.arange(queries)[:, None] + keys - queries  # the key at which each query stands
    distance = torch.arange(keys) - own
    seen = torch.ones(queries, keys, dtype=torch.bool)
    if left >= 0:
        seen &= distance >= -left
    if right >= 0:
        seen &= distance <= right
    return seen
