"""A night as `maverick run nightly` does it: with 1 % new rows, and with none.

    python -m benchmarks.night --home DIR

DIR is the run home of a demo; a copy of it is used. The new rows are whole threads, conversations
and single rows of another seed. The database server starts before the clock does. Seconds of
processors leave out those of that server. Prints Markdown.
"""

import argparse
import os
import statistics
import subprocess
from pathlib import Path

from benchmarks.demo import MeasuredCommand, measure
from benchmarks.machine import machine_line, server_folder
from benchmarks.refresh import insert, one_percent
from maverick_assets.crm.connection import crm_url, dagster_url
from maverick_assets.registry.catalog import label
from maverick_assets.registry.store import Registry
from maverick_assets.settings import Settings, load_settings

INGESTS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    home = parser.parse_args().home
    with server_folder() as folder:
        copy = folder / "home"
        # Not shutil.copytree: the server's files must keep their owner.
        subprocess.run(["cp", "-a", str(home), str(copy)], check=True)
        os.environ["MAVERICK_HOME"] = str(copy)
        print(report(load_settings()))


def report(settings: Settings) -> str:
    """Runs ingests and nights in a run home, whose server keeps running meanwhile."""
    home, registry = settings.home, Registry(settings.models)
    os.environ |= {  # children find the server up
        "MAVERICK_CRM_URL": crm_url(settings),
        "MAVERICK_DAGSTER_URL": dagster_url(settings),
    }
    measure(["run", "ingest"], home)  # whatever the demo left to do
    ingests = [measure(["run", "ingest"], home) for _ in range(INGESTS)]
    rows = insert(crm_url(settings), one_percent(factor=1))
    before = {label(manifest) for manifest in registry.list()}
    night = measure(["run", "nightly"], home, accepted=(0, 1))  # 1: a gate refused a version
    trained = [m for m in registry.list() if label(m) not in before]
    states = ", ".join(f"{label(manifest)} {manifest.state}" for manifest in trained)
    assert states, "the night failed; its log says why"
    without_news = measure(["run", "nightly"], home)
    ingest = min(ingests, key=lambda one: abs(one.seconds - _median(ingests)))
    return "\n".join(
        [
            machine_line(),
            "",
            "| what | seconds | seconds of processors |",
            "|---|---:|---:|",
            _line(f"ingest without news, median of {INGESTS}", ingest),
            _line(f"night with {rows} new rows ({states})", night),
            _line("night without news", without_news),
        ]
    )


def _median(commands: list[MeasuredCommand]) -> float:
    return statistics.median(command.seconds for command in commands)


def _line(what: str, command: MeasuredCommand) -> str:
    return f"| {what} | {command.seconds:.1f} | {command.processor_seconds:.1f} |"


if __name__ == "__main__":
    main()
