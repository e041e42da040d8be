"""Perplexity of completions."""

import math
from collections.abc import Sequence
from typing import Any

import torch

from maverick_assets.datasets.tokens import Encoded
from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.scores import Score
from maverick_assets.training.batches import collate, completion_losses, plan_epoch
from maverick_assets.training.hardware import Hardware

BATCH_TOKENS = 2048


def perplexity(model: Any, rows: Sequence[Encoded], hardware: Hardware) -> Score:
    """Score of a causal language model on the completions of `rows`.

    Every supervised token weighs the same; losses are summed in float64. Raises `MaverickError`
    when the mean is not finite.
    """
    total = 0.0
    with torch.inference_mode(), hardware.autocast():
        for indices in plan_epoch(rows, BATCH_TOKENS, seed="evaluation"):
            batch = collate([rows[index] for index in indices]).to(hardware.device)
            total += completion_losses(model, batch).double().sum().item()
    loss = total / sum(row.n_supervised for row in rows)
    if not math.isfinite(loss):
        raise MaverickError(f"held-out loss is {loss}; the adapter is broken, train it again")
    return Score(loss=loss, perplexity=math.exp(min(loss, 700.0)))
