"""Response times of what is served, from the times that llama.cpp gives with each answer."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any

from maverick_assets.figures.response import ResponseTimes, Speed

TIMED_TOKENS = 8  # of an answer: the later ones take as long


@dataclass(frozen=True)
class Timing:
    """How long one answer took."""

    prompt_tokens: int
    first_token_ms: float
    tokens_per_second: float | None  # None where the answer has one token


def timing_of(timings: Mapping[str, Any]) -> Timing:
    """The times of an answer, as llama.cpp's server gives them in `timings`.

    Its clock for the answer starts with the first token, which it counts all the same: n tokens
    took n - 1 steps.
    """
    steps, milliseconds = int(timings["predicted_n"]) - 1, float(timings["predicted_ms"])
    is_timed = steps > 0 and milliseconds > 0
    return Timing(
        prompt_tokens=int(timings["prompt_n"]),
        first_token_ms=float(timings["prompt_ms"]),
        tokens_per_second=1000 * steps / milliseconds if is_timed else None,
    )


def response_times(timings: Sequence[Timing], threads: int, machine: str) -> ResponseTimes | None:
    """Figures of many answers; None where no answer has a second token."""
    rates = [each.tokens_per_second for each in timings if each.tokens_per_second is not None]
    if not rates:
        return None
    first = [each.first_token_ms for each in timings]
    return ResponseTimes(
        machine=machine,
        threads=threads,
        n=len(timings),
        prompt_tokens=median(each.prompt_tokens for each in timings),
        first_token_ms=Speed(p50=_reached(first, 0.5), p95=_reached(first, 0.95)),
        # Of rates the high ones are good.
        tokens_per_second=Speed(
            p50=-_reached([-rate for rate in rates], 0.5),
            p95=-_reached([-rate for rate in rates], 0.95),
        ),
    )


def machine_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor and its cores for this process; no name of a host."""
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    cores = len(os.sched_getaffinity(0))
    return f"{names[0] if names else platform.machine()}, {cores} cores"


def _reached(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    return sorted(values)[max(ceil(share * len(values)), 1) - 1]
