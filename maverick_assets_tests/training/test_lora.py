"""The fused product against peft's own: the same values and gradients."""

from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model

from maverick_assets.training.lora import fuse
from maverick_assets_tests.tiny_llama import tiny_llama

IDS = torch.tensor([[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]])


def adapted(dtype: torch.dtype) -> PeftModel:
    """A model whose LoRA matrices are both far from zero, in float32."""
    config = LoraConfig(r=4, lora_alpha=8, target_modules="all-linear", task_type="CAUSAL_LM")
    lora: Any = get_peft_model(tiny_llama(32, 0.3).to(dtype), config)
    for name, weight in lora.named_parameters():
        if "lora_" in name:
            weight.data = torch.randn(weight.shape, generator=torch.manual_seed(len(name))) * 0.1
    return lora


def result(lora: PeftModel) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    logits = lora(input_ids=IDS).logits
    logits.float().square().mean().backward()
    gradients = {n: w.grad for n, w in lora.named_parameters() if w.grad is not None}
    return logits.detach(), gradients


def distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """Relative, in the Euclidean norm."""
    return float((one.float() - other.float()).norm() / other.float().norm())


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 0.06)])
def test_values_and_gradients_are_those_of_peft(dtype: torch.dtype, tolerance: float) -> None:
    plain, fused = adapted(dtype), adapted(dtype)
    fuse(fused)
    (values, gradients), (expected, expected_gradients) = result(fused), result(plain)
    assert distance(values, expected) < tolerance
    assert gradients.keys() == expected_gradients.keys()
    assert any("lora_A" in name for name in gradients)
    for name, gradient in expected_gradients.items():
        assert gradients[name].dtype == torch.float32
        assert distance(gradients[name], gradient) < tolerance


def test_the_base_is_peftless_again_after_unloading() -> None:
    lora = adapted(torch.float32)
    fuse(lora)
    base: Any = lora.unload()
    expected = tiny_llama(32, 0.3)(input_ids=IDS).logits
    torch.testing.assert_close(base(input_ids=IDS).logits, expected)
