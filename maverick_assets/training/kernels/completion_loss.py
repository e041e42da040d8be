"""The head and the loss on the rows that predict a supervised token, some at a time.

Logits are by far the widest tensor: a vocabulary each. Here they exist for a few rows at once, and
never for the backward pass: since the head is frozen, the gradient of its input is computed along
with the loss (Hsu et al. 2024, "Liger Kernel"; Wijmans et al. 2024, "Cut Your Losses").
"""

from typing import Any

import torch

from maverick_assets.training.kernels.packing import Pack

CHUNK = 256  # rows of logits at once


def completion_losses(model: Any, pack: Pack) -> tuple[torch.Tensor, torch.Tensor]:
    """Weighted sum of the losses of a pack, and the losses: negative log-likelihood (nats, float32)
    of each supervised token, (supervised,), without gradient."""
    hidden = model.get_decoder()(
        input_ids=pack.input_ids,
        position_ids=pack.position_ids,
        use_cache=False,
        document_ranges=pack.document_ranges,
    ).last_hidden_state[0]
    head: Any = _HeadLoss.apply  # torch does not type it
    weight = model.get_output_embeddings().weight
    total, losses = head(
        hidden[pack.predictor_positions], weight, pack.targets, pack.target_weights
    )
    return total, losses


class _HeadLoss(torch.autograd.Function):
    """hidden (rows, size), frozen weight (vocabulary, size), targets and weights (rows,)."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        weight: torch.Tensor,
        targets: torch.Tensor,
        weights: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        losses = torch.empty(len(hidden), device=hidden.device)
        of_hidden = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
        for start in range(0, len(hidden), CHUNK):
            part = slice(start, start + CHUNK)
            logits = (hidden[part] @ weight.t()).float()
            target = targets[part, None]
            normalizer = logits.logsumexp(-1, keepdim=True)
            losses[part] = (normalizer - logits.gather(1, target))[:, 0]
            if of_hidden is not None:
                of_logits = logits.sub_(normalizer).exp_()
                of_logits.scatter_add_(1, target, -torch.ones_like(target, dtype=logits.dtype))
                of_logits *= weights[part, None]
                of_hidden[part] = of_logits.to(weight.dtype) @ weight
        ctx.save_for_backward(of_hidden)
        ctx.mark_non_differentiable(losses)
        return (losses * weights).sum(), losses

    @staticmethod
    def backward(ctx: Any, of_total: torch.Tensor, _: object) -> tuple[Any, ...]:
        [of_hidden] = ctx.saved_tensors
        return of_hidden * of_total.to(of_hidden.dtype), None, None, None
