"""The engine compared with plain transformers and peft, on real examples of the training at hand.

Model families differ in more than their sizes: windows, sinks, soft caps, scales, biases, experts.
The kernels take such facts from the model where they know them. Nobody knows all of them, so each
base is tried. Short, median and longest example go through both, for two adapters at once:

- in float32, where only the order of additions may differ: losses within 1e-4 nats, gradients
  within 1e-3 of their norm;
- where the base computes in bfloat16, in that, too: the engine may be at most `BF16_MARGIN` times
  as far from plain float32 as plain bfloat16 is.

A path that differs is switched off (`FastPaths`), and the others stay on.

Layers of one kind run the same code. So a few layers are compared first, among them one of each
kind, and the whole depth only where these differ (`shallow.py`).
"""

import math
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import psutil
import torch

from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.errors import MaverickError, first_line
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.device.memory import is_out_of_memory
from maverick_assets.training.kernels.fast_paths import ALL_FAST, PLAINEST, FastPaths
from maverick_assets.training.kernels.packing import Document
from maverick_assets.training.model.pack_model import fused_model
from maverick_assets.training.model.reference import (
    ADAPTERS,
    LossesAndGradients,
    check_adapters,
    in_float32,
    looks_ahead,
    plain_pass,
)
from maverick_assets.training.model.shallow import few_layers

MAX_TOKENS = 256  # of an example that is compared, unless a window is longer
BF16_MARGIN = 2.0

# Names of lengths in configurations of transformers (`thresholds`).
_LENGTHS = ("sliding_window", "attention_chunk_size", "original_max_position_embeddings")

# What is switched on one after the other where all together differ. Documents share a pass if
# attention keeps them apart: ours, or else masks of the model's own.
_ORDER = (
    ("packs", "attention"),
    ("packs",),
    ("attention",),
    ("prefixes",),
    ("norms",),
    ("lora",),
    ("head",),
)


@dataclass(frozen=True)
class Difference:
    """How far two passes are apart."""

    loss: float  # nats, of the adapter that differs most
    gradient: float  # of its norm, for the adapter or the weight that differs most

    def within(self, limit: "Difference") -> bool:
        return self.loss <= limit.loss and self.gradient <= limit.gradient  # false for NaN


FLOAT32_LIMIT = Difference(loss=1e-4, gradient=1e-3)


@dataclass(frozen=True)
class Trial:
    """A pass of the engine with some paths, compared."""

    paths: FastPaths
    difference: Difference
    tokens_per_second: float
    error: str | None = None  # why there is no result, and then `difference` is infinite


@dataclass(frozen=True)
class CheckResult:
    """The paths that are right for a base, and what was seen on the way."""

    chosen: Trial
    limit: Difference
    all_fast: Trial  # everything on
    float32: Difference | None  # of these paths; None where no float32 copy fits into memory


def self_check(model: Any, rows: Sequence[Encoded], hardware: Hardware) -> CheckResult:
    """Compare on some of `rows`, and leave the model as it was.

    Raises `MaverickError` for a model that cannot be trained at all, or where even the plainest
    path differs.
    """
    documents = probe_documents(rows, thresholds(model.config))
    with suppress(MaverickError), few_layers(model):
        result = _check(model, documents, hardware)
        if result.chosen.paths == ALL_FAST:
            return result
    return _check(model, documents, hardware)


def _check(model: Any, documents: Sequence[Document], hardware: Hardware) -> CheckResult:
    try:
        with check_adapters(model) as lora:
            return _compare(lora, documents, hardware)
    except MaverickError:
        raise
    except Exception as error:  # whatever a model of any kind does in its plain forward pass
        if is_out_of_memory(error):
            raise MaverickError(
                "out of memory while an example was compared with transformers; lower max_length, "
                "or free memory"
            ) from error
        raise MaverickError(
            f"{_architecture(model)} cannot be trained: {first_line(error)}"
        ) from error


def _compare(lora: Any, documents: Sequence[Document], hardware: Hardware) -> CheckResult:
    """The checks in float32 and, where the base computes in less, in that."""
    float32 = replace(hardware, dtype=torch.float32)
    if hardware.dtype == torch.float32:
        return _compare_with(lora, documents, float32)
    if not float32_fits(lora, hardware):
        return _compare_in_its_dtype(lora, documents, hardware)
    with in_float32(lora):
        plain = plain_pass(lora, documents)
        first = _compare_with(lora, documents, float32, plain)
    limit = _limit(plain_pass(lora, documents), plain)
    trials = _Trials(lora, documents, hardware, plain)
    chosen = trials.choose(limit, first.chosen.paths)
    return CheckResult(chosen, limit, trials.run(ALL_FAST), first.float32)


def _compare_with(
    lora: Any,
    documents: Sequence[Document],
    hardware: Hardware,
    plain: LossesAndGradients | None = None,
) -> CheckResult:
    if looks_ahead(lora, documents[0]):
        raise MaverickError(
            f"{_architecture(lora)} cannot be trained: it sees tokens that come later; take a "
            "causal language model"
        )
    trials = _Trials(lora, documents, hardware, plain or plain_pass(lora, documents))
    chosen = trials.choose(FLOAT32_LIMIT, ALL_FAST)
    return CheckResult(chosen, FLOAT32_LIMIT, trials.run(ALL_FAST), chosen.difference)


def _compare_in_its_dtype(
    lora: Any, documents: Sequence[Document], hardware: Hardware
) -> CheckResult:
    """Without memory for a float32 copy: as far apart as two plain passes that round differently.

    These are transformers' own two ways to compute attention.
    """
    base = lora.get_base_model()
    plain = plain_pass(lora, documents)
    before = base.config._attn_implementation
    base.set_attn_implementation("eager" if before != "eager" else "sdpa")
    try:
        limit = _limit(plain_pass(lora, documents), plain)
    finally:
        base.set_attn_implementation(before)
    trials = _Trials(lora, documents, hardware, plain)
    chosen = trials.choose(limit, ALL_FAST)
    return CheckResult(chosen, limit, trials.run(ALL_FAST), None)


def _limit(other: LossesAndGradients, plain: LossesAndGradients) -> Difference:
    """What rounding may do, from two plain passes that round differently.

    The root mean square over tokens bounds the error of their mean; errors of the mean itself
    cancel, and may be zero by chance.
    """
    rms = (other.token_losses - plain.token_losses).square().mean().sqrt().item()
    return Difference(rms, BF16_MARGIN * difference(other, plain).gradient)


class _Trials:
    """Passes of the engine over the same documents, each compared with the plain one, once."""

    def __init__(
        self,
        lora: Any,
        documents: Sequence[Document],
        hardware: Hardware,
        plain: LossesAndGradients,
    ) -> None:
        self._lora, self._documents, self._hardware = lora, documents, hardware
        self._plain = plain
        self._tokens = sum(len(document.row.input_ids) for document in documents)
        self._done: dict[FastPaths, Trial] = {}

    def choose(self, limit: Difference, first: FastPaths) -> Trial:
        """The trial with the most paths on that is within the limit; `first`, where that is.

        Raises `MaverickError` where none is.
        """
        trial = self.run(first)
        if trial.difference.within(limit):
            return trial
        best = self.run(PLAINEST)
        if not best.difference.within(limit):
            raise MaverickError(
                f"{_architecture(self._lora)} cannot be trained: "
                + (best.error or f"the engine differs from transformers by {best.difference}")
            )
        for names in _ORDER:
            allowed = [name for name in names if getattr(first, name)]
            trial = self.run(best.paths.with_on(*allowed))
            best = trial if trial.difference.within(limit) else best
        return best

    def run(self, paths: FastPaths) -> Trial:
        if paths not in self._done:
            self._done[paths] = self._run(paths)
        return self._done[paths]

    def _run(self, paths: FastPaths) -> Trial:
        started = time.perf_counter()
        try:
            with fused_model(self._lora, ADAPTERS, self._hardware, paths) as model:
                results = model.gradients(self._documents)
        except Exception as error:  # a kernel that does not fit this model may fail anyhow
            if is_out_of_memory(error):  # says nothing about the path
                raise
            return Trial(paths, Difference(math.inf, math.inf), 0.0, first_line(error))
        losses, gradients = zip(*(results[at] for at in range(len(ADAPTERS))), strict=True)
        own = LossesAndGradients(losses, gradients, torch.empty(0))
        seconds = time.perf_counter() - started
        return Trial(paths, difference(own, self._plain), self._tokens / seconds)


def difference(one: LossesAndGradients, other: LossesAndGradients) -> Difference:
    """Of losses and gradients, in the adapter or the weight that differs most.

    The gradient of a weight is compared with its own norm, or with a hundredth of what a weight has
    on average: where it is next to nothing, it differs by rounding alone.
    """
    losses = [abs(a - b) for a, b in zip(one.losses, other.losses, strict=True)]
    apart = []
    for own, plain in zip(one.gradients, other.gradients, strict=True):
        norms = torch.stack([gradient.norm() for gradient in plain])
        errors = torch.stack([(a - b).norm() for a, b in zip(own, plain, strict=True)])
        floor = 0.01 * norms.square().mean().sqrt()
        apart += [(errors.norm() / norms.norm()).item(), (errors / (norms + floor)).max().item()]
    # max() alone would pass over a NaN that is not the first.
    if not all(map(math.isfinite, (*losses, *apart))):
        return Difference(math.inf, math.inf)
    return Difference(max(losses), max(apart))


def thresholds(config: Any) -> list[int]:
    """Lengths, in tokens, beyond which a model of this configuration computes differently."""
    config = config.get_text_config()
    rope = getattr(config, "rope_parameters", None) or {}
    values = [getattr(config, name, None) for name in _LENGTHS]
    values += [rope.get(name) for name in _LENGTHS if isinstance(rope, dict)]
    return sorted({value for value in values if isinstance(value, int) and value > 0})


def check_lengths(config: Any, rows: Sequence[Encoded]) -> None:
    """Raise `MaverickError` for examples that are longer than the model reads.

    Learned positions end there with an error, rotary ones without a word.
    """
    most = getattr(config.get_text_config(), "max_position_embeddings", None)
    longest = max(len(row.input_ids) for row in rows)
    if isinstance(most, int) and 0 < most < longest:
        raise MaverickError(
            f"examples have up to {longest} tokens, but the base reads at most {most}; set "
            f"max_length of the recipes to {most} or less"
        )


def probe_documents(rows: Sequence[Encoded], lengths: Sequence[int]) -> list[Document]:
    """The shortest, the median and the longest row, and one that begins like the longest.

    The last one shares a prefix with the longest. Rows are cut to `MAX_TOKENS`, or to a quarter
    more than the greatest of `lengths` that one exceeds. One adapter learns the median row, the
    other the rest, so that documents of all lengths meet in packs of one adapter, too.
    """
    ordered = sorted(rows, key=lambda row: len(row.input_ids))
    exceeded = [length for length in lengths if length < len(ordered[-1].input_ids)]
    limit = max([MAX_TOKENS, *(length + length // 4 for length in exceeded)])
    short, median, long = (
        _cut(row, limit) for row in (ordered[0], ordered[len(ordered) // 2], ordered[-1])
    )
    prompt = long.input_ids[: long.n_prompt if exceeded else min(long.n_prompt, limit // 4)]
    beginning = Encoded([*prompt, *short.input_ids[short.n_prompt :]], len(prompt))
    pairs = [(short, 0), (long, 0), (beginning, 0), (median, 1)]
    count = sum(row.n_supervised for row, _ in pairs) / 2
    return [Document(row, adapter, 1 / count) for row, adapter in pairs]


def _cut(row: Encoded, limit: int) -> Encoded:
    if len(row.input_ids) <= limit:
        return row
    return Encoded(row.input_ids[:limit], min(row.n_prompt, limit - limit // 4))


def float32_fits(model: Any, hardware: Hardware) -> bool:
    """Whether memory has room for a float32 copy of the weights instead of what there is."""
    narrow = (weight for weight in model.parameters() if weight.dtype.itemsize == 2)
    needed = sum(2 * weight.numel() for weight in narrow)
    if hardware.device == "cuda":
        free, _ = torch.cuda.mem_get_info()
    else:
        free = psutil.virtual_memory().available
    return bool(needed < free / 2)


def _architecture(model: Any) -> str:
    return str(model.config.model_type)
