"""Checkpoints of a run: whole or absent, and verified before anything is taken from them.

transformers' Trainer writes in place, and resumes from the newest directory, whatever is in it.
Here a checkpoint is staged, synced to the disk and renamed. safetensors does not notice a flipped
bit, so the file's sha256 stands beside it, and the newest checkpoint that matches its own is used.
"""

import contextlib
import json
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import ConfigDict, Field
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from maverick_assets.errors import MaverickError
from maverick_assets.files import sha256_of, staged_directory
from maverick_assets.strict_model import StrictModel
from maverick_assets.training.loop.stepper import NamedTensors, clone_tensors

CHECKPOINTS_KEPT = 2
_KINDS = ("weights", "moments", "best")  # first parts of the tensors' names on disk
_STATE = "state.safetensors"
_DIGEST = "state.sha256"


class Progress(StrictModel):
    """How far an adapter has come. Aliases are the keys on disk."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    steps_done: int = Field(alias="done")
    losses: list[tuple[int, float]]  # (step, training loss)
    validation_losses: list[tuple[int, float]] = Field(alias="held_out")  # after each epoch
    rate_factor: float = Field(alias="rate")  # of the peak learning rate
    setbacks: int


@dataclass(frozen=True)
class AdapterSnapshot:
    """Everything that it takes to resume an adapter."""

    progress: Progress
    weights: NamedTensors
    optimizer_state: NamedTensors
    best_weights: NamedTensors  # of the best epoch so far; empty before the first one ends

    def named_tensors(self) -> dict[str, torch.Tensor]:
        """All tensors by their names on disk."""
        groups = (self.weights, self.optimizer_state, self.best_weights)
        return {
            f"{kind}/{name}": tensor
            for kind, tensors in zip(_KINDS, groups, strict=True)
            for name, tensor in tensors.items()
        }


class InMemoryStart:
    """Stands in for `Checkpoints` in a run that keeps none: copies of the adapters at the start."""

    due = False

    def __init__(self, snapshots: Mapping[str, AdapterSnapshot]) -> None:
        self._start = {
            name: AdapterSnapshot(
                snapshot.progress,
                clone_tensors(snapshot.weights),
                clone_tensors(snapshot.optimizer_state),
                snapshot.best_weights,
            )
            for name, snapshot in snapshots.items()
        }

    def save(self, snapshots: Mapping[str, AdapterSnapshot]) -> None:
        pass

    def newest(self) -> dict[str, AdapterSnapshot]:
        return self._start


@dataclass
class Checkpoints:
    """The checkpoints of one run, each a numbered directory in `folder`."""

    folder: Path
    run: str  # digest of everything that the run depends on; those of other runs are ignored
    seconds: float = 60  # between two checkpoints

    def __post_init__(self) -> None:
        self._next_due = time.monotonic() + self.seconds

    @classmethod
    def of_run(cls, shared: Path, run: str) -> "Checkpoints":
        """Those of one run, below a folder that other runs may use as well, at the same time."""
        checkpoints = cls(shared / run[:16], run)
        # Earlier releases kept those of all runs in the shared folder itself.
        for path in checkpoints._directories(shared):
            if checkpoints._read(path):
                checkpoints.folder.mkdir(exist_ok=True)
                path.rename(checkpoints.folder / path.name)
        return checkpoints

    @property
    def due(self) -> bool:
        return time.monotonic() >= self._next_due

    def save(self, snapshots: Mapping[str, AdapterSnapshot]) -> None:
        """Write a checkpoint of all adapters, by name.

        Raises `MaverickError` when the disk refuses; earlier checkpoints are then untouched.
        """
        number = max((int(path.name) for path in self._directories()), default=0) + 1
        progress = {name: snapshot.progress.model_dump() for name, snapshot in snapshots.items()}
        tensors = {
            f"{name}/{key}": tensor
            for name, snapshot in snapshots.items()
            for key, tensor in snapshot.named_tensors().items()
        }
        metadata = {"run": self.run, "facts": json.dumps(progress)}
        try:
            with staged_directory(self.folder / f"{number:08}") as stage:
                save_file(tensors, stage / _STATE, metadata)
                (stage / _DIGEST).write_text(sha256_of(stage / _STATE), encoding="ascii")
        except (OSError, SafetensorError) as error:
            raise MaverickError(f"cannot write a checkpoint in {self.folder}: {error}") from error
        for path in self._directories()[:-CHECKPOINTS_KEPT]:
            shutil.rmtree(path)
        self._next_due = time.monotonic() + self.seconds

    def newest(self) -> dict[str, AdapterSnapshot]:
        """By adapter, from the newest checkpoint of this run that is whole; empty without one."""
        for path in reversed(self._directories()):
            snapshots = self._read(path)
            if snapshots:
                return snapshots
        return {}

    def clear(self) -> None:
        """Delete them all, when the run is done, and the folder of all runs once it is empty."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.name == self.run[:16]:
            with contextlib.suppress(OSError):
                self.folder.parent.rmdir()

    def _read(self, path: Path) -> dict[str, AdapterSnapshot]:
        """The adapters of one checkpoint; empty when it is damaged, or another run's."""
        try:
            if sha256_of(path / _STATE) != (path / _DIGEST).read_text(encoding="ascii"):
                return {}
            with safe_open(path / _STATE, "pt") as state:
                metadata = state.metadata()
                tensors = {key: state.get_tensor(key) for key in state.keys()}  # noqa: SIM118
        except (OSError, SafetensorError):
            return {}
        if metadata["run"] != self.run:
            return {}
        return {
            name: AdapterSnapshot(
                Progress.model_validate(progress),
                *(_with_prefix(f"{name}/{kind}/", tensors) for kind in _KINDS),
            )
            for name, progress in json.loads(metadata["facts"]).items()
        }

    def _directories(self, folder: Path | None = None) -> list[Path]:
        """Oldest first. One that a kill left unfinished has a name with a dot in front."""
        folder = folder or self.folder
        if not folder.is_dir():
            return []
        # A name of eight digits is a checkpoint's; one of sixteen may be a run's.
        return sorted(path for path in folder.iterdir() if re.fullmatch(r"\d{8}", path.name))


def _with_prefix(prefix: str, tensors: NamedTensors) -> dict[str, torch.Tensor]:
    """The tensors whose names begin with `prefix`, by the rest of the name."""
    return {
        key.removeprefix(prefix): tensor
        for key, tensor in tensors.items()
        if key.startswith(prefix)
    }
