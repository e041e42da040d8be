"""Perplexity of completions."""

import hashlib
import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.errors import MaverickError
from maverick_assets.files import sha256_of
from maverick_assets.records import Score
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.device.threads import pack_threads
from maverick_assets.training.kernels.attention import document_attention
from maverick_assets.training.kernels.fast_paths import PLAINEST, FastPaths
from maverick_assets.training.kernels.packing import Document
from maverick_assets.training.loop.micro_batches import MicroBatches
from maverick_assets.training.model.pack_model import PackModel

_LIBRARIES = ("torch", "transformers", "peft")
_CODE = ("evaluation", "training", "base_model")  # packages whose code computes losses

# Gives the loss of each row's completion: nats, summed over its tokens.
ScoreRows = Callable[[Sequence[Encoded]], Sequence[float]]


def perplexity(
    model: Any, rows: Sequence[Encoded], hardware: Hardware, paths: FastPaths = PLAINEST
) -> Score:
    """Loss and perplexity of a causal language model on the completions of `rows`.

    Only those of the engine's `paths` are used that were checked for this base; by default none.
    Every supervised token weighs the same; losses are summed in float64. Raises `MaverickError`
    when the mean is not finite.
    """
    return mean_score(row_losses(model, rows, hardware, paths), rows)


def mean_score(losses: Sequence[float], rows: Sequence[Encoded]) -> Score:
    """What `perplexity` returns, from the loss of each row."""
    loss = sum(losses) / sum(row.n_supervised for row in rows)
    if not math.isfinite(loss):
        raise MaverickError(f"held-out loss is {loss}; the adapter is broken, train it again")
    return Score(loss=loss, perplexity=math.exp(min(loss, 700.0)))  # exp(710) overflows


def row_losses(
    model: Any, rows: Sequence[Encoded], hardware: Hardware, paths: FastPaths = PLAINEST
) -> list[float]:
    """The loss of each row's completion: nats, summed over its tokens.

    Each row has a pass of its own, which costs a sixth more than packs do. In a pack, the rows
    beside it may have a product computed by another kernel, which rounds differently; alone, a row
    has the same loss in every evaluation, so that it can be kept.
    """
    attention = document_attention(model) if paths.attention else nullcontext()
    with attention, pack_threads(hardware, paths.side_by_side) as threads:
        losses_of = PackModel(model, hardware, paths=paths).document_losses
        passes = MicroBatches(hardware).results(
            threads, losses_of, [[Document(row)] for row in rows]
        )
        return [loss for [[loss]] in passes]


def scorer_digest(base_digest: str, hardware: Hardware, paths: FastPaths) -> str:
    """Digest of what losses depend on besides adapter and rows.

    This is the base, the device, the libraries, the code, and the fast paths that were on. A later
    check may find other paths right, for it also depends on free memory and on its examples.
    """
    device = torch.cuda.get_device_name() if hardware.device == "cuda" else "cpu"
    capability = torch.backends.cpu.get_cpu_capability()
    libraries = [version(name) for name in _LIBRARIES]
    machine = [device, capability, hardware.dtype_name]
    parts = [base_digest, *machine, *libraries, *paths.switched_off, _code_digest()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@cache
def _code_digest() -> str:
    package = Path(__file__).parents[1]
    files = sorted(path for room in _CODE for path in (package / room).rglob("*.py"))
    return hashlib.sha256("\n".join(map(sha256_of, files)).encode()).hexdigest()
