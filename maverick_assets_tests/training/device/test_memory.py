"""Memory: checked before the base is loaded, and limited.

On a CPU, where the machine's memory takes the place of a card's; Ollama is a simulation.
"""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from maverick_assets.errors import MaverickError
from maverick_assets.fleets import Node
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.device.memory import prepare_memory, unload_ollama
from maverick_assets_tests.training.ollama_simulation import OllamaSimulation, serving

PROJECT = Path(__file__).parents[3]
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
CPU = Hardware("cpu", torch.float32)


def test_memory_does_not_grow_with_the_lengths_that_packs_have() -> None:
    """Products of new shapes, once those of the packs before fill the caches."""
    command = [sys.executable, "-c", PRODUCTS_OF_MANY_SHAPES]
    one_core = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=PROJECT, env=one_core, check=True, stdout=subprocess.PIPE)
    assert int(done.stdout) < 30


def test_training_needs_the_memory_that_it_is_to_have() -> None:
    told: list[str] = []
    prepare_memory(Node(name="local", training_gb=0.01), CPU, told.append)
    with pytest.raises(MaverickError, match=r"node vengeance: .* 1e\+06 GB, but of the .* free;"):
        prepare_memory(Node(name="vengeance", training_gb=1e6), CPU, told.append)
    assert told == []


def test_ollama_unloads_first_and_is_waited_for() -> None:
    told: list[str] = []
    with serving(OllamaSimulation(["robbie:v1.0", "mistral:latest"], seconds=0.5)) as ollama:
        prepare_memory(
            Node(name="local", ollama=ollama.url + "/", training_gb=0.01), CPU, told.append
        )
        assert ollama.running() == []
        prepare_memory(Node(name="local", ollama=ollama.url), CPU, told.append)
    assert told == [f"Ollama at {ollama.url}/ has unloaded robbie:v1.0, mistral:latest"]


def test_ollama_that_does_not_unload_is_told_and_not_waited_for_longer() -> None:
    told: list[str] = []
    with serving(OllamaSimulation(["robbie:v1.0"], seconds=60)) as ollama:
        unload_ollama(ollama.url, told.append, seconds=0.3)
    assert told == [f"Ollama at {ollama.url} still has robbie:v1.0 after 0.3 s"]


def test_ollama_that_does_not_answer_is_told_and_memory_is_looked_at_all_the_same() -> None:
    told: list[str] = []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(MaverickError, match="lower training_gb"):
        prepare_memory(Node(name="local", ollama=url, training_gb=1e6), CPU, told.append)
    [line] = told
    assert line.startswith(f"Ollama at {url} does not answer")
    assert "Connection refused" in line
