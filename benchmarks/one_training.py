"""Trainings that are asked for at once: exactly one runs.

    python -m benchmarks.one_training [--rounds 100] [--requests 50]

A server with an empty CRM. In each round as many requests as `--requests` ask for a training at the
same time; the one that runs is then killed, so that the next round finds none. Prints Markdown, and
ends with 1 where a round had another outcome.
"""

import argparse
import asyncio
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil

from benchmarks.machine import machine_line, server_folder
from maverick_assets.pipeline.trainings import under_way
from maverick_assets.settings import Settings
from maverick_assets_tests.command import Maverick
from maverick_assets_tests.processes import eventually, kill, wait_for


@contextmanager
def server(home: Path) -> Iterator[tuple[str, psutil.Process]]:
    """`maverick serve` of a new run home: its address and its process."""
    with ExitStack() as stack:
        free = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        ports = [str(each.getsockname()[1]) for each in free]
    maverick = Maverick(home, {"MAVERICK_SERVING_REQUESTS_PER_MINUTE": "1000000"})
    command = maverick.command("serve", "--port", ports[0], "--trainer-port", ports[1])
    process = subprocess.Popen(command, cwd=maverick.project, env=maverick.full_environment)
    address = f"http://127.0.0.1:{ports[0]}"
    try:
        eventually(lambda: httpx.get(f"{address}/healthz", trust_env=False), 180)
        yield address, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(60)


async def round_of(address: str, token: str, requests: int) -> Counter[int]:
    """How many of the requests, sent at once, got which status."""
    headers = {"Authorization": f"Bearer {token}"}
    limits = httpx.Limits(max_connections=requests)
    async with httpx.AsyncClient(
        base_url=address, headers=headers, limits=limits, timeout=120, trust_env=False
    ) as client:
        answers = await asyncio.gather(
            *(client.post("/api/train", json={"epochs": 1}) for _ in range(requests))
        )
    return Counter(answer.status_code for answer in answers)


def trainings(process: psutil.Process) -> list[psutil.Process]:
    """The trainings that the server has started and that still run."""
    return [child for child in process.children() if "--run-id" in child.cmdline()]


def main() -> int:
    """Play the rounds; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--requests", type=int, default=50)
    arguments = parser.parse_args()
    as_wanted = Counter({202: 1, 409: arguments.requests - 1})
    wrong: list[tuple[int, Counter[int], int]] = []
    with server_folder() as folder, server(folder / "home") as (address, process):
        settings = Settings(home=folder / "home")
        token = (settings.home / "keys" / "api-token-first").read_text(encoding="utf-8").strip()
        for number in range(arguments.rounds):
            statuses = asyncio.run(round_of(address, token, arguments.requests))
            running = trainings(process)
            if statuses != as_wanted or len(running) != 1:
                wrong.append((number, statuses, len(running)))
            kill([child for each in running for child in (*each.children(recursive=True), each)])
            wait_for(lambda: under_way(settings) is None)
    print(machine_line())
    print(f"\n{arguments.rounds} rounds of {arguments.requests} requests: {len(wrong)} wrong")
    for number, statuses, count in wrong:
        print(f"round {number}: {dict(statuses)}, {count} trainings ran")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
