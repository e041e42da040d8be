"""Heavy steps run in a process of their own: the run worker stays small and survives a crash."""

import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.files import write_atomically
from maverick_assets.training.process import PARENT_PID


class Log(Protocol):
    def info(self, msg: str) -> None: ...


def write_spec(folder: Path, name: str, spec: Mapping[str, Any]) -> Path:
    """Write what a process is to do as `<name>.json`, where a developer can run it again."""
    path = folder / f"{name}.json"
    write_atomically(path, json.dumps(spec, indent=1, default=str))
    return path


def run_module(module: str, *arguments: str, log: Log) -> str:
    """Run `python -m module arguments`, its lines going to `log`; return the last one.

    The process has its own group, which dies with this step. Raises `MaverickError` with the
    process's last line on stderr when it fails.
    """
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        env=worker_environment(),
    ) as process:
        last: deque[str] = deque(maxlen=1)
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if line.strip():
                    last.append(line.strip())
                    if not line.startswith("{"):  # a result for the caller, not for people
                        log.info(last[0])
            process.wait()
        except BaseException:
            os.killpg(process.pid, signal.SIGTERM)
            raise
    if process.returncode:
        reason = last[0] if last else f"{module} ended with exit code {process.returncode}"
        error = BadInput if process.returncode == BadInput.exit_code else MaverickError
        raise error(reason.removeprefix("error: "))
    return last[0] if last else ""


def worker_environment() -> dict[str, str]:
    """The environment of a heavy process: every core that we may use, no hub, no chatter.

    With it a process of ours also ends when this one does, see `die_with`.

    Threads that wait for each other spin only briefly and then sleep: with a busy neighbour on
    one of two cores a training step is otherwise many times slower.
    """
    return os.environ | {
        "OMP_NUM_THREADS": str(len(os.sched_getaffinity(0))),
        "GOMP_SPINCOUNT": "20000",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "PYTHONUNBUFFERED": "1",
        PARENT_PID: str(os.getpid()),
    }
