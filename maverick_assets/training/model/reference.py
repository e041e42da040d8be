"""What the engine is compared with: transformers and peft, one example at a time, nothing fused."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch.nn.functional import cross_entropy

from maverick_assets.base_model.architecture import lora_targets
from maverick_assets.training.kernels.packing import Document

ADAPTERS = ("check-one", "check-two")  # two, because adapters share packs
RANK = 8
B_SCALE = 0.02  # fresh LoRA has B = 0, and half of the gradients with it


@dataclass(frozen=True)
class LossesAndGradients:
    """Of one pass over the same documents."""

    losses: Sequence[float]  # of each adapter: the weighted sum over its tokens
    gradients: Sequence[Sequence[torch.Tensor]]  # of each adapter's LoRA weights, in float32
    token_losses: torch.Tensor  # (supervised,) float32, not weighted; empty where nobody asked


@contextmanager
def check_adapters(model: Any) -> Iterator[PeftModel]:
    """`model` with two random adapters on all linear layers; afterwards as before.

    Raises `ValueError` where there is no layer to adapt. torch's random numbers go on as if
    nothing had been drawn.
    """
    targets = lora_targets(model)
    config = LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules=targets, task_type="CAUSAL_LM")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        lora = get_peft_model(model, config, adapter_name=ADAPTERS[0])
        try:
            lora.add_adapter(ADAPTERS[1], config)
            for name, weight in lora.named_parameters():
                if "lora_B" in name:
                    weight.data.normal_(0, B_SCALE)
                weight.requires_grad_("lora_" in name)
            lora.eval()
            yield lora
        finally:
            lora.unload()


def plain_pass(lora: PeftModel, documents: Sequence[Document]) -> LossesAndGradients:
    """Losses and gradients by transformers' forward pass and peft's own layers."""
    losses, gradients, token_losses = [], [], []
    for at, name in enumerate(ADAPTERS):
        lora.set_adapter(name)  # the others stop to learn
        own = [document for document in documents if document.adapter == at]
        of_tokens = [_token_losses(lora, document) for document in own]
        total = torch.stack(
            [
                tokens.sum() * document.weight
                for tokens, document in zip(of_tokens, own, strict=True)
            ]
        ).sum()
        weights = [weight for key, weight in lora.named_parameters() if f".{name}." in key]
        losses.append(total.item())
        gradients.append(
            torch.autograd.grad(total, weights, allow_unused=True, materialize_grads=True)
        )
        token_losses += [tokens.detach() for tokens in of_tokens]
    for key, weight in lora.named_parameters():
        weight.requires_grad_("lora_" in key)
    return LossesAndGradients(losses, gradients, torch.cat(token_losses))


def _token_losses(lora: PeftModel, document: Document) -> torch.Tensor:
    row = document.row
    ids = torch.tensor([row.input_ids], device=lora.device)
    logits = lora(input_ids=ids, use_cache=False).logits[0, row.n_prompt - 1 : -1]
    return cross_entropy(logits.float(), ids[0, row.n_prompt :], reduction="none")


def looks_ahead(lora: PeftModel, document: Document) -> bool:
    """Whether what the model predicts depends on tokens that come later, as in an encoder."""
    ids = torch.tensor([document.row.input_ids], device=lora.device)
    half = max(1, ids.shape[1] // 2)
    with torch.no_grad():
        whole, begun = (
            lora(input_ids=part, use_cache=False).logits[0, :half].float()
            for part in (ids, ids[:, :half])
        )
    return not torch.allclose(whole, begun, 1e-2, 1e-2 * float(begun.abs().max()))


@contextmanager
def in_float32(model: Any) -> Iterator[None]:
    """Inside, the model computes in float32; afterwards its tensors have their dtype again.

    A bfloat16 number survives both ways unchanged. Weights in 4 bits stay so; their products are
    computed in float32. Raises `torch.OutOfMemoryError` where the wider copy does not fit.
    """
    tensors = [t for t in (*model.parameters(), *model.buffers()) if t.is_floating_point()]
    dtypes = [tensor.dtype for tensor in tensors]
    layers = [module for module in model.modules() if hasattr(module, "compute_dtype")]
    compute_dtypes = [layer.compute_dtype for layer in layers]
    try:
        for tensor in tensors:
            tensor.data = tensor.data.float()
        for layer in layers:
            layer.compute_dtype = torch.float32
        yield
    finally:
        for tensor, dtype in zip(tensors, dtypes, strict=True):
            tensor.data = tensor.data.to(dtype)
        for layer, dtype in zip(layers, compute_dtypes, strict=True):
            layer.compute_dtype = dtype
