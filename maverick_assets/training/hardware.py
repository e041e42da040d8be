"""The device a process computes on, and how its memory and threads are set up."""

import ctypes
import os
import resource
from dataclasses import dataclass

import torch  # noqa: TID253 (only training and evaluation processes import this module)

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # glibc's malloc.h


@dataclass(frozen=True)
class Hardware:
    """`device` as torch names it; `dtype` of the frozen weights and of matrix products."""

    device: str
    dtype: torch.dtype

    @property
    def dtype_name(self) -> str:
        return str(self.dtype).removeprefix("torch.")

    def autocast(self) -> torch.autocast:
        """Matrix products in `dtype`; losses and LoRA weights stay float32."""
        return torch.autocast(
            self.device, dtype=torch.bfloat16, enabled=self.dtype == torch.bfloat16
        )

    def peak_memory_mb(self) -> int:
        """The most memory used so far: of the GPU, or of this process."""
        if self.device == "cuda":
            return int(torch.cuda.max_memory_allocated() // 2**20)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 2**10


def detect_hardware() -> Hardware:
    """CUDA when there is one; bfloat16 only where the processor multiplies it faster."""
    if torch.cuda.is_available():
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
        return Hardware("cuda", torch.bfloat16 if fast else torch.float32)
    fast = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return Hardware("cpu", torch.bfloat16 if fast else torch.float32)


def prepare_process() -> None:
    """Use every core (or OMP_NUM_THREADS), and keep freed memory.

    Giving memory back to the system costs a tenth of each training step in page faults.
    """
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(os.cpu_count() or 1)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # absent outside glibc
    if mallopt:
        mallopt(M_MMAP_THRESHOLD, 2**30)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
