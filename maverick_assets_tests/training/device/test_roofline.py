"""The roofline: what counts in it, and that measuring it disturbs nothing."""

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.device.roofline import (
    matmul_flops_per_second,
    multiplied_parameters,
    roofline_tokens_per_second,
)
from maverick_assets_tests.architectures import ARCHITECTURES, tiny_model
from maverick_assets_tests.tiny_llama import tiny_llama

CPU = Hardware("cpu", torch.float32)


@pytest.fixture
def model() -> Any:
    return tiny_llama(32, 0.5)


def test_every_matrix_counts_except_the_one_that_tokens_are_looked_up_in(model: Any) -> None:
    looked_up = model.get_input_embeddings().weight.numel()
    norms = sum(weight.numel() for weight in model.parameters() if weight.dim() == 1)
    assert multiplied_parameters(model) == model.num_parameters() - looked_up - norms


@pytest.fixture
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
def test_the_rate_has_the_order_of_magnitude_of_products_timed_by_hand(model: Any) -> None:
    """The bounds are wide, since the machine may be busy during either timing."""
    rows, weight = torch.randn(CPU.micro_batch_tokens, 48), torch.randn(32, 48)
    seconds = []
    for _ in range(200):
        started = time.perf_counter()
        rows @ weight.t()
        seconds.append(time.perf_counter() - started)
    by_hand = 2 * rows.numel() * 32 / min(seconds)
    assert (
        by_hand / 30
        < matmul_flops_per_second(model, CPU)
        < by_hand * 30 * len(os.sched_getaffinity(0))
    )


def test_measuring_leaves_random_numbers_and_threads_as_they_were(model: Any) -> None:
    torch.manual_seed(3)
    expected, threads = torch.rand(4), torch.get_num_threads()
    torch.manual_seed(3)
    assert roofline_tokens_per_second(model, CPU) > 0
    assert torch.equal(torch.rand(4), expected)
    assert torch.get_num_threads() == threads


def test_layers_of_gpt2_count_and_of_experts_those_that_a_token_is_sent_to() -> None:
    gpt2 = tiny_model(ARCHITECTURES["GPT-2 (Conv1D, dropout)"])
    assert multiplied_parameters(gpt2) == 2 * 12 * 32 * 32 + 128 * 32
    mixtral = tiny_model(ARCHITECTURES["Mixtral (experts)"])  # two of four
    attention = 2 * (2 * 32 * 32 + 2 * 32 * 16)
    assert multiplied_parameters(mixtral) == attention + 2 * 2 * 3 * 32 * 48 + 128 * 32
