"""FlashAttention on CUDA: one call of torch's kernel for all documents of a pack, and its limits.

The kernel (Dao 2023, "FlashAttention-2") takes sequences of varying length that stand end to end,
as the documents of a pack do. It never writes the scores to memory. It is built for some cards and
some shapes only; elsewhere `attention.py` computes one document after the other, on CUDA, too.
"""

from collections.abc import Callable

import torch

from maverick_assets.training.kernels.prefixes import DocumentRanges

# The call of `torch.nn.attention.varlen.varlen_attn`.
VarlenAttention = Callable[..., torch.Tensor | tuple[torch.Tensor, torch.Tensor]]


def flash_obstacle(
    dtype: torch.dtype, head_size: int, compute_capability: tuple[int, int]
) -> str | None:
    """Why the kernel cannot compute such heads on such a card; None where it can.

    These are the checks of torch 2.13 (`aten/src/ATen/native/transformers/cuda/sdp_utils.cpp` and
    `flash_attn/flash_api.cpp` there), for a forward and a backward pass without dropout.
    """
    if compute_capability < (8, 0):
        major, minor = compute_capability
        return f"a card of compute capability {major}.{minor} is older than 8.0"
    if dtype not in (torch.bfloat16, torch.float16):
        return f"{str(dtype).removeprefix('torch.')} is not a dtype of 16 bits"
    if head_size > 256 or head_size % 8:
        return f"heads of size {head_size} are not a multiple of 8 up to 256"
    # Cards with less shared memory a multiprocessor than an A100: RTX 30, 40 and 50 among them.
    small = compute_capability in ((8, 6), (8, 9), (12, 0), (12, 1))
    if small and 192 < head_size <= 224:
        return f"heads of size {head_size} have no backward pass on this card"
    return None


def flash_attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    document_ranges: tuple[DocumentRanges, ...],
    scaling: float,
    varlen_attn: VarlenAttention,
    window: int | None = None,
) -> torch.Tensor:
    """(heads, tokens, size), (kv_heads, tokens, size) twice -> (tokens, heads, size).

    With a `window`, a token sees that many, itself included. `varlen_attn` is torch's function; a
    test passes a reference of the same signature. Unpacking `[(start, end)]` fails for documents
    that share a prefix, as it should.
    """
    bounds = [(start, end) for [(start, end)] in document_ranges]
    # Document i is rows offsets[i] to offsets[i + 1].
    offsets = torch.tensor([0, *(end for _, end in bounds)], dtype=torch.int32, device=query.device)
    longest = max(end - start for start, end in bounds)
    out = varlen_attn(
        query.transpose(0, 1).contiguous(),  # the kernel wants tokens first
        key.transpose(0, 1).contiguous(),
        value.transpose(0, 1).contiguous(),
        offsets,
        offsets,
        longest,
        longest,
        scale=scaling,
        # Tokens before: everything, or the rest of the window. None after: causal.
        window_size=(window - 1 if window else -1, 0),
        enable_gqa=query.shape[0] != key.shape[0],
    )
    assert isinstance(out, torch.Tensor)
    return out
