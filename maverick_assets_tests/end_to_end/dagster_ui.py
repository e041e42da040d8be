"""`maverick ui` as a process, and what is asked of it through GraphQL."""

import json
import os
import socket
import subprocess
import tempfile
import urllib.request
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import parse_qs, urlsplit

from maverick_assets_tests.command import Maverick
from maverick_assets_tests.processes import wait_for

PRINTED = "Dagster's page: "


@dataclass(frozen=True)
class DagsterUI:
    """A running `maverick ui`, and what opens its page."""

    process: subprocess.Popen[bytes]
    url: str
    token: str

    @property
    def opening_address(self) -> str:
        return f"{self.url}/?token={self.token}"

    @property
    def cookie(self) -> str:
        return f"maverick-ui-{urlsplit(self.url).port}={self.token}"


def start_ui(maverick: Maverick, port: int | None = None) -> DagsterUI:
    """Start it on this port, or a free one, and wait until it answers."""
    if port is None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            maverick.command("ui", "--port", str(port)),
            env=maverick.full_environment,
            cwd=maverick.project,
            stdout=output,
            stderr=subprocess.DEVNULL,
        )
        try:
            address = wait_for(lambda: printed_address(output), 120)
            token = parse_qs(urlsplit(address).query)["token"][0]
            ui = DagsterUI(process, f"http://127.0.0.1:{port}", token)
            wait_for(lambda: reachable(ui), 120)
        except TimeoutError:
            process.terminate()
            raise
    return ui


def printed_address(output: IO[bytes]) -> str | None:
    """The address that `maverick ui` printed; None before it does."""
    # Read at a place: the process writes where this shared file's own position is.
    lines = os.pread(output.fileno(), 100_000, 0).decode().splitlines()
    return next((line.removeprefix(PRINTED) for line in lines if line.startswith(PRINTED)), None)


def reachable(ui: DagsterUI) -> bool:
    try:
        return bool(ask(ui, "{ version }")["version"])
    except OSError:
        return False


def ask(ui: DagsterUI, query: str, **variables: Any) -> Any:
    """The data of a GraphQL answer; fails the test on an error in it."""
    request = urllib.request.Request(
        f"{ui.url}/graphql",
        json.dumps({"query": query, "variables": variables}).encode(),
        {"Content-Type": "application/json", "Cookie": ui.cookie},
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        answer = json.load(response)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]
