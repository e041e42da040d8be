"""The path for CUDA gives the values and gradients of the path for CPUs.

No kernel runs here: a reference of the same signature takes its place.
"""

import inspect
from collections.abc import Iterator
from functools import partial
from itertools import pairwise

import pytest
import torch
from torch.nn import functional as F  # noqa: N812 (torch's own convention)
from torch.nn.attention import varlen
from transformers import AttentionInterface

from maverick_assets.recipes import Training
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.kernels.attention import IMPLEMENTATION, attend_within_documents
from maverick_assets.training.kernels.flash_attention import flash_attention, flash_obstacle
from maverick_assets.training.loop.adapter_job import AdapterJob
from maverick_assets.training.loop.adapters import attached_lora
from maverick_assets.training.loop.engine import train
from maverick_assets_tests.tiny_llama import tiny_llama
from maverick_assets_tests.training.kernels.varlen_reference import varlen_attn
from maverick_assets_tests.training.loop.two_adapters import ROWS

RTX_4090, A100, T4 = (8, 9), (8, 0), (7, 5)


class LikeCuda(Hardware):
    """A CPU whose packs are laid out as those of a GPU."""

    shares_prefixes = False


def test_the_reference_has_the_signature_of_torchs_function() -> None:
    assert inspect.signature(varlen_attn) == inspect.signature(varlen.varlen_attn)


@pytest.mark.parametrize(("heads", "kv_heads"), [(6, 2), (4, 4), (4, 1)])
def test_each_document_attends_to_itself_alone(heads: int, kv_heads: int) -> None:
    torch.manual_seed(0)
    bounds = list(pairwise((0, 5, 6, 23, 32)))
    inputs = [
        torch.randn(count, 32, 8, requires_grad=True) for count in (heads, kv_heads, kv_heads)
    ]
    out = flash_attention(*inputs, tuple((own,) for own in bounds), 0.3, varlen_attn)
    alone = [
        F.scaled_dot_product_attention(
            *(tensor[:, start:end] for tensor in inputs), is_causal=True, scale=0.3, enable_gqa=True
        )
        for start, end in bounds
    ]
    expected = torch.cat(alone, 1).transpose(0, 1)
    torch.testing.assert_close(out, expected)
    grad_out = torch.randn_like(out)
    for ours, theirs in zip(
        torch.autograd.grad(out, inputs, grad_out),
        torch.autograd.grad(expected, inputs, grad_out),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs)


def test_documents_that_share_a_prefix_are_refused() -> None:
    inputs = [torch.randn(2, 9, 8) for _ in range(3)]
    with pytest.raises(ValueError, match="unpack"):
        flash_attention(*inputs, (((0, 5),), ((0, 3), (5, 9))), 1.0, varlen_attn)


@pytest.fixture
def varlen_attention() -> Iterator[None]:
    """Models attend by the path for CUDA, with the reference in place of torch's kernel."""
    with_reference = partial(attend_within_documents, varlen_attn=varlen_attn)
    AttentionInterface.register(IMPLEMENTATION, with_reference)
    yield
    AttentionInterface.register(IMPLEMENTATION, attend_within_documents)


def trained(hardware: Hardware) -> dict[str, torch.Tensor]:
    settings = Training(rank=4, alpha=8, learning_rate=0.01, epochs=2, batch_tokens=16)
    jobs = [AdapterJob(name, ROWS, settings, validation_rows=ROWS[:2]) for name in ("one", "two")]
    with attached_lora(tiny_llama(32, 0.5), jobs, seed=0) as lora:
        train(lora, jobs, hardware, 0, lambda _: None)
        named = lora.named_parameters()
        return {name: weight.detach().clone() for name, weight in named if "lora_" in name}


def test_a_training_by_the_path_for_cuda_ends_with_the_same_weights(
    varlen_attention: None,
) -> None:
    on_cuda = trained(LikeCuda("cpu", torch.float32))
    AttentionInterface.register(IMPLEMENTATION, attend_within_documents)
    expected = trained(Hardware("cpu", torch.float32))
    for name, weight in expected.items():
        torch.testing.assert_close(on_cuda[name], weight, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize(
    ("dtype", "head_size", "card", "obstacle"),
    [
        (torch.bfloat16, 128, RTX_4090, None),
        (torch.bfloat16, 256, RTX_4090, None),
        (torch.bfloat16, 256, A100, None),
        (torch.bfloat16, 208, A100, None),
        (torch.bfloat16, 208, RTX_4090, "heads of size 208 have no backward pass on this card"),
        (torch.bfloat16, 512, RTX_4090, "heads of size 512 are not a multiple of 8 up to 256"),
        (torch.bfloat16, 84, RTX_4090, "heads of size 84 are not a multiple of 8 up to 256"),
        (torch.float32, 128, A100, "float32 is not a dtype of 16 bits"),
        (torch.float16, 128, T4, "a card of compute capability 7.5 is older than 8.0"),
    ],
)
def test_what_the_kernel_cannot_compute_is_named(
    dtype: torch.dtype, head_size: int, card: tuple[int, int], obstacle: str | None
) -> None:
    assert flash_obstacle(dtype, head_size, card) == obstacle
