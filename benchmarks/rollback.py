"""How long `maverick models rollback` takes, from the start of its process to its end.

    python -m benchmarks.rollback HOME [--times 10]

works on a copy of a run home whose versions are exported. Each personality with one release gets a
second one, of the same weights, to roll back from. The fleet is one node without Ollama.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.machine import machine_line
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.registry.versions import next_version

_COPIED = ("models", "keys")  # what a rollback reads
_GOAL = 5.0  # seconds
_REASON = "to be rolled back from"  # nothing evaluated it


def main(
    home: Annotated[Path, typer.Argument(help="A run home with versions in service.")],
    times: Annotated[int, typer.Option(help="Rollbacks, over the personalities in turn.")] = 10,
) -> None:
    """Roll back again and again, and print the times by the clock."""
    with tempfile.TemporaryDirectory(prefix="maverick-bench-") as name:
        copy = Path(name)
        for each in _COPIED:
            shutil.copytree(home / each, copy / each, symlinks=True)
        registry = Registry(copy / "models")
        names = [each for each in registry.personalities() if registry.in_service(each)]
        for each in names:
            _ensure_two(registry, each)
        seconds, busy = [], []
        for number in range(times):
            personality = names[number % len(names)]
            busy.append(os.getloadavg()[0])
            seconds.append(_rollback(copy, registry, personality))
    print(machine_line())
    print(f"{times} rollbacks, load of the last minute {min(busy):.1f} to {max(busy):.1f}:")
    median, highest = np.median(seconds), max(seconds)
    print(f"median {median:.2f} s, highest {highest:.2f} s; goal: under {_GOAL:.0f} s")


def _ensure_two(registry: Registry, personality: str) -> None:
    """A second version of the same weights above the one in service, released."""
    current = registry.in_service(personality)
    assert current is not None
    if any(each.state == "archived" for each in registry.list(personality)):
        return
    numbers = [each.version for each in registry.list(personality)]
    number = next_version(numbers, "full", None)
    again = current.model_copy(update={"version": number, "gate": None, "parity": None})
    folder = registry.directory(personality, current.version)
    registry.add_candidate(again, folder / "adapter")
    for name in sorted({path.split("/")[0] for path in current.files} - {"adapter"}):
        registry.attach(personality, number, folder / name, name)
    registry.release(personality, number, _REASON)


def _rollback(home: Path, registry: Registry, personality: str) -> float:
    """Seconds of one rollback. Afterwards the version is in service again that was before."""
    before = _in_service(registry, personality)
    environment = {**os.environ, "MAVERICK_HOME": str(home)}
    command = [sys.executable, "-m", "maverick_assets.cli", "models", "rollback", personality]
    started = time.monotonic()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    seconds = time.monotonic() - started
    assert _in_service(registry, personality).version < before.version
    registry.release(personality, before.version, _REASON)
    return seconds


def _in_service(registry: Registry, personality: str) -> Manifest:
    manifest = registry.in_service(personality)
    assert manifest is not None
    return manifest


if __name__ == "__main__":
    typer.run(main)
