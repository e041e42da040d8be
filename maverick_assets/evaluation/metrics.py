"""Perplexity of completions."""

import hashlib
import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import cache
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Any

import torch

from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.row_groups import RowGroup, row_digest, row_groups
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

# Losses of each row's completion (nats, summed over its tokens), in the order of the group.
ScoreGroups = Callable[[Sequence[RowGroup]], Sequence[Sequence[float]]]


def perplexity(
    model: Any, rows: Sequence[Encoded], hardware: Hardware, paths: FastPaths = PLAINEST
) -> Score:
    """Loss and perplexity of a causal language model on the completions of `rows`.

    Only those of the engine's `paths` are used that were checked for this base; by default none.
    Every supervised token weighs the same; losses are summed in float64. Raises `MaverickError`
    when the mean is not finite.
    """
    return score_rows(rows, hardware, lambda groups: score_groups(model, groups, hardware, paths))


def score_rows(rows: Sequence[Encoded], hardware: Hardware, score: ScoreGroups) -> Score:
    """What `perplexity` returns, with the losses that `score` computes or has kept."""
    groups = row_groups(rows, 2 * hardware.micro_batch_tokens)
    losses = dict(zip(chain(*groups), chain(*score(groups)), strict=True))
    total = sum(losses[row_digest(row)] for row in rows)
    loss = total / sum(row.n_supervised for row in rows)
    if not math.isfinite(loss):
        raise MaverickError(f"held-out loss is {loss}; the adapter is broken, train it again")
    return Score(loss=loss, perplexity=math.exp(min(loss, 700.0)))  # exp(710) overflows


def score_groups(
    model: Any, groups: Sequence[RowGroup], hardware: Hardware, paths: FastPaths = PLAINEST
) -> list[Sequence[float]]:
    """The losses of each group's rows under a causal language model, each group in a pass.

    Only those of the engine's `paths` are used that were checked for this base; by default none,
    and each row has a pass of its own.
    """
    attention = document_attention(model) if paths.attention else nullcontext()
    documents = [[Document(row) for row in group.values()] for group in groups]
    with attention, pack_threads(hardware) as threads:
        losses_of = PackModel(model, hardware, paths=paths).document_losses
        results = MicroBatches(hardware).results(threads, losses_of, documents)
        return [list(chain(*pieces)) for pieces in results]


def scorer_digest(base_digest: str, hardware: Hardware) -> str:
    """Digest of what losses depend on besides adapter and rows: base, device, libraries, code."""
    device = torch.cuda.get_device_name() if hardware.device == "cuda" else "cpu"
    capability = torch.backends.cpu.get_cpu_capability()
    libraries = [version(name) for name in _LIBRARIES]
    parts = [base_digest, device, capability, hardware.dtype_name, *libraries, _code_digest()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


@cache
def _code_digest() -> str:
    package = Path(__file__).parents[1]
    files = sorted(path for room in _CODE for path in (package / room).rglob("*.py"))
    return hashlib.sha256("\n".join(map(sha256_of, files)).encode()).hexdigest()
