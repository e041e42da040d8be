"""`maverick serve` as its owner runs it, with two personalities on a tiny base."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from maverick_assets.api.tokens import Scope, TokenBook
from maverick_assets_tests.api.hostile_requests import MARK
from maverick_assets_tests.command import PROJECT, Maverick
from maverick_assets_tests.processes import wait_for
from maverick_assets_tests.serving.conftest import (
    MakeHome,
    make_released_home,
    prepared_tiny_base,
    released_home,
    tiny_adapters,
    tiny_base,
)
from maverick_assets_tests.serving.released_homes import ReleasedHome

__all__ = [
    "make_released_home",
    "prepared_tiny_base",
    "released_home",
    "tiny_adapters",
    "tiny_base",
]


@dataclass(frozen=True)
class Server:
    """A server that runs, and its run home."""

    home: ReleasedHome
    address: str
    trainer: str  # address of the second port
    process: "subprocess.Popen[str]"

    def token(self, name: str, *scopes: Scope) -> str:
        return TokenBook(self.home.settings.home / "keys").add(name, scopes).read_text().strip()

    def client(self, token: str | None = None, **headers: str) -> httpx.Client:
        """A client with a token: that of the first start, unless another one is given."""
        if token is None:
            token = (self.home.settings.home / "keys" / "api-token-first").read_text().strip()
        shown = {"Authorization": f"Bearer {token}", **headers}
        return httpx.Client(base_url=self.address, headers=shown, timeout=60, trust_env=False)


def events(response: httpx.Response) -> list[Any]:
    """The contents of server-sent events; [DONE] as it stands."""
    lines = [line.removeprefix("data: ") for line in response.text.splitlines() if line]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def server(
    make_released_home: MakeHome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    home = make_released_home(tmp_path_factory.mktemp("served"))
    home.release("persona", "v1.0", "adapter-0")
    home.release("robbie", "v1.2", "adapter-1", moods={"joy": "glad"}, modes={"intimate": "close"})
    with serving(home) as running:
        yield running


def maverick_of(home: ReleasedHome) -> Maverick:
    """The command with the settings of a run home."""
    return Maverick(
        home.settings.home,
        {
            "MAVERICK_BASE_MODEL": str(home.settings.base_model),
            "MAVERICK_SERVING_CONTEXT": "512",
            "MAVERICK_SERVING_SLOTS": "2",
            "MAVERICK_SERVING_REQUESTS_PER_MINUTE": "100000",
        },
    )


@contextmanager
def serving(home: ReleasedHome) -> Iterator[Server]:
    """`maverick serve` on two free ports."""
    with ExitStack() as stack:
        free = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        port, trainer_port = (each.getsockname()[1] for each in free)
    maverick = maverick_of(home)
    is_first = not (home.settings.home / "keys" / "api-tokens.json").exists()
    process = subprocess.Popen(
        maverick.command("serve", "--port", str(port), "--trainer-port", str(trainer_port)),
        cwd=maverick.project,
        env=maverick.full_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    running = Server(home, *(f"http://127.0.0.1:{each}" for each in (port, trainer_port)), process)
    try:
        wait_for(lambda: process.poll() is not None or answers(running), 120)
        assert process.poll() is None, process.communicate()[0]
        yield running
    finally:
        process.terminate()
        said = process.communicate(timeout=60)[0]
    assert "Traceback" not in said
    assert MARK not in said  # no word of a request
    assert "#login=" not in said  # stdout is no terminal here, and a log keeps no code
    assert "The API: " in said
    assert is_first == ("api-token-first" in said)


def documented(server: Server, word: str) -> Any:
    """What the server answers to the documented `curl` line that has this word.

    Ports, and the personalities and versions that the line names, are those of this server.
    """
    text = (PROJECT / "docs" / "serving.md").read_text().replace("\\\n", "")
    [line] = [line.strip() for line in text.splitlines() if "    curl " in line and word in line]
    for written, real in {
        "http://127.0.0.1:8000": server.address,
        "http://localhost:8000": server.address,
        "http://localhost:8011": server.trainer,
        "allan-maverick": "persona",
        "v1.0": "v1.2" if "robbie" in line else "v1.0",
    }.items():
        line = line.replace(written, real)
    token = (server.home.settings.home / "keys" / "api-token-first").read_text().strip()
    environment = {"PATH": os.environ["PATH"], "TOKEN": token}
    done = subprocess.run(
        ["bash", "-c", line.replace("curl ", "curl --silent --noproxy '*' ", 1)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def answers(server: Server) -> bool:
    try:
        return httpx.get(f"{server.address}/healthz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
