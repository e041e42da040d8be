"""The result of the self-check, kept below the run home: one check for a base and an engine.

A file's name holds what the result depends on: the base's digest, the source of this engine and of
the libraries, device and precision, and which of the model's windows the examples exceed.
"""

import fcntl
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.files import sha256_of, write_atomically
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.kernels.fast_paths import FastPaths
from maverick_assets.training.model.self_check import (
    CheckResult,
    check_lengths,
    self_check,
    thresholds,
)

_ENGINE = ("kernels", "model")  # folders whose source decides what is computed
_LIBRARIES = ("torch", "transformers", "peft")


@dataclass(frozen=True)
class _KeptResult:
    """What is read of a file: the paths, and what a line about them says."""

    paths: FastPaths
    device: str
    dtype: str
    loss_difference: float


@dataclass(frozen=True)
class CheckedBase:
    """Which base is checked, and where the result is kept."""

    digest: str
    folder: Path | None  # None: the check is repeated each time
    quantize: str = "none"


def checked_paths(
    model: Any,
    base: CheckedBase,
    rows: Sequence[Encoded],
    hardware: Hardware,
    log: Callable[[str], object],
) -> FastPaths:
    """The fast paths that compute this base right: as an earlier run found, or found now on `rows`.

    The log says which are off, why, and what that costs. Processes that start together check once.
    Raises `MaverickError` for a base that cannot be trained, or not on examples of this length.
    """
    check_lengths(model.config, rows)
    if base.folder is None:
        return _check(model, rows, hardware, log).chosen.paths
    longest = max(len(row.input_ids) for row in rows)
    exceeded = [length for length in thresholds(model.config) if length < longest]
    bitsandbytes = [] if base.quantize == "none" else [version("bitsandbytes")]
    device = [hardware.dtype_name, _device(hardware)]
    key = _key([base.digest, base.quantize, *device, exceeded, *bitsandbytes])
    base.folder.mkdir(parents=True, exist_ok=True)
    file = base.folder / f"{base.digest[:12]}-{key}.json"
    with _only_checker(file):
        kept = _read(file)
        if kept is None:
            result = _check(model, rows, hardware, log)
            write_atomically(file, _as_json(result, hardware))
            return result.chosen.paths
        if kept.paths.switched_off:
            off = ", ".join(kept.paths.switched_off)
            log(f"base {base.digest[:12]}: {off} stay off, see {file}")
        return kept.paths


@cache
def engine_version() -> str:
    """Hash of the source that decides what a pass computes, and of the libraries' versions."""
    room = Path(__file__).parent.parent
    sources = sorted(path for folder in _ENGINE for path in (room / folder).glob("*.py"))
    parts = [*map(sha256_of, sources), *map(version, _LIBRARIES)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def kept_lines(folder: Path, digest: str) -> list[str]:
    """What earlier trainings found about a base, a line for each; also with an older engine."""
    lines = []
    for file in sorted(folder.glob(f"{digest[:12]}-*.json")):
        kept = _read(file)
        if kept is None:
            lines.append(f"{file} cannot be read; the next training compares again")
            continue
        switched_off = ", ".join(kept.paths.switched_off)
        off = f"without {switched_off}" if switched_off else "all fast paths"
        loss = f"loss within {kept.loss_difference:.1e} of transformers and peft"
        lines.append(f"{kept.device}, {kept.dtype}: {loss}, {off}")
    return lines


def describe(result: CheckResult) -> str:
    """One line for the log: what is off, why, and its cost; or that everything is right."""
    chosen, fast = result.chosen, result.all_fast
    off = chosen.paths.switched_off
    measured = (
        f"loss within {chosen.difference.loss:.1e}, gradients {chosen.difference.gradient:.1e}"
    )
    if not off:
        return f"{measured} of transformers and peft: every fast path is on"
    reason = fast.error or (
        f"with them the loss differs by {fast.difference.loss:.1e}, "
        f"gradients by {fast.difference.gradient:.1e}"
    )
    cost = f"{chosen.tokens_per_second:.0f} tokens/s on these examples"
    if not fast.error:
        cost += f" instead of {fast.tokens_per_second:.0f}"
    return f"{measured} of transformers and peft without {', '.join(off)} ({reason}); {cost}"


def _check(
    model: Any, rows: Sequence[Encoded], hardware: Hardware, log: Callable[[str], object]
) -> CheckResult:
    started = time.monotonic()
    result = self_check(model, rows, hardware)
    log(f"engine compared in {time.monotonic() - started:.1f} s: {describe(result)}")
    return result


def _key(parts: Sequence[object]) -> str:
    content = json.dumps([engine_version(), *parts])
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def _device(hardware: Hardware) -> str:
    """The card's name, or what a processor offers for matrix products."""
    if hardware.device == "cuda":
        return torch.cuda.get_device_name()
    return str(torch.backends.cpu.get_cpu_capability())


@contextmanager
def _only_checker(file: Path) -> Iterator[None]:
    with file.with_suffix(".lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the kernel releases it however the process ends
        yield


def _read(file: Path) -> _KeptResult | None:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        switches, difference = content["paths"], float(content["difference"]["loss"])
        paths = FastPaths(**{field.name: bool(switches[field.name]) for field in fields(FastPaths)})
        return _KeptResult(paths, str(content["device"]), str(content["dtype"]), difference)
    except (OSError, ValueError, KeyError, TypeError):
        return None  # never checked, or a damaged file: checked again


def _as_json(result: CheckResult, hardware: Hardware) -> str:
    chosen, fast = result.chosen, result.all_fast
    content = {
        "paths": asdict(chosen.paths),
        "device": _device(hardware),
        "dtype": hardware.dtype_name,
        "difference": asdict(chosen.difference),
        "limit": asdict(result.limit),
        "float32": result.float32 and asdict(result.float32),
        "all_fast": {"error": fast.error, **asdict(fast.difference)},
        "tokens_per_second": round(chosen.tokens_per_second, 1),
        "tokens_per_second_all_fast": round(fast.tokens_per_second, 1),
    }
    return json.dumps(content, indent=1)
