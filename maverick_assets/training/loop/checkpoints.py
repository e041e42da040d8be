"""Checkpoints of a run: whole or absent, and verified before anything is taken from them.

transformers' Trainer writes in place and goes on from the newest directory, whatever is in it.
Here a checkpoint is staged, synced to the disk and renamed; safetensors does not notice a flipped
bit, so the file's sha256 lies beside it, and the newest one that agrees with its own is used.
"""

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from maverick_assets.errors import MaverickError
from maverick_assets.files import sha256_of, staged_directory

KEPT = 2
KINDS = ("weights", "moments", "best")
Tensors = Mapping[str, torch.Tensor]
_STATE = "state.safetensors"
_DIGEST = "state.sha256"


class Interrupted(MaverickError):
    """The run was told to end, and saved itself: the same command goes on (sysexits.h: try again
    later)."""

    exit_code = 75


@dataclass(frozen=True)
class Facts:
    """Where an adapter is: steps `done` and their losses, those of the rows held out after each
    epoch, the factor of its learning rate, and how often it was set back."""

    done: int
    losses: list[tuple[int, float]]
    held_out: list[tuple[int, float]]
    rate: float
    setbacks: int


@dataclass(frozen=True)
class Snapshot:
    """An adapter in training: its weights, what AdamW knows of each, and the weights of its best
    epoch, which are empty before the first one."""

    facts: Facts
    weights: Tensors
    moments: Tensors
    best: Tensors

    def named(self) -> dict[str, torch.Tensor]:
        """All tensors; `KINDS` are the first parts of their names."""
        kinds = (self.weights, self.moments, self.best)
        return {
            f"{kind}/{name}": tensor
            for kind, tensors in zip(KINDS, kinds, strict=True)
            for name, tensor in tensors.items()
        }


class FromTheStart:
    """Where adapters go back to when a run keeps no checkpoints: to where they began."""

    due = False

    def __init__(self, snapshots: Mapping[str, Snapshot]) -> None:
        self._start = {
            name: Snapshot(each.facts, _cloned(each.weights), _cloned(each.moments), each.best)
            for name, each in snapshots.items()
        }

    def save(self, snapshots: Mapping[str, Snapshot]) -> None:
        pass

    def newest(self) -> dict[str, Snapshot]:
        return self._start


@dataclass
class Checkpoints:
    """Those of one run, in `folder`. `run`: a digest of all that the run depends on; what another
    run left is not gone on from. `seconds` between two."""

    folder: Path
    run: str
    seconds: float = 60

    def __post_init__(self) -> None:
        self._due = time.monotonic() + self.seconds

    @property
    def due(self) -> bool:
        return time.monotonic() >= self._due

    def save(self, snapshots: Mapping[str, Snapshot]) -> None:
        """Raises `MaverickError` when the disk refuses; the last checkpoint is then as it was."""
        number = max((_number(path) for path in self._all()), default=0) + 1
        facts = {name: asdict(snapshot.facts) for name, snapshot in snapshots.items()}
        tensors = {
            f"{name}/{key}": tensor
            for name, snapshot in snapshots.items()
            for key, tensor in snapshot.named().items()
        }
        metadata = {"run": self.run, "facts": json.dumps(facts)}
        try:
            with staged_directory(self.folder / f"{number:08}") as stage:
                save_file(tensors, stage / _STATE, metadata)
                (stage / _DIGEST).write_text(sha256_of(stage / _STATE))
        except (OSError, SafetensorError) as error:
            raise MaverickError(f"cannot write a checkpoint in {self.folder}: {error}") from error
        for path in self._all()[:-KEPT]:
            shutil.rmtree(path)
        self._due = time.monotonic() + self.seconds

    def newest(self) -> dict[str, Snapshot]:
        """By adapter, from the newest checkpoint of this run that is whole; empty without one."""
        for path in reversed(self._all()):
            found = self._read(path)
            if found:
                return found
        return {}

    def clear(self) -> None:
        """The run is done."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _read(self, path: Path) -> dict[str, Snapshot]:
        try:
            if sha256_of(path / _STATE) != (path / _DIGEST).read_text():
                return {}
            with safe_open(path / _STATE, "pt") as state:
                metadata = state.metadata()
                tensors = {key: state.get_tensor(key) for key in state.keys()}  # noqa: SIM118
        except (OSError, SafetensorError):
            return {}
        if metadata["run"] != self.run:
            return {}
        facts = json.loads(metadata["facts"])
        return {name: _snapshot(name, facts[name], tensors) for name in facts}

    def _all(self) -> list[Path]:
        """Oldest first; stages that a kill left have a dot in front."""
        if not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.iterdir() if path.name.isdigit())


def _snapshot(adapter: str, facts: dict[str, Any], tensors: Tensors) -> Snapshot:
    pairs = {key: [tuple(pair) for pair in facts[key]] for key in ("losses", "held_out")}
    found = []
    for kind in KINDS:
        start = f"{adapter}/{kind}/"
        own = {key: tensor for key, tensor in tensors.items() if key.startswith(start)}
        found.append({key.removeprefix(start): tensor for key, tensor in own.items()})
    return Snapshot(Facts(**facts | pairs), *found)  # JSON has no tuples


def _cloned(tensors: Tensors) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in tensors.items()}


def _number(path: Path) -> int:
    return int(path.name)
