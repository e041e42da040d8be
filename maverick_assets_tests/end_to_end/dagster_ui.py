"""`maverick ui` as a process, and what is asked of it through GraphQL."""

import json
import socket
import subprocess
import urllib.request
from dataclasses import dataclass
from typing import Any

from maverick_assets_tests.command import Maverick
from maverick_assets_tests.processes import wait_for


@dataclass(frozen=True)
class DagsterUI:
    """A running `maverick ui`."""

    process: subprocess.Popen[bytes]
    url: str


def start_ui(maverick: Maverick) -> DagsterUI:
    """Start it on a free port and wait until it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        maverick.command("ui", "--port", str(port)),
        env=maverick.full_environment,
        cwd=maverick.project,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    ui = DagsterUI(process, f"http://127.0.0.1:{port}")
    try:
        wait_for(lambda: reachable(ui.url), 120)
    except TimeoutError:
        process.terminate()
        raise
    return ui


def reachable(url: str) -> bool:
    try:
        return bool(ask(url, "{ version }")["version"])
    except OSError:
        return False


def ask(url: str, query: str, **variables: Any) -> Any:
    """The data of a GraphQL answer; fails the test on an error in it."""
    request = urllib.request.Request(
        f"{url}/graphql",
        json.dumps({"query": query, "variables": variables}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        answer = json.load(response)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]
