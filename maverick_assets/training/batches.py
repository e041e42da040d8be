"""Batches of examples, and the loss on their completions.

Rows of similar length are padded on the right without an attention mask: causal attention keeps
every token from seeing the padding after it, and no loss is taken there.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812 (torch's own convention)

from maverick_assets.datasets.tokens import Encoded

PAD = 0
EAGER_WIDTH = 256


@dataclass(frozen=True)
class Batch:
    """`input_ids` (rows, width); flat positions in it that predict the `targets` (supervised)."""

    input_ids: torch.Tensor
    predictors: torch.Tensor
    targets: torch.Tensor

    def to(self, device: str) -> "Batch":
        return Batch(self.input_ids.to(device), self.predictors.to(device), self.targets.to(device))


def plan_epoch(rows: Sequence[Encoded], batch_tokens: int, seed: str) -> list[list[int]]:
    """Indices of the rows of each batch: each row once, order drawn from `seed`.

    A batch holds at most `batch_tokens` tokens, padding included, or a single longer row.
    """
    rng = random.Random(seed)
    order = rng.sample(range(len(rows)), len(rows))
    order.sort(key=lambda index: len(rows[index].input_ids), reverse=True)
    batches: list[list[int]] = []
    for index in order:
        if batches and (len(batches[-1]) + 1) * _width(rows, batches[-1]) <= batch_tokens:
            batches[-1].append(index)
        else:
            batches.append([index])
    rng.shuffle(batches)
    return batches


def in_parts(rows: Sequence[Encoded], tokens: int) -> list[Sequence[Encoded]]:
    """`rows` in runs of at most `tokens` tokens, padding included, or of a single longer row."""
    size = max(1, tokens // max(len(row.input_ids) for row in rows))
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def collate(rows: Sequence[Encoded]) -> Batch:
    """Right-padded rows. Each must have a supervised token, and a prompt before it."""
    width = max(len(row.input_ids) for row in rows)
    input_ids = [row.input_ids + [PAD] * (width - len(row.input_ids)) for row in rows]
    predictors = [
        range(at * width + row.n_prompt - 1, at * width + len(row.input_ids) - 1)
        for at, row in enumerate(rows)
    ]
    targets = [row.input_ids[row.n_prompt :] for row in rows]
    return Batch(
        torch.tensor(input_ids),
        torch.tensor(list(chain.from_iterable(predictors))),
        torch.tensor(list(chain.from_iterable(targets))),
    )


def completion_losses(model: Any, batch: Batch) -> torch.Tensor:
    """Negative log-likelihood (nats, float32) of each supervised token, shape (n,).

    The head is applied to the rows that predict one, not to the whole batch. Sets the model's
    attention to the kernel that suits the batch.
    """
    model.set_attn_implementation(attention_for(batch.input_ids))
    hidden = model.get_decoder()(input_ids=batch.input_ids, use_cache=False).last_hidden_state
    logits = model.get_output_embeddings()(hidden.flatten(0, 1)[batch.predictors])
    return F.cross_entropy(logits.float(), batch.targets, reduction="none")


def attention_for(input_ids: torch.Tensor) -> str:
    """The faster exact attention: on a CPU plain products, while they are small.

    torch's flash kernel for CPUs takes a quarter of a training step on short rows, most of it in
    its backward pass; plain products need memory quadratic in the width.
    """
    short = input_ids.shape[1] <= EAGER_WIDTH
    return "eager" if short and input_ids.device.type == "cpu" else "sdpa"


def _width(rows: Sequence[Encoded], batch: Sequence[int]) -> int:
    """The first row of a batch is its longest."""
    return len(rows[batch[0]].input_ids)
