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

from typing import Any

import torch

from maverick_assets.training.kernels.packing import Pack

CHUNK_ROWS = 256  # rows of logits at once: 50 MB in float32 at SmolLM2's vocabulary


def completion_losses(model: Any, pack: Pack) -> tuple[torch.Tensor, torch.Tensor]:
    """The losses of a pack's supervised tokens: their weighted sum, and each one.

    The sum () carries the gradient. The losses (supervised,), negative log-likelihoods in nats and
    float32, carry none and are not weighted. `model` is a causal LM of transformers that attends by
    documents (`attention.document_attention`).
    """
    hidden = model.get_decoder()(
        input_ids=pack.input_ids,
        position_ids=pack.position_ids,
        use_cache=False,
        document_ranges=pack.document_ranges,
    ).last_hidden_state[0]
    cross_entropy: Any = _FrozenHeadCrossEntropy.apply  # untyped in torch
    head = model.get_output_embeddings().weight
    total, losses = cross_entropy(
        hidden[pack.predictor_positions], head, pack.targets, pack.target_weights
    )
    return total, losses


class _FrozenHeadCrossEntropy(torch.autograd.Function):
    """Linear layer without bias, log-softmax and negative log-likelihood in one node."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        head: torch.Tensor,
        targets: torch.Tensor,
        target_weights: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """hidden (rows, size), frozen head (vocabulary, size), targets and target_weights (rows,)
        -> the weighted sum () and the losses (rows,), both float32.

        The gradient of a row's logits is target_weight * (softmax(logits) - onehot(target)).
        """
        losses = torch.empty(len(hidden), device=hidden.device)
        # Without a gradient (validation) the second product, as large as the first, is left out.
        grad_hidden = torch.empty_like(hidden) if ctx.needs_input_grad[0] else None
        for start in range(0, len(hidden), CHUNK_ROWS):
            chunk = slice(start, start + CHUNK_ROWS)
            logits = (hidden[chunk] @ head.t()).float()
            target = targets[chunk, None]
            log_normalizer = logits.logsumexp(-1, keepdim=True)
            losses[chunk] = (log_normalizer - logits.gather(1, target))[:, 0]
            if grad_hidden is not None:
                # In place from here on: logits become probabilities, then their own gradient.
                grad_logits = logits.sub_(log_normalizer).exp_()
                grad_logits.scatter_add_(1, target, -torch.ones_like(target, dtype=logits.dtype))
                grad_logits *= target_weights[chunk, None]
                grad_hidden[chunk] = grad_logits.to(head.dtype) @ head
        ctx.save_for_backward(grad_hidden)
        ctx.mark_non_differentiable(losses)
        return (losses * target_weights).sum(), losses

    @staticmethod
    def backward(ctx: Any, grad_total: torch.Tensor, _: object) -> tuple[Any, ...]:
        [grad_hidden] = ctx.saved_tensors
        return grad_hidden * grad_total.to(grad_hidden.dtype), None, None, None
