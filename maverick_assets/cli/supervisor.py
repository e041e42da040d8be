"""Dagster as a service: code server, daemon and webserver, each started again when it dies.

`dagster dev` ends with its daemon, and leaves a dead code server dead.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
import yaml

from maverick_assets.cli.services import PROJECT
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.processes import die_with_parent

STOP_SECONDS = 20
HOPELESS_SECONDS = 30


@dataclass
class Service:
    """One of the processes, in a session of its own: Ctrl-C reaches it through `run_ui` only."""

    name: str
    module: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", *self.module],
            cwd=PROJECT,
            start_new_session=True,
            preexec_fn=partial(die_with_parent, os.getpid()),
        )

    def keep_alive(self) -> None:
        """Start it again if it ended; `MaverickError` when it gave up by itself, at once."""
        code = self.process.poll() if self.process else None
        if code is None:
            return
        if code > 0 and time.monotonic() - self.started < HOPELESS_SECONDS:
            raise MaverickError(f"the {self.name} ended with exit code {code}; see its lines above")
        print(f"maverick: the {self.name} died ({code}) and is started again", file=sys.stderr)
        self.start()

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        # Run workers first: a code server that is told to stop waits for its runs.
        for child in psutil.Process(self.process.pid).children(recursive=True):
            child.kill()
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def run_ui(host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM; a run under way ends too, and is requested again next time.

    Raises `BadInput` when the address cannot be listened at, and `MaverickError` when a service
    gives up.
    """
    _require_free(host, port)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _signal, _frame: stopping.set())
    with tempfile.TemporaryDirectory(prefix="maverick-") as folder:
        address = Path(folder) / "code-server"
        code_server, *others = services = _services(address, host, port)
        try:
            code_server.start()
            # A daemon that starts first finds no code server, and gives up what is to be retried.
            while not (address.exists() or stopping.wait(0.2)):
                code_server.keep_alive()
            for service in others:
                service.start()
            while not stopping.wait(1):
                for service in services:
                    service.keep_alive()
        finally:
            for service in reversed(services):
                service.stop()


def _require_free(host: str, port: int) -> None:
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        reason = (error.strerror or str(error)).split(" (")[0]
        raise BadInput(
            f"cannot listen at {host}:{port}: {reason}; give another --host or --port"
        ) from error


def _services(address: Path, host: str, port: int) -> list[Service]:
    """The three; `address` is not below the run home, whose path may be too long for one."""
    location = {"location_name": "maverick", "socket": str(address)}
    workspace = address.with_name("workspace.yaml")
    workspace.write_text(yaml.safe_dump({"load_from": [{"grpc_server": location}]}))
    # Lazily: a broken personality file is then shown in the UI instead of ending the server.
    code = ["--module-name", "maverick_assets.definitions", "--lazy-load-user-code"]
    known = ["--workspace", str(workspace)]
    return [
        Service("code server", ["dagster", "api", "grpc", "--socket", str(address), *code]),
        Service("daemon", ["dagster._daemon", "run", *known]),
        Service("webserver", ["dagster_webserver", *known, "--host", host, "--port", str(port)]),
    ]
