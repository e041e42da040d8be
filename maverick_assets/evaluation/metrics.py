"""Perplexity of completions."""

import math
from collections.abc import Sequence
from typing import Any

from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.errors import MaverickError
from maverick_assets.records import Score
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.device.threads import pack_threads
from maverick_assets.training.kernels.attention import document_attention
from maverick_assets.training.kernels.packing import Document
from maverick_assets.training.loop.micro_batches import MicroBatches
from maverick_assets.training.loop.pack_model import PackModel
from maverick_assets.training.loop.validation_loss import mean_loss


def perplexity(model: Any, rows: Sequence[Encoded], hardware: Hardware) -> Score:
    """Loss and perplexity of a causal language model on the completions of `rows`.

    Every supervised token weighs the same; losses are summed in float64. Raises `MaverickError`
    when the mean is not finite.
    """
    with document_attention(model), pack_threads(hardware) as threads:
        packs = PackModel(model, hardware)
        loss = mean_loss(packs, map(Document, rows), threads, MicroBatches(hardware))
    if not math.isfinite(loss):
        raise MaverickError(f"held-out loss is {loss}; the adapter is broken, train it again")
    return Score(loss=loss, perplexity=math.exp(min(loss, 700.0)))  # exp(710) overflows
