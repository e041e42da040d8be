"""Curves of a run: TensorBoard's event files always, Weights & Biases when the user has a key.

Only numbers are drawn, and Weights & Biases also gets the recipes' training settings; neither gets
any text of the examples. A training goes on when its curves cannot be drawn.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from torch.utils.tensorboard import SummaryWriter

from maverick_assets.training.device.memory import LogLine
from maverick_assets.training.loop.reporting import RunStatus

WANDB_PROJECT = "maverick"
FLUSH_SECONDS = 10
INIT_SECONDS = 10
FINISH_SECONDS = 5  # a run that is cancelled must be gone within ten


class CurveWriter(Protocol):
    """Draws the curves of one run in one service."""

    service: str  # its name in log lines

    def draw(self, status: RunStatus) -> None: ...

    def close(self) -> None: ...


@contextmanager
def curves(
    folder: Path | None, settings: Mapping[str, Any], log: LogLine
) -> Iterator[Callable[[RunStatus], None]]:
    """A function that draws each step in `folder`, or does nothing without one.

    `settings` are shown beside the run. A service that fails is logged, and not used again.
    """
    writers: list[CurveWriter] = []

    def draw(status: RunStatus) -> None:
        writers[:] = [
            writer
            for writer in writers
            if _succeeds(partial(writer.draw, status), writer.service, log)
        ]

    def add(service: str, open_writer: Callable[[], CurveWriter]) -> None:
        _succeeds(lambda: writers.append(open_writer()), service, log)

    if folder:
        add(EventFiles.service, lambda: EventFiles(folder))
        if wants_weights_and_biases():
            add(WeightsAndBiases.service, lambda: WeightsAndBiases(folder, settings))
    try:
        yield draw
    finally:
        for writer in writers:
            _succeeds(writer.close, writer.service, log)


def wants_weights_and_biases() -> bool:
    return bool(os.environ.get("WANDB_API_KEY")) or os.environ.get("WANDB_MODE") == "offline"


def run_values(status: RunStatus) -> dict[str, float]:
    """Values of the whole run by tag."""
    values = {
        "tokens_per_second": status.report.tokens_per_second,
        "share_of_bound": status.roofline_share,  # tag of earlier releases, kept for resumed runs
        "seconds_left": status.report.seconds_left,
        "peak_memory_mb": status.peak_memory_mb,
        "gpu_use_percent": status.gpu_utilization,
    }
    return {tag: value for tag, value in values.items() if value is not None}


def adapter_values(status: RunStatus, name: str) -> dict[str, float]:
    """Values of one adapter by tag."""
    step, validation = status.report.adapter_steps[name], status.report.validation_losses
    values = {
        "loss": step.loss,
        "learning_rate": step.learning_rate,
        "gradient_norm": step.gradient_norm,
    }
    return values | ({"held_out_loss": validation[name]} if name in validation else {})


class EventFiles:
    """Curves of the run in `folder`, those of each adapter in a directory of its name there.

    A resumed run replaces what was drawn after its checkpoint.
    """

    service = "TensorBoard"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writers: dict[str, SummaryWriter] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def draw(self, status: RunStatus) -> None:
        self._write("", status.report.step, run_values(status))
        for name, step in status.report.adapter_steps.items():
            self._write(name, step.step, adapter_values(status, name))

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
    """A run named after `folder`; with WANDB_MODE=offline a directory there, for `wandb sync`.

    The service is sent figures of processor, memory and GPU, but nothing about the machine's files,
    user and packages. Raises an error of wandb's own when the service does not answer.
    """

    service = "Weights & Biases"

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")  # of its own errors, to its maker
        import wandb

        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", WANDB_PROJECT),
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

    def draw(self, status: RunStatus) -> None:
        values = {"step": status.report.step} | run_values(status)
        for name in status.report.adapter_steps:
            values |= {
                f"{name}/{tag}": value for tag, value in adapter_values(status, name).items()
            }
        self._run.log(values)

    def close(self) -> None:
        self._run.finish()


def _succeeds(action: Callable[[], object], service: str, log: LogLine) -> bool:
    """Whether `action` raises nothing; an error becomes a line of the log."""
    try:
        action()
    except Exception as error:  # of any kind: a training is worth more than its curves
        reason = " ".join(str(error).split()) or type(error).__name__
        log(f"no curves in {service}: {reason}")
        return False
    return True
