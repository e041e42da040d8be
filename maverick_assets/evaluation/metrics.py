"""Perplexity of completions."""

import hashlib
import math
from collections.abc import Sequence
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
# Folders and modules whose code computes losses and answers.
_CODE = (
    "training",
    "base_model",
    "evaluation/loaded_base.py",
    "evaluation/scoring.py",
    "evaluation/answers",
)


def perplexity(
    model: Any, rows: Sequence[Encoded], hardware: Hardware, paths: FastPaths = PLAINEST
) -> Score:
    """Loss and perplexity of a causal language model on the completions of `rows`.

    Only those of the engine's `paths` are used that were checked for this base; by default none.
    Every supervised token weighs the same; losses are summed in float64. Raises `MaverickError`
    when the mean is not finite.
    """
    losses = row_losses(model, rows, hardware, paths)
    return mean_score(losses, [row.n_supervised for row in rows])


def mean_score(losses: Sequence[float], n_supervised: Sequence[int]) -> Score:
    """Loss and perplexity of completions, from the loss of each (nats, summed over its tokens)
    and its number of supervised tokens.

    Every supervised token weighs the same; losses are summed in float64. Raises `MaverickError`
    when the mean is not finite.
    """
    loss = sum(losses) / sum(n_supervised)
    if not math.isfinite(loss):
        raise MaverickError(f"held-out loss is {loss}; the adapter is broken, train it again")
    return Score(loss=loss, perplexity=math.exp(min(loss, 700.0)))  # exp(710) overflows


def row_losses(
    model: Any, rows: Sequence[Encoded], hardware: Hardware, paths: FastPaths = PLAINEST
) -> list[float]:
    """The loss of each row's completion: nats, summed over its tokens.

    Each row has a pass of its own; `scoring.PackedScorer` computes the same faster.
    """
    attention = document_attention(model) if paths.attention else nullcontext()
    with attention, pack_threads(hardware, paths.side_by_side) as threads:
        losses_of = PackModel(model, hardware, paths=paths).document_losses
        passes = MicroBatches(hardware).results(
            threads, losses_of, [[Document(row)] for row in rows]
        )
        return [loss for [[loss]] in passes]


def scorer_digest(base_digest: str, hardware: Hardware, paths: FastPaths) -> str:
    """Digest of what losses and answers depend on besides adapter and tokens.

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
    paths = [package / name for name in _CODE]
    files = [path for path in paths if path.is_file()]
    files += sorted(path for room in paths for path in room.rglob("*.py"))
    return hashlib.sha256("\n".join(map(sha256_of, files)).encode()).hexdigest()
