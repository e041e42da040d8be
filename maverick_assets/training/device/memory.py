"""Memory: what training may take is free before the base is loaded, and no more is taken.

What is told here of CUDA and of NVML never ran: no GPU was at hand. Ollama was a simulation.
"""

import json
import time
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

import psutil
import pynvml
import torch

from maverick_assets.errors import MaverickError
from maverick_assets.fleets import Node
from maverick_assets.training.device.hardware import Hardware

GB = 2**30
UNLOADING_SECONDS = 30

_WITHOUT_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is near

LogLine = Callable[[str], object]


def prepare_memory(node: Node, hardware: Hardware, tell: LogLine) -> None:
    """Have Ollama unload its models, see that what training may take is free on the device of this
    process, and let it take no more.

    The limit is that of torch's allocator, so of CUDA only, and of a card without the few hundred
    megabytes that CUDA itself takes; a process on a CPU has none. Raises `MaverickError` when less
    is free than `training_gb`.
    """
    if node.ollama:
        unload_ollama(node.ollama, tell)
    if node.training_gb is None:
        return
    free, total = _memory(hardware)
    if free < node.training_gb:
        where = "the GPU" if hardware.device == "cuda" else "memory"
        raise MaverickError(
            f"node {node.name}: training is to have {node.training_gb:g} GB, but of the "
            f"{total:.1f} GB of {where} only {free:.1f} are free{_holders(hardware)}; end what "
            "holds it, or lower training_gb"
        )
    if hardware.device == "cuda":
        torch.cuda.set_per_process_memory_fraction(node.training_gb / total)


def _memory(hardware: Hardware) -> tuple[float, float]:
    """GB that are free, and all, of the current card or of the machine."""
    if hardware.device == "cuda":
        free, total = torch.cuda.mem_get_info()
    else:
        memory = psutil.virtual_memory()
        free, total = memory.available, memory.total
    return free / GB, total / GB


def _holders(hardware: Hardware) -> str:
    """Who has memory of the current card, where NVML tells: not in every container."""
    if hardware.device != "cuda":
        return ""
    try:
        pynvml.nvmlInit()
        card = f"GPU-{torch.cuda.get_device_properties(torch.cuda.current_device()).uuid}"
        processes = pynvml.nvmlDeviceGetComputeRunningProcesses(
            pynvml.nvmlDeviceGetHandleByUUID(card)
        )
        held = [
            f"{psutil.Process(each.pid).name()} ({each.pid}) {each.usedGpuMemory / GB:.1f} GB"
            for each in processes
        ]
    except (pynvml.NVMLError, psutil.Error, TypeError):  # no size for who may not know
        return ""
    return f" (held by {', '.join(held)})" if held else ""


def unload_ollama(url: str, tell: LogLine, seconds: float = UNLOADING_SECONDS) -> None:
    """Ask an Ollama server to unload its models, and wait until it has, or some time has passed.

    By its API (docs/api.md): GET /api/ps, POST /api/generate with `keep_alive` 0. One that does not
    answer, or does not unload, is told of: what counts is whether memory is free.
    """
    try:
        asked = _loaded(url)
        for name in asked:
            _call(url, "generate", {"model": name, "keep_alive": 0})
        end = time.monotonic() + seconds
        while (left := _loaded(url)) and time.monotonic() < end:
            time.sleep(0.2)
    except (OSError, HTTPException, LookupError, TypeError, ValueError) as error:
        tell(f"Ollama at {url} does not answer as it should, and may hold memory: {error}")
        return
    if left:
        tell(f"Ollama at {url} still has {', '.join(left)} after {seconds:g} s")
    elif asked:
        tell(f"Ollama at {url} has unloaded {', '.join(asked)}")


def _loaded(url: str) -> list[str]:
    return [str(model["name"]) for model in json.loads(_call(url, "ps"))["models"]]


def _call(url: str, what: str, content: dict[str, Any] | None = None) -> bytes:
    request = urllib.request.Request(
        f"{url.rstrip('/')}/api/{what}",
        None if content is None else json.dumps(content).encode(),
        {"Content-Type": "application/json"},
    )
    with _WITHOUT_PROXY.open(request, timeout=10) as response:
        answer: bytes = response.read()
        return answer
