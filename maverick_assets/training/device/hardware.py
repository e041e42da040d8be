"""The device a process computes on, and how its memory and threads are set up."""

import os
import resource
from dataclasses import dataclass

import torch
from pynvml import NVMLError

# oneDNN's, and that of torch in front of it. Another pack has other shapes of products: at their
# default of 1,024 these grow by 20 MB a step, to a gigabyte and more; with fewer shapes than the
# packs in hand have, each product is compiled again.
CACHES_OF_SHAPES = ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY")
SHAPES_OF_A_PACK = 48  # 36 were counted


@dataclass(frozen=True)
class Hardware:
    """`device` as torch names it; `dtype` of the frozen weights and of matrix products."""

    device: str
    dtype: torch.dtype

    @property
    def dtype_name(self) -> str:
        return str(self.dtype).removeprefix("torch.")

    @property
    def micro_batch_tokens(self) -> int:
        """Tokens that are computed at once: as many as keep its products fast."""
        return 16384 if self.device == "cuda" else 512

    @property
    def shares_prefixes(self) -> bool:
        """Whether what documents begin with in common is computed once: not on CUDA, where it is
        neither written nor measured yet (its kernel takes each sequence with keys of its own)."""
        return self.device == "cpu"

    def peak_memory_mb(self) -> int:
        """The most memory used so far: of the GPU, or of this process."""
        if self.device == "cuda":
            return int(torch.cuda.max_memory_allocated() // 2**20)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**10

    def gpu_utilization(self) -> int | None:
        """Percent of the last moments in which the GPU computed; None where nothing tells."""
        if self.device != "cuda":
            return None
        try:
            return torch.cuda.utilization()
        except (RuntimeError, NVMLError):  # no right to know, or a part of a GPU (MIG)
            return None


def detect_hardware() -> Hardware:
    """CUDA when there is one; bfloat16 only where the processor multiplies it faster."""
    if torch.cuda.is_available():
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
        return Hardware("cuda", torch.bfloat16 if fast else torch.float32)
    fast = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return Hardware("cpu", torch.bfloat16 if fast else torch.float32)


def prepare_process() -> None:
    """Use every core that this process may, or OMP_NUM_THREADS, and keep what is compiled for the
    shapes of a pack on each. Before the first product: the sizes of caches are read once."""
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(len(os.sched_getaffinity(0)))
    for cache in CACHES_OF_SHAPES:
        os.environ.setdefault(cache, str(SHAPES_OF_A_PACK * torch.get_num_threads()))
