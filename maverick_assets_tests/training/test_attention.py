"""Attention in a pack is that of each document alone."""

from itertools import accumulate
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from torch.nn import functional as F  # noqa: N812 (torch's own convention)

from maverick_assets.datasets.tokens import Encoded
from maverick_assets.training.attention import attend, documents_apart
from maverick_assets.training.packing import Document, pack
from maverick_assets_tests.tiny_llama import tiny_llama
from maverick_assets_tests.training.rows import VOCABULARY, many_rows


@pytest.fixture(scope="module")
def model() -> Any:
    return tiny_llama(VOCABULARY, 0.2)


@settings(max_examples=30)
@given(many_rows)
def test_hidden_states_of_a_pack_are_those_of_each_document_alone(
    model: Any, examples: list[Encoded]
) -> None:
    packed = pack(map(Document, examples))
    with torch.inference_mode():
        with documents_apart(model):
            states = model.model(
                input_ids=packed.input_ids,
                position_ids=packed.position_ids,
                bounds=packed.bounds,
            ).last_hidden_state[0]
        for start, row in zip(packed.bounds, examples, strict=False):
            alone = model.model(input_ids=torch.tensor([row.input_ids])).last_hidden_state[0]
            torch.testing.assert_close(states[start : start + len(alone)], alone)


def test_the_model_attends_as_before_afterwards(model: Any) -> None:
    before = model.config._attn_implementation
    with documents_apart(model):
        assert model.config._attn_implementation != before
    assert model.config._attn_implementation == before


@pytest.mark.parametrize(("heads", "groups"), [(6, 2), (4, 4), (4, 1)])
def test_values_and_gradients_are_those_of_torch(heads: int, groups: int) -> None:
    torch.manual_seed(0)
    lengths = (5, 1, 17, 9)
    bounds = tuple(accumulate(lengths, initial=0))
    shapes = [(1, count, bounds[-1], 8) for count in (heads, groups, groups)]
    inputs = [torch.randn(shape, requires_grad=True) for shape in shapes]
    out, _ = attend(torch.nn.Identity(), *inputs, None, 0.3, bounds)
    expected = torch.cat(
        [
            F.scaled_dot_product_attention(
                *(each[:, :, start : start + length] for each in inputs),
                is_causal=True,
                scale=0.3,
                enable_gqa=True,
            )
            for start, length in zip(bounds, lengths, strict=False)
        ],
        dim=2,
    ).transpose(1, 2)
    torch.testing.assert_close(out, expected)
    above = torch.randn_like(out)
    for ours, theirs in zip(
        torch.autograd.grad(out, inputs, above),
        torch.autograd.grad(expected, inputs, above),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs)
