"""Several ranks of one training, started and ended together by torch's elastic agent (torchrun).

DeepSpeed's own launcher leaves its ranks alive when it is cancelled, and exits with 0 when it is
killed. Here the kernel ends every process whose parent was killed, and a process that is asked to
stop passes that on to the ranks, which save themselves first.

    driver -> agent (this module as a program) -> one `launch.rank` for each GPU

The driver relays what the main process reports, a line of JSON each, instead of letting it report
by itself: the relay keeps the libraries' own output out of the report, and leaves Dagster Pipes to
the one process that Dagster started.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import psutil

from maverick_assets.errors import BadInput, Interrupted, MaverickError
from maverick_assets.processes import (
    PARENT_PID,
    inherited_environment,
    run_main,
    thread_limit,
)
from maverick_assets.training.launch.layout import RankLayout
from maverick_assets.training.loop.reporting import Reporter
from maverick_assets.training.spec import TrainingSpec

if TYPE_CHECKING:  # the driver needs no part of torch's launcher
    from torch.distributed.launcher.api import LaunchConfig

MEETING_SECONDS = 120  # within which all hosts must have arrived at the first


def run_ranks(spec: TrainingSpec, layout: RankLayout, reporter: Reporter) -> None:
    """Train with several ranks, on this host and on each other one that calls this.

    Raises `MaverickError` with the message of a rank that failed, and `Interrupted` when this
    process was asked to stop.
    """
    out = spec.jobs[0].out.parent  # in a run home, what a killed run leaves there is cleared
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=out, prefix=".ranks-") as folder,
        (Path(folder) / "stderr").open("w+", encoding="utf-8", errors="replace") as stderr,
    ):
        path = Path(folder) / "spec.json"
        path.write_text(spec.model_dump_json(), encoding="utf-8")
        module = "maverick_assets.training.launch.torchrun"
        with subprocess.Popen(
            [sys.executable, "-m", module, str(path), layout.model_dump_json(), spec.digest[:12]],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
            # torch's agent leaves its logs in a temporary folder, for ever.
            env=_environment(layout) | {"TMPDIR": folder},
        ) as agent:
            stopped = _forward_signals(agent)
            assert agent.stdout is not None
            for line in agent.stdout:
                _report(line.rstrip("\n"), reporter)
        if stopped.is_set():
            raise Interrupted
        if agent.returncode:
            stderr.seek(0)
            raise _rank_error(agent.returncode, stderr.read().splitlines())


def _environment(layout: RankLayout) -> dict[str, str]:
    # Without Dagster Pipes, whose stream is made for the messages of a single process.
    # And without what only the driver needs: ranks send nothing away.
    inherited = inherited_environment()
    environment = {name: value for name, value in inherited.items() if "DAGSTER_PIPES" not in name}
    # Else gloo and NCCL ask for the address of this host's name, which may not resolve, or resolve
    # to one that no other host reaches: Debian's installer gives it 127.0.1.1.
    if layout.hosts > 1:
        interface = _interface_towards(layout.rendezvous)
        environment = {
            "GLOO_SOCKET_IFNAME": interface,
            "NCCL_SOCKET_IFNAME": interface,
        } | environment
    elif not _resolves(socket.gethostname()):
        environment.setdefault("GLOO_SOCKET_IFNAME", "lo")
    return environment | {
        "OMP_NUM_THREADS": str(max(1, thread_limit() // layout.local_ranks)),
        "PYTHONUTF8": "1",
        PARENT_PID: str(os.getpid()),
    }


def _interface_towards(endpoint: str) -> str:
    """The network interface that leads to an address and port.

    Raises `MaverickError` when the address does not resolve, or no route leads there; `BadInput`
    when the name leads to this host's loopback.
    """
    host, _, port = endpoint.rpartition(":")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, int(port), type=socket.SOCK_DGRAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.connect(address)  # sends nothing: a datagram socket only chooses its route
            own = probe.getsockname()[0]
    except OSError as error:
        raise MaverickError(f"cannot reach {host}, where the hosts meet: {error}") from error
    numeric = str(address[0])
    if ip_address(numeric.partition("%")[0]).is_loopback and host not in ("localhost", numeric):
        raise BadInput(
            f"{host}, where the hosts meet, is {numeric} here, which no other host reaches; give "
            "the first host's address in the network (`address` in a fleet)"
        )
    return next(
        name
        for name, addresses in psutil.net_if_addrs().items()
        if own in [address.address.partition("%")[0] for address in addresses]
    )


def _resolves(host: str) -> bool:
    try:
        return bool(socket.getaddrinfo(host, None))
    except OSError:
        return False


def _forward_signals(agent: subprocess.Popen[str]) -> Event:
    """Pass SIGTERM, and SIGINT, which Dagster sends, on to the agent.

    Returns an event that is set as soon as one of them has arrived.
    """
    stopped = Event()

    def forward(_signum: int, _frame: object) -> None:
        stopped.set()
        agent.terminate()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, forward)
    return stopped


def _report(line: str, reporter: Reporter) -> None:
    try:
        message = json.loads(line)
    except ValueError:
        return  # a library printed this, not our main process
    if "line" in message:
        reporter.log(message["line"])
    else:
        reporter.result(message["result"])


def _rank_error(code: int, stderr: Sequence[str]) -> MaverickError:
    """The first error that a rank explained, or the last line that any process wrote."""
    errors = [line.removeprefix("error: ") for line in stderr if line.startswith("error: ")]
    others = [line for line in stderr if line.strip()]
    reason = (
        errors[0] if errors else f"a rank failed: {others[-1] if others else 'it said nothing'}"
    )
    return BadInput(reason) if code == BadInput.exit_code else MaverickError(reason)


def _launch_config(layout: RankLayout, run: str) -> "LaunchConfig":
    from torch.distributed.launcher.api import LaunchConfig

    several = layout.hosts > 1
    return LaunchConfig(
        min_nodes=layout.hosts,
        max_nodes=layout.hosts,
        nproc_per_node=layout.local_ranks,
        # Several hosts are numbered by the fleet. Torch's dynamic rendezvous would sort them by
        # name, and the main process would be on any of them.
        rdzv_backend="static" if several else "c10d",
        rdzv_endpoint=layout.rendezvous,
        rdzv_configs={"rank": layout.host_rank, "timeout": MEETING_SECONDS} if several else {},
        run_id=run,
        max_restarts=0,
        # Ranks of one host meet there; its own name may not resolve.
        local_addr=None if several else "localhost",
    )


def main(arguments: Sequence[str]) -> None:
    """The agent: starts the ranks, and exits when all have ended, or one has failed."""
    from torch.distributed.elastic.multiprocessing import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import elastic_launch

    spec, layout, run = arguments
    os.environ[PARENT_PID] = str(os.getpid())
    config = _launch_config(RankLayout.model_validate_json(layout), run)
    try:
        elastic_launch(config, sys.executable)("-m", "maverick_assets.training.launch.rank", spec)
    except SignalException:
        sys.exit(Interrupted.exit_code)
    except ChildFailedError as error:
        # A negative code is that of a rank which the agent itself ended because another had failed.
        codes = [failure.exitcode for failure in error.failures.values()]
        sys.exit(next((code for code in codes if code > 0), 1))


if __name__ == "__main__":
    sys.exit(run_main(main))
