from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maverick_assets.datasets.tokens import Encoded
from maverick_assets.training import batches
from maverick_assets.training.batches import collate, completion_losses, in_parts, plan_epoch
from maverick_assets_tests.tiny_llama import tiny_llama

VOCABULARY = 61

tokens = st.lists(st.integers(1, VOCABULARY - 1), min_size=2, max_size=24)
rows = tokens.flatmap(
    lambda ids: st.integers(1, len(ids) - 1).map(lambda n_prompt: Encoded(ids, n_prompt))
)
many_rows = st.lists(rows, min_size=1, max_size=12)


@pytest.fixture(scope="module")
def model() -> Any:
    return tiny_llama(VOCABULARY, 0.2)


@given(many_rows, st.integers(8, 64), st.text(max_size=3))
def test_an_epoch_has_every_row_once_in_batches_that_fit(
    examples: list[Encoded], batch_tokens: int, seed: str
) -> None:
    plan = plan_epoch(examples, batch_tokens, seed)
    assert sorted(index for batch in plan for index in batch) == list(range(len(examples)))
    for batch in plan:
        padded = len(batch) * max(len(examples[index].input_ids) for index in batch)
        assert padded <= batch_tokens or len(batch) == 1
    assert plan == plan_epoch(examples, batch_tokens, seed)


def test_epochs_with_other_seeds_come_in_another_order() -> None:
    examples = [Encoded([1] * (2 + index % 9), 1) for index in range(60)]
    assert plan_epoch(examples, 32, "0-1") != plan_epoch(examples, 32, "0-2")


@settings(max_examples=30)
@given(many_rows)
def test_padding_without_a_mask_changes_no_logits(model: Any, examples: list[Encoded]) -> None:
    batch = collate(examples)
    with torch.inference_mode():
        padded = model(input_ids=batch.input_ids).logits
        for at, row in enumerate(examples):
            alone = model(input_ids=torch.tensor([row.input_ids])).logits[0]
            torch.testing.assert_close(padded[at, : len(row.input_ids)], alone)


@settings(max_examples=30)
@given(many_rows)
def test_loss_is_that_of_transformers_with_prompt_labels_ignored(
    model: Any, examples: list[Encoded]
) -> None:
    with torch.inference_mode():
        losses = completion_losses(model, collate(examples))
        expected = 0.0
        for row in examples:
            ids = torch.tensor([row.input_ids])
            labels = ids.clone()
            labels[0, : row.n_prompt] = -100
            expected += model(input_ids=ids, labels=labels).loss.item() * row.n_supervised
    assert losses.shape == (sum(row.n_supervised for row in examples),)
    assert losses.dtype == torch.float32
    assert losses.sum().item() == pytest.approx(expected, rel=1e-4)


@settings(max_examples=20)
@given(many_rows, st.integers(8, 48))
def test_the_loss_of_a_batch_is_the_sum_over_its_parts(
    model: Any, examples: list[Encoded], tokens_of_part: int
) -> None:
    parts = in_parts(examples, tokens_of_part)
    assert [row for part in parts for row in part] == examples
    for part in parts:
        padded = len(part) * max(len(row.input_ids) for row in part)
        assert padded <= tokens_of_part or len(part) == 1
    with torch.inference_mode():
        whole = completion_losses(model, collate(examples)).sum()
        summed = sum(completion_losses(model, collate(part)).sum() for part in parts)
    torch.testing.assert_close(summed, whole)


def test_the_pad_token_never_changes_the_loss(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = [Encoded([5, 6, 7, 8, 9], 2), Encoded([5, 6, 7], 1)]
    before = completion_losses(model, collate(examples))
    monkeypatch.setattr(batches, "PAD", 17)
    batch = collate(examples)
    assert batch.input_ids[1].tolist() == [5, 6, 7, 17, 17]
    torch.testing.assert_close(completion_losses(model, batch), before, rtol=0, atol=0)


def test_both_attentions_are_causal_and_give_the_same_loss(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = collate([Encoded(list(range(1, 60)), 3), Encoded(list(range(2, 20)), 9)])
    plain = completion_losses(model, batch)
    assert model.config._attn_implementation == "eager"
    monkeypatch.setattr(batches, "EAGER_WIDTH", 8)
    torch.testing.assert_close(completion_losses(model, batch), plain)
    assert model.config._attn_implementation == "sdpa"
