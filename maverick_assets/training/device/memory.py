"""Memory of a node: how much training may take, and whether that much is free.

A card may serve two programs: training, and the Ollama server that answers meanwhile. A fleet says
how much memory each of them may have (`fleets.Node`).

On CUDA none of this has run yet: no GPU was at hand. Cards and Ollama are simulations in the tests.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import pynvml
import torch

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.fleets import Node
from maverick_assets.training.device.hardware import Hardware

GB = 2**30
ANSWER_SECONDS = 10.0  # how long a single answer of Ollama may take
UNLOADING_SECONDS = 30.0  # a model goes when its last request is done

# Besides torch.OutOfMemoryError, torch raises a plain RuntimeError, which only its text identifies.
OUT_OF_MEMORY = (
    "DefaultCPUAllocator: can't allocate memory",  # Linux
    "DefaultCPUAllocator: not enough memory",  # elsewhere
    "std::bad_alloc",
    "CUBLAS_STATUS_ALLOC_FAILED",  # cuBLAS allocates beside torch's allocator
    "CUDA error: out of memory",  # as do pinned host memory and NCCL
)

LogLine = Callable[[str], object]


def prepare_memory(node: Node, hardware: Hardware, log: LogLine) -> None:
    """Have Ollama unload its models, check that training's share is free, and limit training to it.

    torch's allocator enforces the limit: it works on CUDA only, and leaves out the few hundred
    megabytes that CUDA itself takes. A process on a CPU is checked but not limited. Raises
    `BadInput` when the node's figures do not fit its memory, `MaverickError` when less is free than
    training may take.
    """
    _, total = _free_and_total_gb(hardware)
    share = training_share_gb(node, total)
    if node.ollama:
        unload_ollama(node.ollama, log)
    if share is None:
        return
    free, _ = _free_and_total_gb(hardware)
    if free < share:
        where = _place(hardware)
        remedy = "raise inference_gb" if node.training_gb is None else "lower training_gb"
        raise MaverickError(
            f"node {node.name}: training needs {share:g} GB, but of the {total:.1f} GB of "
            f"{where} only {free:.1f} are free{_memory_holders(hardware)}; end what holds the "
            f"rest, or {remedy}"
        )
    if hardware.device == "cuda":
        torch.cuda.set_per_process_memory_fraction(share / total)


def training_share_gb(node: Node, total_gb: float) -> float | None:
    """GB of a card, or of a machine without one, that training may take; None: all that is free.

    It is `training_gb`, or in its absence what `inference_gb` leaves of `total_gb`.
    Raises `BadInput` when both together, or `inference_gb` alone, do not fit.
    """
    if not node.inference_gb:
        return node.training_gb
    if node.training_gb is None:
        if node.inference_gb >= total_gb:
            raise BadInput(
                f"node {node.name}: inference_gb {node.inference_gb:g} leaves nothing of "
                f"{total_gb:.1f} GB to train in; lower it"
            )
        return total_gb - node.inference_gb
    # A card sold as 24 GB reports 23.6: the figures of a fleet are those on the box.
    if node.training_gb + node.inference_gb > math.ceil(total_gb):
        raise BadInput(
            f"node {node.name}: training_gb {node.training_gb:g} and inference_gb "
            f"{node.inference_gb:g} do not fit into {total_gb:.1f} GB; lower one of them"
        )
    return node.training_gb


@contextmanager
def memory_errors(subject: str, remedy: str, hardware: Hardware) -> Iterator[None]:
    """Out of memory becomes a `MaverickError` of one line: what did not fit, beside whom, and what
    to do."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        _, total = _free_and_total_gb(hardware)
        raise MaverickError(
            f"{subject} does not fit into what is free of the {total:.1f} GB of "
            f"{_place(hardware)}{_memory_holders(hardware)}; {remedy}"
        ) from error


def is_out_of_memory(error: Exception) -> bool:
    """Whether torch, or Python, raised this for want of memory."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return any(words in str(error) for words in OUT_OF_MEMORY)


def _place(hardware: Hardware) -> str:
    return f"GPU {torch.cuda.current_device()}" if hardware.device == "cuda" else "memory"


def _free_and_total_gb(hardware: Hardware) -> tuple[float, float]:
    """GB of the current card, or of the machine's memory on a CPU."""
    if hardware.device == "cuda":
        free, total = torch.cuda.mem_get_info()
    else:
        memory = psutil.virtual_memory()
        free, total = memory.available, memory.total
    return free / GB, total / GB


def _memory_holders(hardware: Hardware) -> str:
    """` (held by NAME (PID) 3.2 GB, ...)` for the current card, empty where NVML does not say.

    In a container NVML may list no process, or give no size to an unprivileged user.
    """
    if hardware.device != "cuda":
        return ""
    try:
        pynvml.nvmlInit()
        # By UUID: torch counts the visible cards only, NVML all of them.
        uuid = f"GPU-{torch.cuda.get_device_properties(torch.cuda.current_device()).uuid}"
        processes = pynvml.nvmlDeviceGetComputeRunningProcesses(
            pynvml.nvmlDeviceGetHandleByUUID(uuid)
        )
        holders = [
            f"{psutil.Process(process.pid).name()} ({process.pid}) "
            f"{process.usedGpuMemory / GB:.1f} GB"
            for process in processes
        ]
    except (pynvml.NVMLError, psutil.Error, TypeError):  # TypeError: a size of None
        return ""
    return f" (held by {', '.join(holders)})" if holders else ""


def unload_ollama(url: str, log: LogLine, seconds: float = UNLOADING_SECONDS) -> None:
    """Ask an Ollama server to unload its models, and wait up to `seconds` until it has.

    A server that does not answer or does not unload is logged, not raised: what counts is whether
    memory is free afterwards.
    """
    import httpx  # the client's transport, whose errors it passes on
    import ollama  # half a second to import, and only nodes with an Ollama server need it

    def loaded_models() -> list[str]:
        return [str(model.model) for model in client.ps().models]

    try:
        # No proxy of the environment (trust_env): the server is on this host or a near one.
        client = ollama.Client(url, timeout=ANSWER_SECONDS, trust_env=False)
        before = loaded_models()
        for name in before:
            client.generate(name, keep_alive=0)  # no prompt: unload, generate nothing
        end = time.monotonic() + seconds
        while (left := loaded_models()) and time.monotonic() < end:
            time.sleep(0.2)
    except (ollama.ResponseError, httpx.HTTPError, OSError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        log(f"Ollama at {url} does not answer as it should, and may hold memory: {reason}")
        return
    if left:
        log(f"Ollama at {url} still has {', '.join(left)} after {seconds:g} s")
    elif before:
        log(f"Ollama at {url} has unloaded {', '.join(before)}")
