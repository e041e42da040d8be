"""When memory runs out, micro-batches are split in halves."""

import os
import subprocess
import sys
import weakref
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from maverick_assets.training.kernels.packing import Document
from maverick_assets.training.loop.micro_batches import split_on_oom
from maverick_assets_tests.command import PROJECT
from maverick_assets_tests.training.device.card_simulation import CardSimulation, plug_in
from maverick_assets_tests.training.loop.two_adapters import ROWS


class Tensors:
    """What a pass keeps until it ends, or until its error is forgotten."""


def train_with(megabytes: int, out: Path) -> subprocess.CompletedProcess[str]:
    one_heap = {"OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "maverick_assets_tests.training.loop.limited_memory",
            out,
            str(megabytes),
        ],
        cwd=PROJECT,
        env=os.environ | one_heap,
        capture_output=True,
        text=True,
    )


def test_weights_are_the_same_in_much_and_in_little_memory(tmp_path: Path) -> None:
    """Each training runs in a process whose allocator refuses more memory."""
    much = train_with(10_000, tmp_path / "much")
    little = train_with(140, tmp_path / "little")
    assert (much.returncode, much.stdout, much.stderr) == (0, "", "")
    assert (little.returncode, little.stderr) == (0, "")
    assert little.stdout == "out of memory: from here on 4096 tokens are computed at once\n"
    expected = load_file(tmp_path / "much" / "adapter_model.safetensors")
    for name, weight in load_file(tmp_path / "little" / "adapter_model.safetensors").items():
        torch.testing.assert_close(weight, expected[name], rtol=1e-6, atol=1e-6)


def test_an_example_that_does_not_fit_alone_is_named_with_its_length(tmp_path: Path) -> None:
    done = train_with(12, tmp_path / "out")
    assert done.returncode == 1
    assert done.stderr.startswith("error: out of memory on a single example of 512 tokens; lower")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (torch.OutOfMemoryError, "CUDA out of memory. Tried to allocate 2.00 GiB"),
        (
            RuntimeError,
            "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate",
        ),
    ],
)
def test_what_a_card_cannot_hold_is_computed_in_pieces_once_its_tensors_are_freed(
    error: type[Exception], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The card is a simulation that holds three documents."""
    freed: list[bool] = []
    held: weakref.WeakSet[Tensors] = weakref.WeakSet()

    def compute(documents: Sequence[Document]) -> list[Document]:
        tensors = Tensors()
        held.add(tensors)
        if len(documents) > 3:
            raise error(message)
        return list(documents)

    plug_in(CardSimulation(), monkeypatch)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: freed.append(not held))
    documents = [Document(row) for row in ROWS] * 2
    pieces = split_on_oom(compute, documents)
    assert [len(piece) for piece in pieces] == [3, 3, 3, 3]
    assert [document for piece in pieces for document in piece] == documents
    assert freed == [True] * 3


def test_another_error_is_not_taken_for_a_lack_of_memory() -> None:
    def fail(_: object) -> None:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        split_on_oom(fail, list[Document]())
