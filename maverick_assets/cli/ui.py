"""`maverick ui`: code server, daemon and webserver, each started again when it dies.

`dagster dev` is no replacement: it ends when its daemon dies, and leaves a dead code server dead.
"""

import contextlib
import math
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import psutil
import typer
import yaml

from maverick_assets.cli.services import (
    PROJECT,
    dagster_instance,
    require_free_port,
    running_services,
)
from maverick_assets.crm.embedded import restart_dead_servers
from maverick_assets.errors import MaverickError
from maverick_assets.files import write_atomically
from maverick_assets.private.folders import private_folder, remove_short_path, short_path
from maverick_assets.settings import load_settings
from maverick_assets.ui import end_with_parent
from maverick_assets.ui.rules import DoorRules, Page, door_rules, opening_address

STOP_SECONDS = 20  # a process that takes longer to stop is killed
HOPELESS_SECONDS = 30  # a process that gives up sooner after its start would do so again


@dataclass
class DagsterProcess:
    """One of the three processes, in its own session: Ctrl-C reaches it through `run_ui` only."""

    name: str
    module: Sequence[str]  # what follows `python -m`
    keeps_connections: bool = False  # to the database, open between two requests
    stdin: bytes = b""  # what it reads at its start, and no other process sees
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0  # by the monotonic clock

    def start(self) -> None:
        """Start the process; the kernel ends it when this one dies."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            [
                *[sys.executable, "-I", "-S", end_with_parent.__file__, str(os.getpid())],
                *[sys.executable, "-m", *self.module],
            ],
            cwd=PROJECT,
            start_new_session=True,
            stdin=subprocess.PIPE,
        )
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError), self.process.stdin as stdin:
            stdin.write(self.stdin)

    def keep_alive(self) -> None:
        """Start the process again if it died.

        Raises `MaverickError` when it gave up by itself soon after its start.
        """
        code = self.process.poll() if self.process else None
        if code is None:
            return
        if code > 0 and time.monotonic() - self.started_at < HOPELESS_SECONDS:
            raise MaverickError(f"the {self.name} ended with exit code {code}; see its lines above")
        print(f"maverick: the {self.name} died ({code}) and is started again", file=sys.stderr)
        self.start()

    def forgive(self) -> None:
        """Let the process be started again, however soon it ends."""
        self.started_at = -math.inf

    def stop(self) -> None:
        """Stop the process and everything that it started."""
        if self.process is None or self.process.poll() is not None:
            return
        # Run workers first: a code server waits for its runs before it stops.
        for child in psutil.Process(self.process.pid).children(recursive=True):
            child.kill()
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def ui(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 3000,
) -> None:
    """Serve Dagster's web pages and run its schedules, until Ctrl-C.

    The address that it prints opens the page: keep it to yourself.
    """
    settings = load_settings()
    rules = door_rules(settings, host, port)
    with running_services(settings):
        with dagster_instance():  # its tables are there before three processes ask for them
            pass
        run_ui(host, port, rules)


def run_ui(host: str, port: int, rules: DoorRules) -> None:
    """Serve until SIGINT or SIGTERM.

    A run under way ends as well, and is requested again after the next start. Raises `BadInput`
    when the address is not free, and `MaverickError` when a process gives up.
    """
    require_free_port(host, port)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _signal, _frame: stopping.set())
    workspace = _workspace(port)
    address = workspace.with_name("code-server")
    address.unlink(missing_ok=True)  # of a command that was killed
    settings = load_settings()
    page = Page(
        host=host,
        port=port,
        workspace=workspace,
        rules=rules,
        certificate=settings.ui_certificate,
        key=settings.ui_key,
    )
    code_server, *others = processes = _dagster_processes(page)
    try:
        code_server.start()
        # A daemon that starts first finds no code server, and drops runs that wait for a retry.
        while not (address.exists() or stopping.wait(0.2)):
            code_server.keep_alive()
        for process in others:
            process.start()
        print(f"Dagster's page: {opening_address(settings, page)}", flush=True)
        while not stopping.wait(1):
            _keep_servers(processes)
            if not address.exists():
                _restore_address(port, code_server)
            for process in processes:
                process.keep_alive()
    finally:
        for process in reversed(processes):
            process.stop()
        _remove_workspace(port)


def _workspace(port: int) -> Path:
    """A file, written anew, that leads daemon and webserver to the socket beside it."""
    folder = private_folder(load_settings().sockets / f"ui-{port}")
    workspace = short_path(folder) / "workspace.yaml"
    location = {"location_name": "maverick", "socket": str(workspace.with_name("code-server"))}
    write_atomically(
        folder / workspace.name, yaml.safe_dump({"load_from": [{"grpc_server": location}]})
    )
    return workspace


def _remove_workspace(port: int) -> None:
    folder = load_settings().sockets / f"ui-{port}"
    remove_short_path(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _keep_servers(processes: Sequence[DagsterProcess]) -> None:
    """Start the embedded PostgreSQL again if it was killed."""
    try:
        if not restart_dead_servers():
            return
    except MaverickError as error:  # a full disk, say: tried again a second later
        print(f"maverick: {error}", file=sys.stderr)
        return
    print("maverick: PostgreSQL died and is started again", file=sys.stderr)
    for process in processes:  # whatever ends now has lost its database, and may come back
        process.forgive()
        if process.keeps_connections and process.process:
            process.process.kill()  # each dead connection would answer a request with an error


def _restore_address(port: int, code_server: DagsterProcess) -> None:
    """Restart a code server whose socket somebody removed with other temporary files."""
    if time.monotonic() - code_server.started_at < HOPELESS_SECONDS:
        return  # it is still starting
    print("maverick: the code server's socket is gone; it is started again", file=sys.stderr)
    _workspace(port)
    code_server.stop()
    code_server.start()


def _dagster_processes(page: Page) -> list[DagsterProcess]:
    """Code server, daemon and webserver."""
    address = page.workspace.with_name("code-server")
    # With lazy loading a broken personality file is shown in the UI instead of ending the server.
    code = ["--module-name", "maverick_assets.definitions", "--lazy-load-user-code"]
    in_workspace = ["--workspace", str(page.workspace)]
    return [
        DagsterProcess("code server", ["dagster", "api", "grpc", "--socket", str(address), *code]),
        DagsterProcess("daemon", ["dagster._daemon", "run", *in_workspace]),
        DagsterProcess(
            "webserver",
            ["maverick_assets.ui.webserver"],
            keeps_connections=True,
            stdin=page.model_dump_json().encode(),
        ),
    ]
