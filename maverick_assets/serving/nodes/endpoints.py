"""Where a fleet's Ollama servers are, and the connections to them.

The Ollama of a node that trains elsewhere is reached through SSH, as that host itself reaches it:
Ollama has no login, so it listens on its own loopback interface. The near end of the tunnel is a
socket file in a private folder, not a port, which every account of this machine could use.
"""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from maverick_assets.errors import BadInput
from maverick_assets.fleets import Fleet, Host, Node
from maverick_assets.processes import inherited_environment
from maverick_assets.serving.nodes.patience import Patience
from maverick_assets.serving.nodes.problems import NodeDown
from maverick_assets.training.launch.ssh import SSH_OPTIONS, SSH_VARIABLES

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Endpoint:
    """One Ollama server. A node that is spread over hosts has one on each."""

    name: str  # of the node; `node@host` where it has several hosts
    url: str
    host: Host | None  # from where the URL is reached; None: from this machine


def endpoints_of(fleet: Fleet, personality: str) -> list[Endpoint]:
    """The servers that answer as a personality."""
    nodes = fleet.serving_nodes(personality)
    return [endpoint for node in nodes for endpoint in endpoints_of_node(node)]


def endpoints_of_node(node: Node) -> list[Endpoint]:
    """The servers of a node; none where it has no Ollama."""
    if node.ollama is None:
        return []
    if node.hosts:
        return [Endpoint(f"{node.name}@{each.name}", node.ollama, each) for each in node.hosts]
    host = node.remote_hosts[0] if node.remote_hosts else None
    return [Endpoint(node.name, node.ollama, host)]


@contextmanager
def socket_of(endpoint: Endpoint, patience: Patience) -> Iterator[Path | None]:
    """A socket file that leads to an endpoint on another host; None for one of this machine.

    Raises `NodeDown` when SSH cannot connect.
    """
    if endpoint.host is None:
        yield None
        return
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="maverick-tunnel-"))
        socket = Path(folder) / "ollama"  # short: the path of a socket has at most 107 bytes
        try:
            process = subprocess.Popen(
                _ssh_command(endpoint, socket),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=inherited_environment(*SSH_VARIABLES),
                start_new_session=True,
            )
        except OSError as error:
            raise BadInput(
                f"cannot start ssh: {error.strerror}; install OpenSSH's client"
            ) from error
        stack.callback(_end, process)
        _wait_for(process, socket, endpoint, patience)
        yield socket


def _ssh_command(endpoint: Endpoint, socket: Path) -> list[str]:
    assert endpoint.host is not None
    parts = urlsplit(endpoint.url)
    name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    target = f"{name}:{parts.port or _PORTS[parts.scheme]}"
    options = SSH_OPTIONS | {
        "ExitOnForwardFailure": "yes",
        "StreamLocalBindMask": "0177",
        "ServerAliveInterval": "5",
    }
    flags = [f"-o{name}={value}" for name, value in options.items()]
    return ["ssh", "-N", "-T", *flags, "-L", f"{socket}:{target}", "--", endpoint.host.name]


def _wait_for(
    process: subprocess.Popen[bytes], socket: Path, endpoint: Endpoint, patience: Patience
) -> None:
    assert endpoint.host is not None and process.stderr is not None
    end = time.monotonic() + 2 * patience.connect + 1
    while not socket.exists():
        if process.poll() is not None:
            lines = process.stderr.read(4096).decode(errors="replace").strip().splitlines()
            reason = lines[-1].rstrip(".") if lines else f"exit code {process.returncode}"
            raise NodeDown(f"host {endpoint.host.name} cannot be reached: {reason}")
        if time.monotonic() > end:
            raise NodeDown(f"host {endpoint.host.name} does not answer")
        time.sleep(0.02)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stderr:
        process.stderr.close()
