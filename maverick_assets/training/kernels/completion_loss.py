"""Output head and cross-entropy on the supervised tokens alone, a few rows at a time.

Logits are by far the widest tensor of a model: (tokens, vocabulary), 49,152 columns for SmolLM2 and
128,256 for Llama 3. Two savings make them small:

- the head is computed only at positions that predict a supervised token, not at every token with
  the prompt's labels ignored afterwards;
- those rows go through head and loss in chunks, and the gradient of the hidden states is computed
  right there, while a chunk's logits exist. The backward pass then only scales it, so logits are
  never kept. This works because the head is frozen: its own gradient is not needed (Hsu et al.
  2024, "Liger Kernel"; Wijmans et al. 2024, "Cut Your Losses in Large-Vocabulary Language Models").

Nothing is approximated. Logits are computed in the head's dtype and everything after them in
float32; only their gradient is rounded back to the head's dtype, for its product with the head.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from maverick_assets.training.kernels.fast_paths import ALL_FAST, FastPaths
from maverick_assets.training.kernels.packing import Pack

CHUNK_ROWS = 256  # rows of logits at once: 50 MB in float32 at SmolLM2's vocabulary

# Of a product in float32, MKL computes fewer rows than these by another kernel.
_SAME_KERNEL_ROWS = 4

# Vectors of a softmax or a product have no remainder at this number of keys.
_KEY_MULTIPLE = 32


def completion_losses(
    model: Any, pack: Pack, paths: FastPaths = ALL_FAST, *, separate: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """The losses of a pack's supervised tokens: their weighted sum, and each one.

    The sum () carries the gradient. The losses (supervised,), negative log-likelihoods in nats and
    float32, carry none and are not weighted. `model` is a causal LM of transformers, which attends
    by documents (`attention.document_attention`) where `paths.attention` says so. Without
    `paths.packs` the pack holds one document. With `separate`, attention computes each document by
    itself: slower, but in the same numbers whatever stands beside it; the sum is then without use.
    """
    inputs: dict[str, Any] = {"input_ids": pack.input_ids, "use_cache": False}
    if paths.packs:
        inputs["position_ids"] = pack.position_ids
    if paths.attention:
        inputs["document_ranges"] = pack.document_ranges
        inputs["adapter_starts"] = tuple(span.start for span in pack.adapter_spans)
    if paths.attention and separate:
        inputs["adapter_starts"] = tuple(ranges[-1][0] for ranges in pack.document_ranges)
        inputs["key_multiple"] = _KEY_MULTIPLE
    if not paths.head:
        return _losses_of_the_models_head(model, pack, inputs)
    hidden = model.get_decoder()(**inputs).last_hidden_state[0]
    cross_entropy: Any = _FrozenHeadCrossEntropy.apply  # untyped in torch
    supervised = (pack.predictor_positions, pack.targets, pack.target_weights)
    positions, targets, weights = map(_filled_up, supervised) if separate else supervised
    total, losses = cross_entropy(hidden[positions], _head_of(model), targets, weights)
    return total, losses[: len(pack.targets)]


def _filled_up(supervised: torch.Tensor) -> torch.Tensor:
    """One number (supervised,) per token, the first repeated until the last chunk has enough rows.

    The losses of what was added are left out, and then there is no use for the sum.
    """
    last = len(supervised) % CHUNK_ROWS
    missing = _SAME_KERNEL_ROWS - last if 0 < last < _SAME_KERNEL_ROWS else 0
    return torch.cat([supervised, supervised[:1].expand(missing)])


def _losses_of_the_models_head(
    model: Any, pack: Pack, inputs: Mapping[str, Any]
) -> tuple[torch.Tensor, torch.Tensor]:
    """The same by the model's own forward pass, which computes the head at every token."""
    logits = model(**inputs).logits[0, pack.predictor_positions].float()
    losses = torch.nn.functional.cross_entropy(logits, pack.targets, reduction="none")
    return (losses * pack.target_weights).sum(), losses.detach()


@dataclass(frozen=True)
class _Head:
    """How a model makes logits of hidden states h: c tanh(scale (h W^T + bias) / c)."""

    weight: torch.Tensor  # (vocabulary, size), frozen
    bias: torch.Tensor | None  # (vocabulary,): Phi, GPT-J
    scale: float
    softcap: float | None  # c; without one, logits are not bent

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """hidden (rows, size) -> (rows, vocabulary) in float32."""
        product = hidden @ self.weight.t()
        if self.bias is not None:
            product += self.bias
        logits = product.float()
        if self.scale != 1:
            logits *= self.scale
        return logits.div_(self.softcap).tanh_().mul_(self.softcap) if self.softcap else logits

    def gradient_of_product(
        self, grad_logits: torch.Tensor, logits: torch.Tensor | None
    ) -> torch.Tensor:
        """The gradient of h W^T from that of the logits, which is overwritten."""
        if self.softcap and logits is not None:
            grad_logits *= 1 - (logits / self.softcap).square()
        return grad_logits.mul_(self.scale) if self.scale != 1 else grad_logits


def head_logits(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    """What the head of a model makes of hidden states (rows, size): logits in float32."""
    return _head_of(model).logits(hidden)


def _head_of(model: Any) -> _Head:
    """The head, with what model families do to its logits, by the names in their configurations."""
    head, config = model.get_output_embeddings(), model.config.get_text_config()
    scale = getattr(config, "logit_scale", None) or 1.0  # Cohere
    divisor = getattr(config, "logits_scaling", None) or 1.0  # Granite
    softcap = getattr(config, "final_logit_softcapping", None)  # Gemma 2
    return _Head(head.weight, getattr(head, "bias", None), scale / divisor, softcap)


class _FrozenHeadCrossEntropy(torch.autograd.Function):
    """Head, log-softmax and negative log-likelihood in one node."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        head: _Head,
        targets: torch.Tensor,
        target_weights: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """hidden (rows, size), targets and target_weights (rows,) -> the weighted sum () and the
        losses (rows,), both float32.

        The gradient of a row's logits is target_weight * (softmax(logits) - onehot(target)).
        """
        losses = torch.empty(len(hidden), device=hidden.device)
        # Without a gradient (validation) the second product, as large as the first, is left out.
        grad_hidden = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
        for start in range(0, len(hidden), CHUNK_ROWS):
            chunk = slice(start, start + CHUNK_ROWS)
            logits = head.logits(hidden[chunk])
            capped = logits.clone() if head.softcap and grad_hidden is not None else None
            target, weight = targets[chunk, None], target_weights[chunk, None]
            # In place from here on: logsumexp() would make a second tensor as large as the logits,
            # and exponentials once more for the gradient.
            target_logits, largest = logits.gather(1, target), logits.amax(-1, keepdim=True)
            exponentials = logits.sub_(largest).exp_()
            normalizer = exponentials.sum(-1, keepdim=True)
            losses[chunk] = (normalizer.log() + largest - target_logits)[:, 0]
            if grad_hidden is not None:
                grad_logits = exponentials.mul_(weight / normalizer)
                grad_logits.scatter_add_(1, target, -weight)
                grad_product = head.gradient_of_product(grad_logits, capped)
                grad_hidden[chunk] = grad_product.to(hidden.dtype) @ head.weight
        ctx.save_for_backward(grad_hidden)
        ctx.mark_non_differentiable(losses)
        return (losses * target_weights).sum(), losses

    @staticmethod
    def backward(ctx: Any, grad_total: torch.Tensor, _: object) -> tuple[Any, ...]:
        [grad_hidden] = ctx.saved_tensors
        return grad_hidden * grad_total.to(grad_hidden.dtype), None, None, None
