"""Head and loss on supervised rows alone give the loss and gradient of the whole head."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from torch.nn import functional as F  # noqa: N812 (torch's own convention)

from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.training.kernels import completion_loss
from maverick_assets.training.kernels.attention import document_attention
from maverick_assets.training.kernels.completion_loss import completion_losses
from maverick_assets.training.kernels.fast_paths import ALL_FAST
from maverick_assets.training.kernels.packing import Document, pack
from maverick_assets_tests.architectures import ARCHITECTURES, tiny_model
from maverick_assets_tests.tiny_llama import tiny_llama
from maverick_assets_tests.training.rows import VOCABULARY, many_rows


@pytest.fixture(scope="module")
def model() -> Any:
    return tiny_llama(VOCABULARY, 0.2)


@settings(max_examples=30)
@given(many_rows)
def test_loss_is_that_of_transformers_with_prompt_labels_ignored(
    model: Any, examples: list[Encoded]
) -> None:
    packed = pack(Document(row, weight=0.5) for row in examples)
    with torch.inference_mode():
        with document_attention(model):
            total, losses = completion_losses(model, packed)
        expected = 0.0
        for row in examples:
            ids = torch.tensor([row.input_ids])
            labels = ids.clone()
            labels[0, : row.n_prompt] = -100
            expected += model(input_ids=ids, labels=labels).loss.item() * row.n_supervised
    assert losses.shape == (sum(row.n_supervised for row in examples),)
    assert losses.dtype == torch.float32
    assert losses.sum().item() == pytest.approx(expected, rel=1e-4)
    assert total.item() == pytest.approx(expected / 2, rel=1e-4)


def test_gradients_are_those_of_the_whole_head(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion_loss, "CHUNK_ROWS", 7)
    examples = [Encoded(list(range(1, 30)), 4), Encoded(list(range(5, 20)), 9)]
    packed = pack(Document(row, weight=1 / 9) for row in examples)
    layer = model.model.layers[0].mlp.down_proj.weight
    with document_attention(model):
        total, _ = completion_losses(model, packed)
        [ours] = torch.autograd.grad(3 * total, layer)
        logits = model(
            input_ids=packed.input_ids,
            position_ids=packed.position_ids,
            document_ranges=packed.document_ranges,
        ).logits[0]
    whole = F.cross_entropy(logits[packed.predictor_positions], packed.targets, reduction="sum") / 9
    [theirs] = torch.autograd.grad(3 * whole, layer)
    torch.testing.assert_close(ours, theirs)


def test_the_head_is_computed_for_supervised_rows_only(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    real = torch.Tensor.amax

    def counting(logits: torch.Tensor, *sizes: Any, **named: Any) -> torch.Tensor:
        seen.append(len(logits))
        return real(logits, *sizes, **named)

    monkeypatch.setattr(torch.Tensor, "amax", counting)
    packed = pack([Document(Encoded(list(range(1, 40)), 30)), Document(Encoded([1, 2, 3], 1))])
    with document_attention(model), torch.inference_mode():
        completion_losses(model, packed)
    assert sum(seen) == len(packed.targets) == 11


@pytest.mark.parametrize(
    "name",
    [
        "Phi 2 (bias in the head)",
        "Cohere (scaled logits)",
        "Granite (scales)",
        "Gemma 2 (windows, soft caps)",
    ],
)
def test_biases_scales_and_soft_caps_are_those_of_the_model(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completion_loss, "CHUNK_ROWS", 7)
    model = tiny_model(ARCHITECTURES[name])
    if "Gemma" in name:
        model.config.final_logit_softcapping = 2.0  # so low that it bends these logits
    packed = pack([Document(Encoded(list(range(1, 30)), 4), weight=0.5)])
    weight = next(
        w
        for key, w in model.named_parameters()
        if key.endswith("o_proj.weight") or key.endswith("dense.weight")
    )
    results = []
    for paths in (ALL_FAST, replace(ALL_FAST, head=False)):
        with document_attention(model):
            total, losses = completion_losses(model, packed, paths)
            results.append((total, losses, *torch.autograd.grad(total, weight)))
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs)
