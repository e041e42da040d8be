"""The fused norm gives the values and gradients of the norm of transformers."""

import pytest
import torch
from transformers.models.gemma.modeling_gemma import GemmaRMSNorm
from transformers.models.llama.modeling_llama import LlamaRMSNorm
from transformers.models.zamba2.modeling_zamba2 import Zamba2RMSNormGated

from maverick_assets.training.kernels.norms import fused_norms


@pytest.mark.parametrize("kind", [LlamaRMSNorm, GemmaRMSNorm])  # weight, and 1 + weight
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 0.03)])
def test_values_and_gradients_are_those_of_transformers(
    kind: type[torch.nn.Module], dtype: torch.dtype, tolerance: float
) -> None:
    torch.manual_seed(0)
    norm = kind(48, eps=1e-5).to(dtype)
    norm.weight.data = torch.rand(48).to(dtype) + 0.5
    norm.weight.requires_grad_(False)
    x = (3 * torch.randn(2, 7, 48)).to(dtype).requires_grad_(True)
    grad_out = torch.randn(2, 7, 48).to(dtype)
    expected = norm(x)
    [expected_gradient] = torch.autograd.grad(expected, x, grad_out)
    with fused_norms(norm):
        assert "forward" in vars(norm)
        fused = norm(x)
        [gradient] = torch.autograd.grad(fused, x, grad_out)
    assert fused.dtype == gradient.dtype == dtype
    torch.testing.assert_close(fused, expected, rtol=tolerance, atol=tolerance)
    torch.testing.assert_close(gradient, expected_gradient, rtol=tolerance, atol=tolerance)
    assert torch.equal(norm(x), expected)
    assert "forward" not in vars(norm)


def test_a_norm_that_does_something_else_computes_as_before() -> None:
    gated = Zamba2RMSNormGated(48, group_size=24)
    with fused_norms(gated):
        assert "forward" not in vars(gated)
