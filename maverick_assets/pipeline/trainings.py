"""Trainings under way, in whichever process they run: a locked file for each.

The kernel frees the lock however the process ends. A file that is not locked is what a training
left, and the next one removes it.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock
from pydantic import AwareDatetime, ValidationError

from maverick_assets.errors import BadInput
from maverick_assets.files import hold_file, is_held, write_atomically
from maverick_assets.recipes import TrainingOverrides
from maverick_assets.records import TrainingMode, TrainingProgress
from maverick_assets.settings import Settings
from maverick_assets.strict_model import StrictModel

JOB_OF_MODE: Mapping[TrainingMode, str] = {"full": "weekly", "incremental": "nightly"}
_LAST = "last.json"
_PROGRESS = "progress-*.json"
_NO_OVERRIDES = TrainingOverrides()


class AlreadyTraining(BadInput):
    """A training is under way."""


class Training(StrictModel):
    """A run that trains."""

    run_id: str
    job: str
    mode: TrainingMode
    personalities: tuple[str, ...]  # empty: all
    overrides: TrainingOverrides = _NO_OVERRIDES
    started_at: AwareDatetime


class EndedTraining(StrictModel):
    """A run that trained, and where it failed."""

    training: Training
    ended_at: AwareDatetime
    failed_steps: tuple[str, ...] = ()


def new_training(
    run_id: str,
    mode: TrainingMode,
    personalities: Sequence[str] = (),
    overrides: TrainingOverrides = _NO_OVERRIDES,
) -> Training:
    """A training that starts now."""
    return Training(
        run_id=run_id,
        job=JOB_OF_MODE[mode],
        mode=mode,
        personalities=tuple(personalities),
        overrides=overrides,
        started_at=datetime.now(UTC),
    )


def hold_training(settings: Settings, training: Training) -> int:
    """Say that a training is under way, until this process ends, or closes the descriptor.

    A training whose starter has said so already is left as it is.
    """
    folder = settings.trainings
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / training.run_id
    if path.exists():  # the process inherited its lock
        return os.open(path, os.O_RDONLY)
    return hold_file(path, training.model_dump_json().encode())


@contextmanager
def only_starter(settings: Settings) -> Iterator[None]:
    """Inside, no other process starts a training that must be the only one."""
    settings.trainings.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FileLock(settings.trainings / ".start", timeout=60):
        yield


def require_none(settings: Settings) -> None:
    """Raise `AlreadyTraining` while any process trains; what dead ones left is removed."""
    for path in _files(settings):
        if is_held(path):
            raise AlreadyTraining("a training runs; GET /api/training/status shows how far it is")
        path.unlink(missing_ok=True)


def under_way(settings: Settings) -> Training | None:
    """The newest training that runs now."""
    found = [training for path in _files(settings) if (training := _read(path))]
    return max(found, key=lambda training: training.started_at, default=None)


def progress_of(settings: Settings, training: Training) -> TrainingProgress | None:
    """The newest step of a training; None before its first one."""
    found = []
    for path in (settings.runs / training.run_id).glob(_PROGRESS):
        with suppress(OSError, ValidationError):  # it is gone, or of another release
            found.append(TrainingProgress.model_validate_json(path.read_bytes()))
    return max(found, key=lambda progress: progress.at, default=None)


def progress_path(settings: Settings, run_id: str, node: str) -> Path:
    """Where the process that trains a node's personalities says how far it is."""
    return settings.runs / run_id / _PROGRESS.replace("*", node)


def note_end(settings: Settings, training: Training, failed_steps: Sequence[str]) -> None:
    """Keep how a training ended, for those who ask later."""
    ended = EndedTraining(
        training=training, ended_at=datetime.now(UTC), failed_steps=tuple(failed_steps)
    )
    write_atomically(settings.trainings / _LAST, ended.model_dump_json())


def last_ended(settings: Settings) -> EndedTraining | None:
    """How the last training ended that a command or the API started."""
    try:
        return EndedTraining.model_validate_json((settings.trainings / _LAST).read_bytes())
    except (OSError, ValidationError):
        return None


def _files(settings: Settings) -> list[Path]:
    if not settings.trainings.is_dir():
        return []
    return [
        path
        for path in sorted(settings.trainings.glob("[!.]*"))
        if path.is_file() and path.name != _LAST
    ]


def _read(path: Path) -> Training | None:
    """The training of a file whose process lives."""
    if not is_held(path):
        return None
    try:
        return Training.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError):
        return None
