"""Seconds from cancelling a training until its processes are gone and its pool slot is free.

    python -m benchmarks.cancel [--times 3]

Dagster runs as `maverick ui` starts it, and the cancellation is sent as its web page sends it.
Prints Markdown.
"""

import argparse
import shutil
import time

from benchmarks.machine import machine_line, server_folder
from maverick_assets.base_model.prepare import ensure_base
from maverick_assets.cli.jobs import asset_selection
from maverick_assets.settings import Settings
from maverick_assets_tests.end_to_end.machine import Machine, robbies_home
from maverick_assets_tests.processes import is_alive, wait_for

EXAMPLES = 150  # enough to train for longer than a cancellation takes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=3)
    times = parser.parse_args().times
    with server_folder() as folder:
        base = ensure_base(Settings(home=folder, base_model=None))
        computer = Machine(robbies_home(base, folder / "home", EXAMPLES))
        try:
            delays = [cancel_a_training(computer) for _ in range(times)]
        finally:
            computer.stop()
    print(machine_line(), "\n")
    print("| cancellation | processes gone (s) | pool slot free (s) |\n|---|---:|---:|")
    for number, (gone, free) in enumerate(delays, start=1):
        print(f"| {number} | {gone:.1f} | {free:.1f} |")


def cancel_a_training(computer: Machine) -> tuple[float, float]:
    """Cancel a training at work; the seconds until its last process is gone and its slot is free.

    Both are measured in steps of 0.2 s.
    """
    shutil.rmtree(computer.maverick.home / "runs" / "checkpoints", ignore_errors=True)
    run = computer.launch("weekly", asset_selection("weekly", ["robbie"]))
    wait_for(lambda: computer.log_has(run, "loss robbie"), 300)
    [driver] = computer.drivers()
    worker = driver.parent()
    assert worker is not None
    doomed = [worker, *worker.children(recursive=True)]
    assert computer.holds_slot(run)
    started = time.monotonic()
    computer.cancel(run)
    wait_for(lambda: not any(is_alive(process) for process in doomed))
    gone = time.monotonic() - started
    wait_for(lambda: not computer.holds_slot(run))
    free = time.monotonic() - started
    wait_for(lambda: computer.status(run) == "CANCELED")
    return gone, free


if __name__ == "__main__":
    main()
