"""Reports of a run while it trains: bars for a person at a terminal, lines for a log."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from maverick_assets.files import write_atomically
from maverick_assets.records import AdapterProgress, TrainingProgress

if TYPE_CHECKING:  # a process that only relays the reports of others needs no engine
    from maverick_assets.training.device.memory import LogLine
    from maverick_assets.training.loop.engine import StepReport

SECONDS_BETWEEN_LINES = 15
SECONDS_BETWEEN_WRITES = 1


@dataclass(frozen=True)
class RunStatus:
    """Speed and memory of a run after a step."""

    report: "StepReport"
    roofline_share: float  # of the tokens a second that the hardware allows
    peak_memory_mb: int
    gpu_utilization: int | None  # percent; None without a GPU

    def __str__(self) -> str:
        gpu = "" if self.gpu_utilization is None else f", GPU {self.gpu_utilization} %"
        return (
            f"{self.report.tokens_per_second:.0f} tokens/s, {self.roofline_share:.0%} of roofline, "
            f"{timedelta(seconds=round(self.report.seconds_left))} left, "
            f"{self.peak_memory_mb} MB{gpu}"
        )


@dataclass(frozen=True)
class Reporter:
    """The channels through which a training process reports."""

    log: "LogLine"  # lines for people
    result: Callable[[Mapping[str, Any]], object]  # one for each job
    status: Callable[[RunStatus], object] | None = None  # each step; None: a line now and then


def stdout_reporter() -> Reporter:
    """Lines on stdout; results as JSON."""

    def log(line: str) -> None:
        print(line, flush=True)

    return Reporter(log, lambda result: log(json.dumps(result)))


@contextmanager
def terminal_reporter() -> Iterator[Reporter]:
    """Bars on stdout where that is a terminal that can show them, else lines."""
    console = Console()
    if not (sys.stdout.isatty() and console.is_interactive):
        yield stdout_reporter()
        return
    with Live(console=console, refresh_per_second=2) as live:

        def log(line: str) -> None:
            live.console.print(line, markup=False, highlight=False, soft_wrap=True)

        yield Reporter(log, lambda result: log(json.dumps(result)), _bars_in(live))


def status_lines(log: "LogLine") -> Callable[[RunStatus], None]:
    """A line for the first step, the last one, and every few seconds between."""
    next_due = time.monotonic()

    def report_status(status: RunStatus) -> None:
        nonlocal next_due
        report = status.report
        if time.monotonic() < next_due and report.step < report.steps:
            return
        next_due = time.monotonic() + SECONDS_BETWEEN_LINES
        losses = ", ".join(f"{name} {step.loss:.3f}" for name, step in report.adapter_steps.items())
        log(f"step {report.step}/{report.steps}, loss {losses}; {status}")

    return report_status


def progress_file(path: Path | None) -> Callable[[RunStatus], None]:
    """Writes how far the run is, at most once a second, and after the last step.

    A training goes on where it cannot be written.
    """
    adapters: dict[str, AdapterProgress] = {}
    next_due = time.monotonic()

    def write(status: RunStatus) -> None:
        nonlocal next_due
        report = status.report
        for name, step in report.adapter_steps.items():
            adapters[name] = AdapterProgress(
                step=step.step, steps=step.steps, loss=step.loss, learning_rate=step.learning_rate
            )
        if path is None or (time.monotonic() < next_due and report.step < report.steps):
            return
        next_due = time.monotonic() + SECONDS_BETWEEN_WRITES
        progress = TrainingProgress(
            at=datetime.now(UTC),
            step=report.step,
            steps=report.steps,
            tokens_per_second=report.tokens_per_second,
            seconds_left=report.seconds_left,
            adapters=adapters,
        )
        with suppress(OSError):
            write_atomically(path, progress.model_dump_json())

    return write


def _bars_in(live: Live) -> Callable[[RunStatus], None]:
    """A bar with the loss for each adapter, and the speed of the run below."""
    bars = Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[label]}")
    )
    tasks: dict[str, TaskID] = {}

    def show_bars(status: RunStatus) -> None:
        for name, step in status.report.adapter_steps.items():
            if name not in tasks:
                tasks[name] = bars.add_task(name)
            label = f"{step.step}/{step.steps} loss {step.loss:.3f}"
            bars.update(tasks[name], completed=step.step, total=step.steps, label=label)
        live.update(Group(bars, str(status)))

    return show_bars
