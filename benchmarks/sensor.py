"""Seconds from a commit in the CRM until an ingest is requested while Dagster's daemon runs.

    python -m benchmarks.sensor [--commits 20]

Each commit comes at a random moment between two ticks of the sensor. Prints Markdown.
"""

import argparse
import random
import statistics
import time
from pathlib import Path
from typing import Any

import psycopg

from benchmarks.machine import machine_line, server_folder
from maverick_assets.crm.embedded import database_url
from maverick_assets.crm.sample import sample_crm
from maverick_assets_tests.command import Maverick, import_rows
from maverick_assets_tests.end_to_end.machine import Machine
from maverick_assets_tests.processes import wait_for

TICK_SECONDS = 10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--commits", type=int, default=20)
    commits = parser.parse_args().commits
    with server_folder() as folder:
        delays = measure(folder / "home", commits)
    p95 = statistics.quantiles(delays, n=20, method="inclusive")[-1]
    print(machine_line(), "\n")
    print(
        f"{commits} commits: ingest requested after {statistics.median(delays):.1f} s in the "
        f"median, p95 {p95:.1f} s, at most {max(delays):.1f} s."
    )


def measure(home: Path, commits: int) -> list[float]:
    """Seconds from each commit to the run that it caused."""
    chance = random.Random(0)
    command = Maverick(home)
    import_rows(command, sample_crm(), home.parent)
    computer = Machine(command)
    try:
        computer.start_sensor("new_crm_rows")
        with psycopg.connect(database_url(home / "postgres", "crm"), autocommit=True) as crm:
            return [delay(computer, crm, number, chance) for number in range(commits)]
    finally:
        computer.stop()


def delay(computer: Machine, crm: psycopg.Connection, number: int, chance: random.Random) -> float:
    """Seconds from a commit, made while nothing else runs, to the creation of the run it causes."""
    runs_before = wait_for(lambda: finished(computer, number + 1), 300)
    time.sleep(chance.uniform(0, TICK_SECONDS))
    crm.execute("insert into sticky_notes (id) values (%s)", [f"new-{number}"])
    committed = time.time()
    newest = wait_for(lambda: next_run(computer, runs_before))
    return float(newest["creationTime"]) - committed


def finished(computer: Machine, runs: int) -> int:
    """The number of runs, once at least `runs` have succeeded and none is under way; before, 0."""
    states = [run["status"] for run in computer.runs()]
    return len(states) if states.count("SUCCESS") == len(states) >= runs else 0


def next_run(computer: Machine, runs_before: int) -> dict[str, Any]:
    """The newest run, once there is one more than `runs_before`; before, an empty dict."""
    runs = computer.runs()
    return runs[0] if len(runs) > runs_before else {}


if __name__ == "__main__":
    main()
