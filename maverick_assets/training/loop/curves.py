"""Curves of a run: event files of TensorBoard always, Weights & Biases where the user has a key.

What is drawn are numbers, and with Weights & Biases the recipes' training settings; no text that
is learnt. Curves that cannot be drawn end no training.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from torch.utils.tensorboard import SummaryWriter

from maverick_assets.training.loop.reporting import Status

PROJECT = "maverick"
FLUSH_SECONDS = 10
INIT_SECONDS = 10
FINISH_SECONDS = 5  # a run that is cancelled is gone within ten


class Curves(Protocol):
    place: str

    def draw(self, status: Status) -> None: ...

    def close(self) -> None: ...


@contextmanager
def open_curves(
    folder: Path | None, settings: Mapping[str, Any], line: Callable[[str], object]
) -> Iterator[Callable[[Status], None]]:
    """Draw in `folder`, nothing without one. `settings`: what the run is to be known by. What goes
    wrong is told as a `line`."""
    opened: list[Curves] = []

    def draw(status: Status) -> None:
        opened[:] = [
            each for each in opened if _attempt(each.place, partial(each.draw, status), line)
        ]

    if folder:
        _attempt(EventFiles.place, lambda: opened.append(EventFiles(folder)), line)
        if wants_weights_and_biases():
            place = WeightsAndBiases.place
            _attempt(place, lambda: opened.append(WeightsAndBiases(folder, settings)), line)
    try:
        yield draw
    finally:
        for curves in opened:
            _attempt(curves.place, curves.close, line)


def wants_weights_and_biases() -> bool:
    return bool(os.environ.get("WANDB_API_KEY")) or os.environ.get("WANDB_MODE") == "offline"


def of_run(status: Status) -> dict[str, float]:
    known = {
        "tokens_per_second": status.progress.tokens_per_second,
        "share_of_bound": status.share_of_bound,
        "seconds_left": status.progress.seconds_left,
        "peak_memory_mb": status.peak_memory_mb,
        "gpu_use_percent": status.gpu_use,
    }
    return {name: value for name, value in known.items() if value is not None}


def of_adapter(status: Status, name: str) -> dict[str, float]:
    taken, held_out = status.progress.taken[name], status.progress.held_out
    return {
        "loss": taken.loss,
        "learning_rate": taken.learning_rate,
        "gradient_norm": taken.gradient_norm,
    } | ({"held_out_loss": held_out[name]} if name in held_out else {})


class EventFiles:
    """Those of the run in `folder`, those of an adapter in a directory of its name there.

    A run that goes on from a checkpoint takes the place of what was drawn after that.
    """

    place = "TensorBoard"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, SummaryWriter] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def draw(self, status: Status) -> None:
        self._write("", status.progress.step, of_run(status))
        for name, taken in status.progress.taken.items():
            self._write(name, taken.step, of_adapter(status, name))

    def _write(self, name: str, step: int, values: Mapping[str, float]) -> None:
        if name not in self._writers:
            self._writers[name] = SummaryWriter(
                str(self._folder / name), purge_step=step, flush_secs=FLUSH_SECONDS
            )
        for tag, value in values.items():
            self._writers[name].add_scalar(tag, value, step)

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()


class WeightsAndBiases:
    """A run of the same name there, or with WANDB_MODE=offline in `folder` for `wandb sync`.

    What it would tell of the machine's files, its user and its packages is left out; processor,
    memory and GPU use are told. Raises its `Error` where it does not answer.
    """

    place = "Weights & Biases"

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # it reports its own to its maker
        import wandb

        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            name=folder.name,
            dir=folder,
            config=dict(settings),
            settings=wandb.Settings(
                silent=True,
                console="off",
                disable_git=True,
                save_code=False,
                x_disable_meta=True,
                x_save_requirements=False,
                init_timeout=INIT_SECONDS,
                finish_timeout=FINISH_SECONDS,
            ),
        )

    def draw(self, status: Status) -> None:
        values = {"step": status.progress.step} | of_run(status)
        for name in status.progress.taken:
            values |= {f"{name}/{tag}": value for tag, value in of_adapter(status, name).items()}
        self._run.log(values)

    def close(self) -> None:
        self._run.finish()


def _attempt(place: str, action: Callable[[], object], line: Callable[[str], object]) -> bool:
    try:
        action()
    except Exception as error:  # of whatever kind: a training is worth more than its picture
        reason = " ".join(str(error).split()) or type(error).__name__
        line(f"no curves in {place}: {reason}")
        return False
    return True
