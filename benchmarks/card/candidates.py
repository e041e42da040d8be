"""What might make the engine faster on a card, each timed alone against what it would replace.

Nothing of it is in the engine: that it is faster has to be shown first.
"""

import importlib
import importlib.util
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from torch.nn import functional as F  # noqa: N812 (torch's own convention)
from transformers.models.llama.modeling_llama import LlamaRMSNorm

from benchmarks.card.setting import CardSetting
from maverick_assets.errors import BadInput
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.kernels.norms import fused_norms

RANK = 16
ADAPTERS = 6
SECONDS = 1.0  # of timing, for each of the two

Rows = list[dict[str, Any]]


def grouped_lora(setting: CardSetting, hardware: Hardware) -> Rows:
    """LoRA products of six adapters: one after another, and as two grouped products of torch."""
    width = setting.table_base[1].hidden_size
    tokens = 96 if setting.tiny else 16384
    span = tokens // ADAPTERS
    generator = torch.Generator(hardware.device).manual_seed(0)
    x, a, b = (
        torch.randn(shape, generator=generator, device=hardware.device)
        .to(torch.bfloat16)
        .requires_grad_()
        for shape in (
            (span * ADAPTERS, width),
            (ADAPTERS, width, RANK),
            (ADAPTERS, RANK, width),
        )
    )
    ends = torch.arange(1, ADAPTERS + 1, device=hardware.device, dtype=torch.int32) * span

    def looped() -> torch.Tensor:
        return torch.cat([rows @ a[at] @ b[at] for at, rows in enumerate(x.split(span))])

    def grouped() -> torch.Tensor:
        return F.grouped_mm(F.grouped_mm(x, a, offs=ends), b, offs=ends)

    torch.testing.assert_close(grouped(), looped(), atol=0.5, rtol=0.05)
    return [_row("LoRA of six adapters: grouped_mm", looped, grouped, hardware)]


def compiled_block(setting: CardSetting, hardware: Hardware) -> Rows:
    """The gated half of a layer behind its norm: by the engine, and compiled by torch."""
    config = setting.table_base[1]
    tokens, dtype = (64 if setting.tiny else 16384), hardware.dtype
    engines, plain = (_norm(config.hidden_size, hardware) for _ in range(2))
    x = torch.randn(tokens, config.hidden_size, device=hardware.device, dtype=dtype)
    gate = torch.randn(tokens, config.intermediate_size, device=hardware.device, dtype=dtype)
    x.requires_grad_()
    gate.requires_grad_()

    def block(norm: LlamaRMSNorm, x: torch.Tensor, gate: torch.Tensor) -> torch.Tensor:
        return torch.cat([norm(x), F.silu(gate) * gate], 1)

    # A rehearsal without a compiler of C++ traces and differentiates, and compiles nothing.
    compiled = torch.compile(block, backend="aot_eager" if setting.tiny else "inductor")
    label = "norm and gate: torch.compile"
    with fused_norms(engines):
        return [
            _row(
                label,
                lambda: block(engines, x, gate),
                lambda: compiled(plain, x, gate),
                hardware,
            )
        ]


def liger_norm(setting: CardSetting, hardware: Hardware) -> Rows:
    """RMSNorm as the engine computes it, and by Liger's kernel."""
    if importlib.util.find_spec("liger_kernel") is None:
        raise BadInput("not installed: pip install liger-kernel")
    liger = importlib.import_module("liger_kernel.transformers.rms_norm")
    width = setting.table_base[1].hidden_size
    x = torch.randn(16384, width, device=hardware.device, dtype=hardware.dtype).requires_grad_()
    engines = _norm(width, hardware)
    ligers = liger.LigerRMSNorm(width).to(hardware.device, hardware.dtype).requires_grad_(False)
    with fused_norms(engines):
        return [_row("RMSNorm: Liger", lambda: engines(x), lambda: ligers(x), hardware)]


def _norm(width: int, hardware: Hardware) -> LlamaRMSNorm:
    """A norm of transformers, frozen as those of a base are."""
    return LlamaRMSNorm(width).to(hardware.device, hardware.dtype).requires_grad_(False)


def _row(
    label: str,
    now: Callable[[], torch.Tensor],
    candidate: Callable[[], torch.Tensor],
    hardware: Hardware,
) -> dict[str, Any]:
    before, after = _milliseconds(now, hardware), _milliseconds(candidate, hardware)
    return {
        "candidate": label,
        "now": f"{before:.2f} ms",
        "with it": f"{after:.2f} ms",
        "gain": f"{before / after:.2f} times",
    }


def _milliseconds(compute: Callable[[], torch.Tensor], hardware: Hardware) -> float:
    """Forward and backward, the median of a second; the first call, which compiles, not counted."""
    times: list[float] = []
    end = float("inf")
    while time.perf_counter() < end or len(times) < 3:
        started = time.perf_counter()
        result = compute()
        result.backward(torch.ones_like(result))  # dense: grouped products refuse strides of zero
        if hardware.device == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - started)
        if len(times) == 1:
            end = time.perf_counter() + SECONDS
    return 1000 * median(times[1:])
