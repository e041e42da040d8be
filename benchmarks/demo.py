"""`maverick demo` twice in a fresh run home: minutes, peak memory and the table of perplexities.

    python -m benchmarks.demo [--mbox PATH] [--home DIR]

The run home is temporary unless DIR names one. Prints Markdown; `docs/` keeps what it printed.
MAVERICK_OWNER_EMAIL names the owner of the mail.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.machine import machine_line


@dataclass(frozen=True)
class MeasuredCommand:
    """What one command cost, and what it printed.

    Memory is the proportional set size, summed over the process, all its descendants and the
    embedded PostgreSQL. It is sampled every five seconds only, because reading the page tables of a
    process of several gigabytes slows that process down.
    """

    seconds: float  # of wall clock
    processor_seconds: float  # of the process and all its descendants, without the server
    gigabytes: float  # peak, in units of 10**9 bytes
    output: str  # stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mbox", type=Path)
    parser.add_argument("--home", type=Path)
    arguments = parser.parse_args()
    flags = ["--mbox", str(arguments.mbox.resolve())] if arguments.mbox else []
    with tempfile.TemporaryDirectory(prefix="maverick-bench-") as folder:
        home = arguments.home or Path(folder) / "home"
        first = measure(["demo", "--json", *flags], home)
        second = measure(["demo", "--json", *flags], home)
        training = [
            json.loads(path.read_text(encoding="utf-8"))["training"]
            for path in sorted((home / "models").glob("*/v1.0/manifest.json"))
        ]
    print(report(first, second, training))


def measure(arguments: list[str], home: Path, accepted: Collection[int] = (0,)) -> MeasuredCommand:
    """Run `maverick` with its progress on our stderr.

    The benchmark ends when the exit code is not among the `accepted`.
    """
    started, processors = time.monotonic(), _processor_seconds()
    process = subprocess.Popen(
        [sys.executable, "-m", "maverick_assets.cli", *arguments],
        env={**os.environ, "MAVERICK_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    peak = [0.0]
    sampler = threading.Thread(target=_sample, args=(process, home, peak))
    sampler.start()
    output, _ = process.communicate()
    seconds = time.monotonic() - started  # before the sampler, which may sleep for another 5 s
    sampler.join()
    if process.returncode not in accepted:
        sys.exit(f"maverick {' '.join(arguments)} failed")
    return MeasuredCommand(seconds, _processor_seconds() - processors, peak[0], output)


def _processor_seconds() -> float:
    """Of all descendants that have ended and were waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _sample(process: subprocess.Popen[str], home: Path, peak: list[float]) -> None:
    while process.poll() is None:
        peak[0] = max(peak[0], _gigabytes(process.pid, home))
        time.sleep(5)


def _gigabytes(pid: int, home: Path) -> float:
    """Memory of a command and its server now; 0 while they start or end."""
    total = 0
    try:
        members = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        pid_file = home / "postgres" / "postmaster.pid"
        if pid_file.is_file():
            server = psutil.Process(int(pid_file.read_text(encoding="utf-8").split()[0]))
            members += [server, *server.children(recursive=True)]
    except (psutil.Error, OSError, ValueError, IndexError):
        return 0.0
    for member in members:
        try:
            total += member.memory_full_info().pss
        except psutil.Error:
            continue
    return total / 1e9


def report(
    first: MeasuredCommand, second: MeasuredCommand, training: list[dict[str, float]]
) -> str:
    rows = json.loads(first.output)
    trained = sum(job["epochs"] * job["n_tokens"] for job in training)
    seconds = max(job["seconds"] for job in training)  # all were trained together
    lines = [
        machine_line(),
        "",
        f"- first run: {first.seconds / 60:.1f} minutes ({first.processor_seconds:.0f} s of "
        f"processors), peak memory {first.gigabytes:.1f} GB",
        f"- second run: {second.seconds:.0f} s, peak memory {second.gigabytes:.1f} GB",
        f"- training: {trained:.0f} tokens in {seconds:.0f} s, {trained / seconds:.0f} tokens/s",
        "",
        "| personality | version | base | adapter | adapter / base |",
        "|---|---|---:|---:|---:|",
    ]
    lines += [
        f"| {row['personality']} | {row['version']} | {row['perplexity_base']:.2f} "
        f"| {row['perplexity_adapter']:.2f} | {row['ratio']:.2f} |"
        for row in rows
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
