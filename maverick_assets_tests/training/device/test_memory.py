"""Memory is checked before the base is loaded, and limited.

Mostly on a CPU, where the machine's memory takes the place of a card's. Cards and Ollama are
simulations.
"""

import os
import socket
from typing import Any

import psutil
import pytest
import torch

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.fleets import Node
from maverick_assets.training.device import memory
from maverick_assets.training.device.hardware import Hardware
from maverick_assets.training.device.memory import (
    GB,
    memory_errors,
    prepare_memory,
    training_share_gb,
    unload_ollama,
)
from maverick_assets_tests.training.device.card_simulation import CardSimulation, plug_in
from maverick_assets_tests.training.ollama_simulation import OllamaSimulation, serving

CPU = Hardware("cpu", torch.float32)
CUDA = Hardware("cuda", torch.bfloat16)
RTX_4090 = 23.6  # GB that a card sold as 24 GB reports


def node(**fields: Any) -> Node:
    return Node(name="vengeance", **fields)


@pytest.mark.parametrize(
    ("fields", "share"),
    [
        ({}, None),
        ({"training_gb": 16}, 16),
        ({"training_gb": 16, "inference_gb": 8}, 16),
        ({"inference_gb": 8}, RTX_4090 - 8),
        ({"inference_gb": 0}, None),
    ],
)
def test_training_may_take_its_figure_or_what_inference_leaves(
    fields: dict[str, float], share: float | None
) -> None:
    assert training_share_gb(node(**fields), RTX_4090) == share


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"training_gb": 17, "inference_gb": 8},
            r"node vengeance: training_gb 17 and inference_gb 8 do not fit into 23\.6 GB; lower",
        ),
        (
            {"inference_gb": 24},
            r"node vengeance: inference_gb 24 leaves nothing of 23\.6 GB to train in; lower it",
        ),
    ],
)
def test_figures_that_do_not_fit_the_card_are_bad_input(
    fields: dict[str, float], message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        training_share_gb(node(**fields), RTX_4090)


def test_training_needs_its_share_free() -> None:
    log: list[str] = []
    prepare_memory(node(training_gb=0.01), CPU, log.append)
    with pytest.raises(MaverickError, match=r"node vengeance: .* 1e\+06 GB, but of the .* free;"):
        prepare_memory(node(training_gb=1e6), CPU, log.append)
    assert log == []


def test_training_needs_what_inference_leaves_free() -> None:
    total = psutil.virtual_memory().total / GB
    prepare_memory(node(inference_gb=total - 0.01), CPU, print)
    with pytest.raises(MaverickError, match="free; end what holds the rest, or raise inference_gb"):
        prepare_memory(node(inference_gb=0.001), CPU, print)


def test_a_card_gives_training_its_share_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    card = plug_in(CardSimulation(), monkeypatch)
    prepare_memory(node(training_gb=16, inference_gb=8), CUDA, print)
    prepare_memory(node(inference_gb=8), CUDA, print)
    assert card.memory_fractions == pytest.approx([16 / 23.6, (23.6 - 8) / 23.6])


def test_a_card_without_figures_is_not_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    card = plug_in(CardSimulation(free_gb=0.5), monkeypatch)
    prepare_memory(node(), CUDA, print)
    assert card.memory_fractions == []


def test_a_busy_card_is_refused_with_the_name_of_who_holds_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = os.getpid()
    busy = CardSimulation(count=2, current=1, free_gb=10, holders=[(own, 13 * GB)])
    plug_in(busy, monkeypatch)
    holder = rf"held by {psutil.Process(own).name()} \({own}\) 13\.0 GB"
    expected = (
        rf"training needs 16 GB, but of the 23\.6 GB of GPU 1 only 10\.0 are free \({holder}\)"
    )
    with pytest.raises(MaverickError, match=expected):
        prepare_memory(node(training_gb=16), CUDA, print)
    assert busy.memory_fractions == []


@pytest.mark.parametrize("holders", [[], [(os.getpid(), None)], [(2**22 + 1, GB)]])
def test_a_busy_card_is_refused_where_nvml_does_not_say_who_holds_it(
    holders: list[tuple[int, int | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a container: no process, one without a size, one of another container."""
    plug_in(CardSimulation(free_gb=10, holders=holders), monkeypatch)
    with pytest.raises(MaverickError, match=r"only 10\.0 are free; end what holds the rest"):
        prepare_memory(node(training_gb=16), CUDA, print)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("CUDA error: out of memory"),
        MemoryError(),
    ],
)
def test_what_does_not_fit_is_one_line(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    plug_in(CardSimulation(), monkeypatch)
    expected = (
        r"the base does not fit into what is free of the 23\.6 GB of GPU 0; take a smaller one"
    )
    with (
        pytest.raises(MaverickError, match=expected),
        memory_errors("the base", "take a smaller one", CUDA),
    ):
        raise error


def test_another_error_stays_what_it_is() -> None:
    with pytest.raises(RuntimeError, match="shapes"), memory_errors("the base", "", CPU):
        raise RuntimeError("shapes do not match")


def test_figures_that_do_not_fit_leave_ollama_alone() -> None:
    with serving(OllamaSimulation(["robbie:v1.0"])) as ollama:
        with pytest.raises(BadInput, match="do not fit"):
            prepare_memory(node(ollama=ollama.url, training_gb=0.01, inference_gb=1e6), CPU, print)
        assert ollama.running() == ["robbie:v1.0"]


def test_ollama_unloads_first_and_is_waited_for() -> None:
    log: list[str] = []
    with serving(OllamaSimulation(["robbie:v1.0", "mistral:latest"], seconds=0.5)) as ollama:
        prepare_memory(node(ollama=ollama.url + "/", training_gb=0.01), CPU, log.append)
        assert ollama.running() == []
        prepare_memory(node(ollama=ollama.url), CPU, log.append)
    assert log == [f"Ollama at {ollama.url} has unloaded robbie:v1.0, mistral:latest"]


def test_ollama_is_asked_without_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in ("HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")  # where nothing listens
    with serving(OllamaSimulation(["robbie:v1.0"])) as ollama:
        unload_ollama(ollama.url, print)
        assert ollama.running() == []


def test_ollama_that_does_not_unload_is_logged_and_not_waited_for_longer() -> None:
    log: list[str] = []
    with serving(OllamaSimulation(["robbie:v1.0"], seconds=60)) as ollama:
        unload_ollama(ollama.url, log.append, seconds=0.3)
    assert log == [f"Ollama at {ollama.url} still has robbie:v1.0 after 0.3 s"]


def test_ollama_that_refuses_connections_is_logged_and_memory_is_checked_all_the_same() -> None:
    log: list[str] = []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(MaverickError, match="lower training_gb"):
        prepare_memory(node(ollama=url, training_gb=1e6), CPU, log.append)
    [line] = log
    assert line.startswith(f"Ollama at {url} does not answer as it should")
    assert "Failed to connect to Ollama. Please check" in line


def test_ollama_that_accepts_and_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "ANSWER_SECONDS", 0.2)
    log: list[str] = []
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        unload_ollama(f"http://127.0.0.1:{silent.getsockname()[1]}", log.append)
    [line] = log
    assert line.endswith("does not answer as it should, and may hold memory: timed out")


def test_a_server_that_is_no_ollama_is_logged_in_one_line() -> None:
    class NoOllama(OllamaSimulation):
        def ps(self) -> dict[str, Any]:
            return {"models": 3}

    log: list[str] = []
    with serving(NoOllama([])) as server:
        unload_ollama(server.url, log.append)
    [line] = log
    assert line.startswith(f"Ollama at {server.url} does not answer as it should")
    assert "\n" not in line
