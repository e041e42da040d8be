"""The fused norm gives the values and gradients of the norm of transformers."""

import pytest
import torch
from transformers.models.llama.modeling_llama import LlamaRMSNorm

from maverick_assets.training.kernels.norms import fused_norms


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 0.03)])
def test_values_and_gradients_are_those_of_transformers(
    dtype: torch.dtype, tolerance: float
) -> None:
    torch.manual_seed(0)
    norm = LlamaRMSNorm(48, eps=1e-5).to(dtype)
    norm.weight.data = torch.rand(48).to(dtype) + 0.5
    norm.weight.requires_grad_(False)
    x = (3 * torch.randn(2, 7, 48)).to(dtype).requires_grad_(True)
    grad_out = torch.randn(2, 7, 48).to(dtype)
    expected = norm(x)
    [expected_gradient] = torch.autograd.grad(expected, x, grad_out)
    with fused_norms(norm):
        fused = norm(x)
        [gradient] = torch.autograd.grad(fused, x, grad_out)
    assert fused.dtype == gradient.dtype == dtype
    torch.testing.assert_close(fused, expected, rtol=tolerance, atol=tolerance)
    torch.testing.assert_close(gradient, expected_gradient, rtol=tolerance, atol=tolerance)
    assert torch.equal(norm(x), expected)
    assert "forward" not in vars(norm)
