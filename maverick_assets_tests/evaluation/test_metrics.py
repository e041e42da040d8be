"""Perplexity over several examples is that of each example alone."""

import math
from typing import Any

import pytest
import torch

from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.metrics import perplexity, row_losses
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.kernels.fast_paths import ALL_FAST, PLAINEST, FastPaths
from maverick_assets_tests.tiny_llama import tiny_llama

CPU = Hardware("cpu", torch.float32)
ROWS = [Encoded([3, 4, 5, 6, 7, 8, 9], 2), Encoded([3, 9, 8], 2), Encoded([1, 2, 6, 4], 1)]


@pytest.fixture
def model() -> Any:
    return tiny_llama(50, 0.3)


def test_a_model_that_knows_nothing_has_the_vocabulary_as_perplexity(model: Any) -> None:
    torch.nn.init.zeros_(model.lm_head.weight)
    score = perplexity(model, ROWS, CPU)
    assert score.perplexity == pytest.approx(50)
    assert score.loss == pytest.approx(math.log(50))


def test_one_example_scores_as_in_transformers(model: Any) -> None:
    ids = torch.tensor([ROWS[0].input_ids])
    labels = ids.clone()
    labels[0, : ROWS[0].n_prompt] = -100
    with torch.inference_mode():
        expected = model(input_ids=ids, labels=labels).loss.item()
    assert perplexity(model, ROWS[:1], CPU).loss == pytest.approx(expected, rel=1e-5)


def test_every_supervised_token_weighs_the_same(model: Any) -> None:
    alone = [perplexity(model, [row], CPU).loss * row.n_supervised for row in ROWS]
    tokens = sum(row.n_supervised for row in ROWS)
    assert perplexity(model, ROWS, CPU).loss == pytest.approx(sum(alone) / tokens, rel=1e-5)


def test_a_broken_model_has_no_score(model: Any) -> None:
    with torch.no_grad():
        model.model.norm.weight.fill_(math.nan)
    with pytest.raises(MaverickError, match="held-out loss is nan"):
        perplexity(model, ROWS, CPU)


@pytest.mark.parametrize("paths", [PLAINEST, ALL_FAST])
def test_a_row_has_the_same_loss_to_the_last_bit_whatever_it_is_scored_with(
    model: Any, paths: FastPaths
) -> None:
    together = row_losses(model, ROWS, CPU, paths)
    assert together == [row_losses(model, [row], CPU, paths)[0] for row in ROWS]
    assert row_losses(model, ROWS[::-1], CPU, paths) == together[::-1]
