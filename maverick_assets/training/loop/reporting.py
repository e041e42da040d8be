"""How a run is seen while it goes on: bars for a person at a terminal, lines for a log."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

from maverick_assets.training.loop.engine import Progress

SECONDS_BETWEEN_LINES = 15


@dataclass(frozen=True)
class Status:
    """A run after a step. `share_of_bound`: of the tokens a second that the hardware's products
    allow. `gpu_use`: percent; None without a GPU."""

    progress: Progress
    share_of_bound: float
    peak_memory_mb: int
    gpu_use: int | None

    def __str__(self) -> str:
        gpu = "" if self.gpu_use is None else f", GPU {self.gpu_use} %"
        return (
            f"{self.progress.tokens_per_second:.0f} tokens/s, {self.share_of_bound:.0%} of bound, "
            f"{timedelta(seconds=round(self.progress.seconds_left))} left, "
            f"{self.peak_memory_mb} MB{gpu}"
        )


@dataclass(frozen=True)
class Reporter:
    """Where the process reports: lines for people, one result for each job, and the status after
    each step, which is a line now and then where it is None."""

    line: Callable[[str], object]
    result: Callable[[Mapping[str, Any]], object]
    status: Callable[[Status], object] | None = None


def throttled(line: Callable[[str], object]) -> Callable[[Status], None]:
    """A line for the first step, the last one, and every few seconds between."""
    due = time.monotonic()

    def report(status: Status) -> None:
        nonlocal due
        progress = status.progress
        if time.monotonic() < due and progress.step < progress.steps:
            return
        due = time.monotonic() + SECONDS_BETWEEN_LINES
        losses = ", ".join(f"{name} {taken.loss:.3f}" for name, taken in progress.taken.items())
        line(f"step {progress.step}/{progress.steps}, loss {losses}; {status}")

    return report


@contextmanager
def open_reporter() -> Iterator[Reporter]:
    """On stdout: bars where that is a terminal that can show them, else lines."""
    console = Console()
    if not (sys.stdout.isatty() and console.is_interactive):
        yield Reporter(_print, lambda result: _print(json.dumps(result)))
        return
    with Live(console=console, refresh_per_second=2) as live:

        def line(text: str) -> None:
            live.console.print(text, markup=False, highlight=False, soft_wrap=True)

        yield Reporter(line, lambda result: line(json.dumps(result)), _show_in(live))


def _show_in(live: Live) -> Callable[[Status], None]:
    """A bar with the loss for each adapter, and below how fast all get on."""
    bars = Bars(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"))
    tasks: dict[str, TaskID] = {}

    def show(status: Status) -> None:
        for name, taken in status.progress.taken.items():
            if name not in tasks:
                tasks[name] = bars.add_task(name)
            told = f"{taken.step}/{taken.steps} loss {taken.loss:.3f}"
            bars.update(tasks[name], completed=taken.step, total=taken.steps, told=told)
        live.update(Group(bars, str(status)))

    return show


def _print(text: str) -> None:
    print(text, flush=True)
