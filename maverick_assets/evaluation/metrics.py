"""Perplexity of completions."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch

from maverick_assets.datasets.tokens import Encoded
from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.scores import Score
from maverick_assets.training.attention import documents_apart
from maverick_assets.training.hardware import Hardware
from maverick_assets.training.head import completion_losses
from maverick_assets.training.packing import Document, divide, pack
from maverick_assets.training.workers import open_workers


def perplexity(model: Any, rows: Sequence[Encoded], hardware: Hardware) -> Score:
    """Score of a causal language model on the completions of `rows`.

    Every supervised token weighs the same; losses are summed in float64. Raises `MaverickError`
    when the mean is not finite.
    """
    with documents_apart(model), open_workers(hardware) as workers:
        parts = divide(map(Document, rows), hardware.part_tokens, workers.count)
        total = sum(workers.map(partial(_loss, model, hardware), parts))
    loss = total / sum(row.n_supervised for row in rows)
    if not math.isfinite(loss):
        raise MaverickError(f"held-out loss is {loss}; the adapter is broken, train it again")
    return Score(loss=loss, perplexity=math.exp(min(loss, 700.0)))


def _loss(model: Any, hardware: Hardware, documents: Sequence[Document]) -> float:
    with torch.inference_mode():
        _, losses = completion_losses(model, pack(documents).to(hardware.device))
        return losses.double().sum().item()
