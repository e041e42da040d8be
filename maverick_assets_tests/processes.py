"""Waiting for processes, and killing them as a power cut or the kernel does."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import psutil

from maverick_assets.crm.embedded import server

Value = TypeVar("Value")


def wait_for(condition: Callable[[], Value | None], seconds: float = 60) -> Value:
    """The first true value of `condition`; `TimeoutError` after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.2)
    raise TimeoutError(f"nothing after {seconds} s")


def eventually(action: Callable[[], Value], seconds: float = 60) -> Value:
    """The action's result once it no longer raises; its last error after `seconds`.

    A server that recovers from a crash refuses connections for a moment.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            return action()
        except Exception:
            if time.monotonic() > end:
                raise
        time.sleep(0.1)


def kill(processes: Iterable[psutil.Process]) -> None:
    """SIGKILL all of them, and wait until they are gone."""
    doomed = list(processes)
    for process in doomed:
        with suppress(psutil.NoSuchProcess):  # it ended with one that was killed before it
            process.kill()
    wait_for(lambda: not any(is_alive(process) for process in doomed))


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs. A zombie does not: in a container, perhaps nobody ever collects it."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def processes_with(*words: str) -> list[psutil.Process]:
    """Processes whose command line has all these words."""
    matches = []
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or [])
        if all(word in line for word in words) and is_alive(process):
            matches.append(process)
    return matches


def stop_server(pgdata: Path) -> None:
    """Stop an embedded PostgreSQL that this process holds, and hold it no longer."""
    server._holders.pop(pgdata).release()
