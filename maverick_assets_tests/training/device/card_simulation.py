"""A simulation of CUDA cards: what torch and NVML report of them, and which limits were set.

There is no card here, and nothing is computed on one. Answers have the form that torch 2.13 and
NVML document.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest
import torch

GB = 2**30


@dataclass
class CardSimulation:
    """Cards of one kind, as one process sees them."""

    total_gb: float = 23.6  # what a card sold as 24 GB reports
    free_gb: float = 23.1
    capability: tuple[int, int] = (8, 9)
    name: str = "NVIDIA GeForce RTX 4090"
    count: int = 1
    holders: list[tuple[int, int | None]] = field(default_factory=list)  # (process, bytes)
    current: int = 0  # the device that this process chose
    memory_fractions: list[float] = field(default_factory=list)  # limits that this process set

    def mem_get_info(self) -> tuple[int, int]:
        return int(self.free_gb * GB), int(self.total_gb * GB)

    def set_per_process_memory_fraction(self, fraction: float) -> None:
        if not 0 <= fraction <= 1:
            raise ValueError(f"Invalid fraction value: {fraction}. Allowed range: 0~1")
        self.memory_fractions.append(fraction)

    def set_device(self, device: int) -> None:
        if device >= self.count:
            raise torch.AcceleratorError("CUDA error: invalid device ordinal")
        self.current = device

    def properties(self, *_: object) -> Any:
        major, minor = self.capability
        return SimpleNamespace(uuid=f"card-{self.current}", major=major, minor=minor)

    def handle(self, uuid: str) -> str:
        if uuid != f"GPU-card-{self.current}":
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_FOUND)
        return uuid

    def processes(self, _handle: str) -> list[Any]:
        return [SimpleNamespace(pid=pid, usedGpuMemory=size) for pid, size in self.holders]


def plug_in(card: CardSimulation, monkeypatch: pytest.MonkeyPatch) -> CardSimulation:
    """Have torch and NVML report the cards, for the time of a test."""
    torch_says: dict[str, Callable[..., Any]] = {
        "is_available": lambda: card.count > 0,
        "device_count": lambda: card.count,
        "current_device": lambda: card.current,
        "set_device": card.set_device,
        "get_device_capability": lambda *_: card.capability,
        "get_device_properties": card.properties,
        "mem_get_info": card.mem_get_info,
        "set_per_process_memory_fraction": card.set_per_process_memory_fraction,
        "empty_cache": lambda: None,
    }
    for name, answer in torch_says.items():
        monkeypatch.setattr(torch.cuda, name, answer)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    nvml_says: dict[str, Callable[..., Any]] = {
        "nvmlInit": lambda: None,
        "nvmlDeviceGetCount": lambda: card.count,
        "nvmlDeviceGetName": lambda _: card.name,
        "nvmlDeviceGetHandleByIndex": lambda at: at,
        "nvmlDeviceGetHandleByUUID": card.handle,
        "nvmlDeviceGetComputeRunningProcesses": card.processes,
    }
    for name, answer in nvml_says.items():
        monkeypatch.setattr(pynvml, name, answer)
    return card
