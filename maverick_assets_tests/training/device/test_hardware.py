"""The device that is computed on, and the process that does: its caches have a bounded size.

Cards are simulations.
"""

import os
import subprocess
import sys

import pynvml
import pytest
import torch
from transformers import Gemma2Config, Gemma3Config, LlamaConfig

from maverick_assets.training.device.hardware import (
    Hardware,
    attention_note,
    detect_hardware,
    idle_gpu,
)
from maverick_assets_tests.command import PROJECT
from maverick_assets_tests.training.device.card_simulation import CardSimulation, plug_in

CPU = Hardware("cpu", torch.float32)
CUDA = Hardware("cuda", torch.bfloat16)

PRODUCTS_OF_MANY_SHAPES = """
import psutil, torch
from maverick_assets.training.device.hardware import prepare_process

def multiply(lengths):
    for rows in reversed(lengths):
        torch.ones(rows, 576, dtype=torch.bfloat16) @ torch.ones(576, 1536, dtype=torch.bfloat16)
    return psutil.Process().memory_info().rss

prepare_process()
before = multiply(range(400, 600))
print((multiply(range(100, 400)) - before) // 2**20)
"""


def test_memory_does_not_grow_with_the_number_of_shapes() -> None:
    """Products of new shapes are computed after the first ones have filled the caches."""
    command = [sys.executable, "-c", PRODUCTS_OF_MANY_SHAPES]
    one_core = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=PROJECT, env=one_core, check=True, stdout=subprocess.PIPE)
    assert int(done.stdout) < 30


def test_a_card_computes_in_bfloat16_from_ampere_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never in float16, whose gradients would have to be scaled."""
    card = plug_in(CardSimulation(), monkeypatch)
    hardware = detect_hardware()
    assert (hardware.device, hardware.dtype) == ("cuda", torch.bfloat16)
    assert hardware.micro_batch_tokens == 16384
    assert not hardware.shares_prefixes
    card.capability = (7, 5)  # a T4, or an RTX 20
    assert detect_hardware() == Hardware("cuda", torch.float32)


def test_use_of_a_card_that_nvml_does_not_read_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED)

    monkeypatch.setattr(torch.cuda, "utilization", refuse)
    assert CUDA.gpu_utilization() is None
    monkeypatch.setattr(torch.cuda, "utilization", lambda: 87)
    assert CUDA.gpu_utilization() == 87
    assert CPU.gpu_utilization() is None


def test_a_card_that_torch_cannot_use_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(CardSimulation(), monkeypatch)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert idle_gpu(CPU) == (
        "NVIDIA GeForce RTX 4090 is not used: its driver does not suit CUDA 13.0; update it"
    )
    monkeypatch.setattr(torch.version, "cuda", None)
    assert "this torch is built without CUDA; install the one with it" in str(idle_gpu(CPU))
    assert idle_gpu(CUDA) is None
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert idle_gpu(CPU) is None


def test_a_machine_without_a_card_names_none(monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(CardSimulation(count=0), monkeypatch)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert idle_gpu(CPU) is None


def test_attention_without_its_kernel_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    card = plug_in(CardSimulation(), monkeypatch)
    llama, gemma = LlamaConfig(), Gemma3Config(text_config={"head_dim": 320})
    assert attention_note(llama, CUDA) is None
    assert attention_note(llama, CPU) is None
    slower = "attention without FlashAttention, which is slower: "
    assert attention_note(gemma, CUDA) == (
        f"{slower}heads of size 320 are not a multiple of 8 up to 256"
    )
    assert attention_note(Gemma2Config(), CUDA) == f"{slower}the kernel has no soft caps"
    card.capability = (7, 5)
    assert attention_note(llama, Hardware("cuda", torch.float32)) == (
        f"{slower}a card of compute capability 7.5 is older than 8.0"
    )
