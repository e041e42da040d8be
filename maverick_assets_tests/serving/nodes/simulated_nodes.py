"""Nodes with a simulated Ollama: on ports of this machine, or in network namespaces."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from maverick_assets_tests.processes import wait_for
from maverick_assets_tests.serving.nodes.simulated_store import Model, Store
from maverick_assets_tests.training.launch.network import NetworkHost

# As a service manager does. Each start ends with the shell, and the shell with the tests.
_AGAIN = 'while :; do setpriv --pdeathsig KILL "$@"; sleep 0.1; done'


@dataclass
class SimulatedNode:
    """One simulated Ollama, which is started again whenever it ends."""

    name: str
    folder: Path
    host: NetworkHost | None = None
    listens_on: str = "127.0.0.1"
    version: str = "0.33.3"
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        address = "127.0.0.1" if self.listens_on == "127.0.0.1" else self.listens_on
        return f"http://{address}:{self.port}"

    @property
    def store(self) -> Store:
        """Its disk."""
        return Store(self.folder)

    def start(self) -> None:
        """Run it, at the same port as before."""
        if self.process is not None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = self.port or _free_port()
        module = "maverick_assets_tests.serving.nodes.ollama_simulation"
        command = [
            *(sys.executable, "-m", module, str(self.folder), "--host", self.listens_on),
            *("--port", str(self.port), "--version", self.version),
        ]
        inside = ["ip", "netns", "exec", self.host.namespace] if self.host else []
        (self.folder / "port").unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [*inside, "setpriv", "--pdeathsig", "KILL", "sh", "-c", _AGAIN, "sh", *command],
            start_new_session=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        wait_for(lambda: (self.folder / "port").is_file(), 60)

    def reset(self) -> None:
        """Run it with nothing on its disk, and no fault planted."""
        self.start()
        store = self.store
        for path in (store.manifests, store.blobs, self.folder / "faults"):
            shutil.rmtree(path)
            path.mkdir()
        (self.folder / "otherwise.json").unlink(missing_ok=True)
        self.requests()

    def do_otherwise(self, **what: object) -> None:
        """Have it answer otherwise than its models say."""
        (self.folder / "otherwise.json").write_text(json.dumps(what))

    def stop(self) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def plant(self, route: str, kind: str, times: int = 1) -> None:
        """Have the next requests of a route go wrong."""
        faults = self.folder / "faults"
        first = len(list(faults.glob(f"{route}@*")))
        for number in range(first, first + times):
            (faults / f"{route}@{number:03}").write_text(kind)

    def clear_faults(self) -> None:
        for path in (self.folder / "faults").iterdir():
            path.unlink(missing_ok=True)

    def requests(self) -> list[str]:
        """The routes of all requests since the last call."""
        path = self.folder / "requests"
        routes = path.read_text().split() if path.exists() else []
        path.unlink(missing_ok=True)
        return routes

    def names(self) -> list[str]:
        return list(self.store.names())

    def model(self, name: str) -> Model | None:
        """What a name leads to on its disk."""
        return self.store.model(name) if name in self.store.names() else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(*nodes: SimulatedNode) -> Iterator[None]:
    """Inside, the nodes run."""
    try:
        for node in nodes:
            node.start()
        yield
    finally:
        for node in nodes:
            node.stop()


def write_fleet(path: Path, nodes: list[SimulatedNode], serves: object = "all") -> Path:
    """A fleet whose first node is this machine, which trains, and whose others answer."""
    listed: list[dict[str, object]] = [{"name": "here", "personalities": "all"}]
    listed += [
        {
            "name": node.name,
            "personalities": [],
            "serves": serves,
            "ollama": node.url,
            **({"host": node.host.name} if node.host and node.listens_on == "127.0.0.1" else {}),
        }
        for node in nodes
    ]
    path.write_text(json.dumps({"name": "simulated", "nodes": listed}))  # JSON is YAML
    return path
