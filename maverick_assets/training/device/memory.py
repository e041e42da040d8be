"""Memory: what training may take is free before the base is loaded, no more is taken, and a part
that does not fit is computed in halves.

What is told here of CUDA and of NVML never ran: no GPU was at hand. Ollama was a simulation.
"""

import gc
import json
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from http.client import HTTPException
from typing import Any, TypeVar

import psutil
import pynvml
import torch

from maverick_assets.errors import MaverickError
from maverick_assets.recipes import Node
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.device.threads import PackThreads
from maverick_assets.training.kernels.packing import Document, divide_into_micro_batches

GB = 2**30
UNLOADING_SECONDS = 30
NO_MEMORY = (
    "DefaultCPUAllocator: can't allocate memory",  # Linux
    "DefaultCPUAllocator: not enough memory",  # elsewhere
    "std::bad_alloc",
)

_WITHOUT_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is near

R = TypeVar("R")
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


class Parts:
    """Steps computed in parts of about `tokens` tokens at a time; of half as many from the step on
    that follows one in which memory did not suffice. `sharing`: as `packing.pack` does."""

    def __init__(self, tokens: int, tell: LogLine = lambda _: None, sharing: bool = True) -> None:
        self.tokens = tokens
        self._tell = tell
        self._sharing = sharing

    def divide(self, documents: Iterable[Document], workers: int) -> list[list[Document]]:
        """See `packing.divide_into_micro_batches`."""
        return divide_into_micro_batches(documents, self.tokens, workers, self._sharing)

    def halve(self) -> None:
        if self.tokens > 1:
            self.tokens //= 2
            self._tell(f"out of memory: from here on {self.tokens} tokens are computed at once")

    def results(
        self,
        workers: PackThreads,
        compute: Callable[[Sequence[Document]], R],
        parts: Sequence[Sequence[Document]],
    ) -> Iterator[list[R]]:
        """Of each part what `compute` gives for it, or for each of its pieces."""
        halved = False
        for results in workers.map(partial(halving, compute), parts):
            halved |= len(results) > 1
            yield results
        if halved:
            self.halve()


def halving(compute: Callable[[Sequence[Document]], R], part: Sequence[Document]) -> list[R]:
    """`compute` of a part, or of its halves (of their halves) where memory does not suffice for
    all: more than one result tells that.

    Sums over the results differ by nothing but the order of additions. Raises `MaverickError` when
    a single document does not fit.
    """
    try:
        return [compute(part)]
    except (RuntimeError, MemoryError) as error:
        if not _out_of_memory(error):
            raise
    # Not before the error is gone: it holds what was computed.
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if len(part) == 1:
        raise MaverickError(
            f"out of memory on a single example of {len(part[0].row.input_ids)} tokens; lower "
            "max_length, or free memory"
        )
    middle = len(part) // 2
    return halving(compute, part[:middle]) + halving(compute, part[middle:])


def _out_of_memory(error: Exception) -> bool:
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return any(words in str(error) for words in NO_MEMORY)
