"""Several ranks of one training, started and ended together by torch's elastic agent (torchrun).

DeepSpeed's own launcher leaves its ranks alive when it is cancelled, and ends with 0 when it is
killed. Here whoever is killed, the kernel ends what it has started; who is told to end tells the
ranks, which save themselves first.

`launch` starts the agent, `python -m maverick_assets.training.launch.torchrun SPEC.json RANKS`, and
passes on what the first rank reports: it alone may speak to Dagster, as one process does.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.processes import PARENT_PID, run_main
from maverick_assets.training.loop.checkpoints import Interrupted
from maverick_assets.training.loop.reporting import Reporter
from maverick_assets.training.spec import TrainingSpec

PORT = 29500  # of the first host, where several meet


@dataclass(frozen=True)
class RankLayout:
    """Where the ranks are. `here`: how many on this host, of `hosts` that meet at `meeting`."""

    here: int
    hosts: int = 1
    meeting: str = "localhost:0"


def read_hosts(path: Path, name: str | None = None) -> RankLayout:
    """The place of this host, or of that `name`, in a hostfile: lines of `NAME slots=GPUS`.

    Raises `BadInput` when it does not read, or this host is not in it.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
        slots = {host: int(count.removeprefix("slots=")) for host, count in rows}
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"{path}: each line is NAME slots=GPUS: {error}") from error
    own = [name] if name else [socket.gethostname(), socket.getfqdn()]
    found = [slots[each] for each in own if each in slots]
    if not found:
        raise BadInput(f"{path} has no host {own[0]}; it has: {', '.join(slots) or 'none'}")
    return RankLayout(found[0], len(slots), f"{next(iter(slots))}:{PORT}")


def launch(spec: TrainingSpec, place: RankLayout, reporter: Reporter) -> None:
    """Train with the ranks of `place`; on each host this is called.

    Raises `MaverickError` with what a rank said when it failed, `Interrupted` when this process was
    told to end.
    """
    with (
        tempfile.TemporaryDirectory(prefix="maverick-ranks-") as folder,
        (Path(folder) / "stderr").open("w+") as stderr,
    ):
        path = Path(folder) / "spec.json"
        path.write_text(spec.model_dump_json())
        module = "maverick_assets.training.launch.torchrun"
        arguments = [str(path), str(place.here), str(place.hosts), place.meeting, spec.digest[:12]]
        with subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
            env=_environment(place),
        ) as agent:
            told = _passed_on(agent)
            assert agent.stdout is not None
            for line in agent.stdout:
                _report(line.rstrip("\n"), reporter)
        if told:
            raise Interrupted("training was told to end; the same command goes on from here")
        if agent.returncode:
            stderr.seek(0)
            raise _error(agent.returncode, stderr.read().splitlines())


def _environment(place: RankLayout) -> dict[str, str]:
    """No Pipes, whose stream several would spoil; the cores divided among the ranks."""
    known = {name: value for name, value in os.environ.items() if "DAGSTER_PIPES" not in name}
    cores = len(os.sched_getaffinity(0))
    return known | {
        "OMP_NUM_THREADS": str(max(1, cores // place.here)),
        PARENT_PID: str(os.getpid()),
    }


def _passed_on(agent: subprocess.Popen[str]) -> list[int]:
    """SIGTERM and SIGINT, which Dagster sends, tell the agent; the signals that came."""
    came: list[int] = []

    def tell(signum: int, _frame: object) -> None:
        came.append(signum)
        agent.terminate()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, tell)
    return came


def _report(line: str, reporter: Reporter) -> None:
    """What the first rank reports is JSON; the rest is chatter of libraries."""
    try:
        message = json.loads(line)
    except ValueError:
        return
    if "line" in message:
        reporter.line(message["line"])
    else:
        reporter.result(message["result"])


def _error(code: int, said: Sequence[str]) -> MaverickError:
    errors = [line.removeprefix("error: ") for line in said if line.startswith("error: ")]
    others = [line for line in said if line.strip()]
    reason = (
        errors[0] if errors else f"a rank failed: {others[-1] if others else 'it said nothing'}"
    )
    return BadInput(reason) if code == BadInput.exit_code else MaverickError(reason)


def main(arguments: Sequence[str]) -> None:
    """The agent: starts the ranks, and ends when all have ended, or one has failed."""
    from torch.distributed.elastic.multiprocessing import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    spec, here, hosts, meeting, run = arguments
    os.environ[PARENT_PID] = str(os.getpid())
    config = LaunchConfig(
        min_nodes=int(hosts),
        max_nodes=int(hosts),
        nproc_per_node=int(here),
        rdzv_backend="c10d",
        rdzv_endpoint=meeting,
        run_id=run,
        max_restarts=0,
    )
    try:
        elastic_launch(config, sys.executable)("-m", "maverick_assets.training.launch.rank", spec)
    except SignalException:
        sys.exit(Interrupted.exit_code)
    except ChildFailedError as error:
        codes = [failure.exitcode for failure in error.failures.values()]
        sys.exit(next((code for code in codes if code > 0), 1))


if __name__ == "__main__":
    sys.exit(run_main(main))
