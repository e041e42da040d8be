"""Fused LoRA layers give the values and gradients of peft's own, for several adapters at once."""

from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model

from maverick_assets.training.kernels.lora import fused_lora
from maverick_assets.training.kernels.packing import AdapterSpan
from maverick_assets_tests.tiny_llama import tiny_llama

NAMES = ["one", "two"]
RANKS = {"one": 4, "two": 2}
IDS = torch.tensor([[1, 2, 3, 4, 5, 6, 7, 8, 9]])


def adapted(dtype: torch.dtype) -> PeftModel:
    return adapted_to(tiny_llama(32, 0.3).to(dtype))


def adapted_to(model: Any) -> PeftModel:
    """The model with two adapters of different ranks, in float32, all matrices far from zero."""
    lora: Any = None
    for name, rank in RANKS.items():
        config = LoraConfig(
            r=rank, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM"
        )
        if lora is None:
            lora = get_peft_model(model, config, adapter_name=name)
        else:
            lora.add_adapter(name, config)
    for name, weight in lora.named_parameters():
        if "lora_" in name:
            weight.data = torch.randn(weight.shape, generator=torch.manual_seed(len(name))) * 0.1
            weight.requires_grad_(True)
    return lora


def result(lora: PeftModel) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    logits = lora.get_base_model()(input_ids=IDS).logits
    logits.float().square().mean().backward()
    gradients = {n: w.grad for n, w in lora.named_parameters() if w.grad is not None}
    return logits.detach(), gradients


def distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """Relative, in the Euclidean norm."""
    return float((one.float() - other.float()).norm() / other.float().norm())


def ours(dtype: torch.dtype, name: str) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    lora = adapted(dtype)
    with fused_lora(lora, NAMES) as routing:
        routing.spans = (AdapterSpan(NAMES.index(name), 0, IDS.shape[1]),)
        return result(lora)


def result_of_both(lora: PeftModel) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    with fused_lora(lora, NAMES) as routing:
        routing.spans = (AdapterSpan(0, 0, 4), AdapterSpan(1, 4, IDS.shape[1]))
        return result(lora)


def pefts(dtype: torch.dtype, name: str) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    lora = adapted(dtype)
    lora.set_adapter(name)
    return result(lora)


@pytest.mark.parametrize("name", NAMES)
def test_values_and_gradients_are_those_of_peft(name: str) -> None:
    (values, gradients), (expected, theirs) = ours(torch.float32, name), pefts(torch.float32, name)
    assert distance(values, expected) < 1e-5
    assert gradients.keys() == theirs.keys()
    assert any(f"lora_A.{name}" in each for each in gradients)
    for each, gradient in theirs.items():
        assert distance(gradients[each], gradient) < 1e-5


@pytest.mark.parametrize("name", NAMES)
def test_in_bfloat16_the_error_is_no_larger_than_that_of_peft(name: str) -> None:
    """The error is the distance to the same computation in float32."""
    values, gradients = ours(torch.bfloat16, name)
    peft_values, peft_gradients = pefts(torch.bfloat16, name)
    truth, true_gradients = pefts(torch.float32, name)
    assert distance(values, truth) < 1.5 * distance(peft_values, truth)
    assert all(gradient.dtype == torch.float32 for gradient in gradients.values())

    def error(found: dict[str, torch.Tensor]) -> float:
        return sum(distance(found[each], true_gradients[each]) for each in true_gradients)

    assert error(gradients) < 1.5 * error(peft_gradients)


def test_each_adapter_changes_its_own_tokens() -> None:
    """Compared in the first layer, before attention mixes tokens."""
    lora = adapted(torch.float32)
    base: Any = lora.get_base_model()
    layer = base.model.layers[0].self_attn.q_proj
    x = torch.randn(1, 9, 32)
    alone = []
    with fused_lora(lora, NAMES) as routing, torch.inference_mode():
        for adapter in range(2):
            routing.spans = (AdapterSpan(adapter, 0, 9),)
            alone.append(layer(x))
        routing.spans = (AdapterSpan(0, 0, 4), AdapterSpan(1, 4, 9))
        both = layer(x)
    torch.testing.assert_close(both[:, :4], alone[0][:, :4])
    torch.testing.assert_close(both[:, 4:], alone[1][:, 4:])
    assert not torch.allclose(alone[0], alone[1])


def test_the_base_computes_as_before_after_unloading() -> None:
    lora = adapted(torch.float32)
    with fused_lora(lora, NAMES):
        pass
    base: Any = lora.unload()
    expected = tiny_llama(32, 0.3)(input_ids=IDS).logits
    torch.testing.assert_close(base(input_ids=IDS).logits, expected)
