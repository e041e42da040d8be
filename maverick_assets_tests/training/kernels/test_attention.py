"""Attention in a pack gives what each document gives alone, shared prefixes included."""

from itertools import pairwise
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from torch.nn import functional as F  # noqa: N812 (torch's own convention)

from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.training.kernels.attention import attend_within_documents, document_attention
from maverick_assets.training.kernels.packing import Document, pack
from maverick_assets.training.kernels.prefixes import DocumentRanges
from maverick_assets.training.kernels.query_blocks import BLOCK_TOKENS
from maverick_assets_tests.architectures import ARCHITECTURES, tiny_model
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
        with document_attention(model):
            states = model.model(
                input_ids=packed.input_ids,
                position_ids=packed.position_ids,
                document_ranges=packed.document_ranges,
            ).last_hidden_state[0]
        for ranges in packed.document_ranges:
            positions = [at for start, end in ranges for at in range(start, end)]
            alone = model.model(input_ids=packed.input_ids[:, positions]).last_hidden_state[0]
            torch.testing.assert_close(states[positions], alone)


def test_the_model_attends_as_before_afterwards(model: Any) -> None:
    before = model.config._attn_implementation
    with document_attention(model):
        assert model.config._attn_implementation != before
    assert model.config._attn_implementation == before


@pytest.mark.parametrize(("heads", "groups"), [(6, 2), (4, 4), (4, 1)])
def test_values_and_gradients_are_those_of_torch(heads: int, groups: int) -> None:
    torch.manual_seed(0)
    starts_and_end = (0, 5, 6, 23, 32)
    document_ranges = tuple((own,) for own in pairwise(starts_and_end))
    check_against_torch(heads, groups, document_ranges)


@pytest.mark.parametrize(("heads", "groups"), [(6, 2), (4, 4), (4, 1)])
def test_values_and_gradients_are_those_of_torch_where_documents_share_prefixes(
    heads: int, groups: int
) -> None:
    """The third document borrows what the second borrowed from the first, the fourth from both."""
    torch.manual_seed(0)
    first, second = (0, 12), ((0, 9), (12, 23))
    check_against_torch(
        heads, groups, ((first,), second, ((0, 9), (23, 24)), ((0, 9), (12, 20), (24, 40)))
    )


# A document of three blocks, two short ones in one block, and a long one that shares a prefix.
SHORT = 3 * BLOCK_TOKENS + 30
SEVERAL_BLOCKS: tuple[DocumentRanges, ...] = (
    ((0, 3 * BLOCK_TOKENS),),
    ((0, 40), (3 * BLOCK_TOKENS, SHORT)),
    ((SHORT, SHORT + 20),),
    ((0, 200), (SHORT + 20, SHORT + 20 + 2 * BLOCK_TOKENS)),
)


@pytest.mark.parametrize("heads", [3, 6])
@pytest.mark.parametrize("window", [None, 10, 150])
def test_values_and_gradients_are_those_of_torch_in_documents_of_several_blocks(
    heads: int, window: int | None
) -> None:
    torch.manual_seed(0)
    check_against_torch(heads, 3, SEVERAL_BLOCKS, window)


def check_against_torch(
    heads: int,
    groups: int,
    document_ranges: tuple[DocumentRanges, ...],
    window: int | None = None,
) -> None:
    shapes = [(1, count, document_ranges[-1][-1][1], 8) for count in (heads, groups, groups)]
    inputs = [torch.randn(shape, requires_grad=True) for shape in shapes]
    query, key, value = inputs
    out, _ = attend_within_documents(
        torch.nn.Identity(),
        query,
        key,
        value,
        None,
        0.3,
        document_ranges=document_ranges,
        sliding_window=window,
    )
    expected = torch.cat(
        [attention_of(inputs, ranges, window) for ranges in document_ranges], dim=2
    ).transpose(1, 2)
    torch.testing.assert_close(out, expected)
    grad_out = torch.randn_like(out)
    for ours, theirs in zip(
        torch.autograd.grad(out, inputs, grad_out),
        torch.autograd.grad(expected, inputs, grad_out),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs)


def attention_of(
    inputs: list[torch.Tensor], ranges: DocumentRanges, window: int | None
) -> torch.Tensor:
    """torch's attention over one whole document: the rows of the tokens that are its own."""
    positions = [at for start, end in ranges for at in range(start, end)]
    query, key, value = (tensor[:, :, positions] for tensor in inputs)
    visible = torch.ones(len(positions), len(positions), dtype=torch.bool).tril()
    if window:
        visible = visible.triu(1 - window)
    whole = F.scaled_dot_product_attention(query, key, value, visible, scale=0.3, enable_gqa=True)
    start, end = ranges[-1]
    return whole[:, :, start - end :]


def test_sinks_and_soft_caps_are_those_of_the_formula_with_shared_prefixes() -> None:
    torch.manual_seed(0)
    ranges: tuple[DocumentRanges, ...] = (((0, 12),), ((0, 9), (12, 23)))
    shapes = [(1, count, 23, 8) for count in (4, 2, 2)]
    inputs = [torch.randn(shape, requires_grad=True) for shape in shapes]
    sinks = torch.randn(4)
    layer = torch.nn.Identity()
    facts = {"sliding_window": 6, "softcap": 1.5, "s_aux": sinks}
    out, _ = attend_within_documents(layer, *inputs, None, 0.3, document_ranges=ranges, **facts)
    expected = torch.cat([attention_by_formula(inputs, own, sinks) for own in ranges], 1)
    torch.testing.assert_close(out[0].transpose(0, 1), expected)
    grad_out = torch.randn_like(expected)
    ours = torch.autograd.grad(out[0].transpose(0, 1), inputs, grad_out)
    theirs = torch.autograd.grad(expected, inputs, grad_out)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other)


def attention_by_formula(
    inputs: list[torch.Tensor], ranges: DocumentRanges, sinks: torch.Tensor
) -> torch.Tensor:
    """Of one document, for a window of 6 and a soft cap of 1.5; keys repeated for their queries."""
    positions = [at for start, end in ranges for at in range(start, end)]
    query, key, value = (tensor[0, :, positions] for tensor in inputs)
    key, value = (tensor.repeat_interleave(2, 0) for tensor in (key, value))
    scores = 1.5 * torch.tanh(0.3 * query @ key.transpose(1, 2) / 1.5)
    at = torch.arange(len(positions))
    seen = (at[:, None] >= at) & (at[:, None] - at < 6)
    weights = scores.exp() * seen
    shares = weights / (weights.sum(-1, keepdim=True) + sinks[:, None, None].exp())
    start, end = ranges[-1]
    return (shares @ value)[:, start - end :]


def test_a_model_with_attention_of_its_own_says_so() -> None:
    model = tiny_model(ARCHITECTURES["GPT-J (bias in the head)"])
    with pytest.raises(NotImplementedError, match="cannot be replaced"), document_attention(model):
        pass
