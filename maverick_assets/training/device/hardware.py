"""The device that a process computes on, and how its threads and caches are set up."""

import os
import resource
from dataclasses import dataclass
from typing import Any

import pynvml
import torch
from pynvml import NVMLError

from maverick_assets.processes import thread_limit
from maverick_assets.training.kernels.flash_attention import flash_obstacle

# oneDNN compiles a kernel for each shape of a product and caches it, and torch keeps a second cache
# in front of that one. Every pack has shapes of its own. At the default capacity of 1,024 entries
# the caches grow by 20 MB a step, to more than a gigabyte; with fewer entries than the packs of a
# step have shapes, every product is compiled anew.
SHAPE_CACHES = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY")
SHAPES_PER_PACK = 48  # 36 were counted

# By the key of a model's configuration (`kernels/attention.py`).
_NOT_IN_FLASH_ATTENTION = {
    "attn_logit_softcapping": "soft caps",  # Gemma 2
    "attention_chunk_size": "chunks",  # Llama 4
}


@dataclass(frozen=True)
class Hardware:
    """The device of a process and the precision that it computes in."""

    device: str  # as torch names it: cpu or cuda
    dtype: torch.dtype  # of the frozen weights and of matrix products

    @property
    def dtype_name(self) -> str:
        """`bfloat16`, not `torch.bfloat16`."""
        return str(self.dtype).removeprefix("torch.")

    @property
    def micro_batch_tokens(self) -> int:
        """Tokens computed at once: enough for fast products, few enough to fit into memory."""
        return 16384 if self.device == "cuda" else 512

    @property
    def shares_prefixes(self) -> bool:
        """Whether a prefix that documents share is computed once (`kernels/prefixes.py`).

        Not on CUDA: its attention kernel takes each sequence with keys of its own.
        """
        return self.device == "cpu"

    def peak_memory_mb(self) -> int:
        """The most memory used so far, in MiB: of the GPU, or of this process on a CPU."""
        if self.device == "cuda":
            return int(torch.cuda.max_memory_allocated() // 2**20)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**10  # Linux counts in KiB

    def gpu_utilization(self) -> int | None:
        """Percent of the time in which the GPU computed lately; None without a GPU or a reading.

        NVML refuses a reading to an unprivileged container, and for a part of a GPU (MIG).
        """
        if self.device != "cuda":
            return None
        try:
            return torch.cuda.utilization()
        except (RuntimeError, NVMLError):
            return None


def detect_hardware() -> Hardware:
    """CUDA where there is a GPU, and bfloat16 only where the processor multiplies it faster.

    A processor without such instructions emulates bfloat16, which is slower than float32.
    """
    if torch.cuda.is_available():
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
        return Hardware("cuda", torch.bfloat16 if fast else torch.float32)
    fast = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return Hardware("cpu", torch.bfloat16 if fast else torch.float32)


def idle_gpu(hardware: Hardware) -> str | None:
    """One line on a GPU that the driver names and torch cannot use; None if all are usable.

    Days of training on the cores would else be the only sign of it.
    """
    # An empty list, or -1, hides the GPUs on purpose.
    if hardware.device == "cuda" or os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return None
    try:
        pynvml.nvmlInit()
        if not pynvml.nvmlDeviceGetCount():
            return None
        name = pynvml.nvmlDeviceGetName(pynvml.nvmlDeviceGetHandleByIndex(0))
    except NVMLError:
        return None
    if torch.version.cuda is None:
        return f"{name} is not used: this torch is built without CUDA; install the one with it"
    return f"{name} is not used: its driver does not suit CUDA {torch.version.cuda}; update it"


def attention_note(config: Any, hardware: Hardware) -> str | None:
    """Why attention is computed without FlashAttention on this GPU; None where nothing says so.

    `config` is that of a transformers model. Sinks are not in it, so they are not named.
    """
    if hardware.device != "cuda":
        return None
    text = config.get_text_config()
    head_size = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    capability = torch.cuda.get_device_capability()
    obstacle = flash_obstacle(hardware.dtype, head_size, capability)
    for name, feature in _NOT_IN_FLASH_ATTENTION.items():
        if getattr(text, name, None):
            obstacle = obstacle or f"the kernel has no {feature}"
    return obstacle and f"attention without FlashAttention, which is slower: {obstacle}"


def prepare_process() -> None:
    """Give torch every core that this process may use, and each core room in the shape caches.

    OMP_NUM_THREADS and the caches' own variables win where they are set. Call it before the first
    matrix product: torch and oneDNN read the capacities once.
    """
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(thread_limit())
    for variable in SHAPE_CACHES:
        os.environ.setdefault(variable, str(SHAPES_PER_PACK * torch.get_num_threads()))
