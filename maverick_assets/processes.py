"""Child processes: how a heavy one is started, and how it sets itself up and ends."""

import ctypes
import gc
import logging
import os
import signal
import subprocess
import sys
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, Protocol

from pydantic import BaseModel

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.files import write_atomically

PARENT_PID = "MAVERICK_PARENT_PID"  # of the run worker, in the environment of what it starts
PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


def run_main(main: Callable[[Sequence[str]], None]) -> int:
    """Run `main` with the command line's arguments; the exit code.

    A `MaverickError` becomes one line on stderr and its exit code. SIGTERM and SIGINT unwind the
    stack, so that staged directories are removed. Under a run worker the process dies with that
    one.
    """
    for each in (signal.SIGTERM, signal.SIGINT):  # the latter is what Dagster sends
        signal.signal(each, _terminate)
    quiet_libraries()
    parent = os.environ.pop(PARENT_PID, None)
    try:
        if parent is not None:
            die_with(int(parent))
        main(sys.argv[1:])
    except MaverickError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    finally:
        gc.freeze()  # Python looks for cycles once more as it ends: a second, with torch's modules
    return 0


def die_with(parent: int) -> None:
    """Have the kernel kill this process when `parent`, which started it, ends in whatever way.

    A worker that was killed cannot stop the training that it started, and its GPUs are given to
    the next run. Linux only; elsewhere this does nothing. Raises `MaverickError` when `parent` has
    ended already.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the line above
        raise MaverickError(f"process {parent}, which started this one, has ended")


def quiet_libraries() -> None:
    """Silence progress bars and notices that a user cannot act on; before they are imported."""
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    logging.getLogger("DeepSpeed").addFilter(_is_actionable)
    # peft 0.21 asks transformers 5 under a deprecated name
    warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)


def _is_actionable(record: logging.LogRecord) -> bool:
    """False for DeepSpeed's notice, on stdout, that a CPU machine has no GPU."""
    return "Setting accelerator to CPU" not in record.getMessage()


def _terminate(signum: int, _frame: object) -> NoReturn:
    sys.exit(128 + signum)


class Log(Protocol):
    def info(self, msg: str) -> None: ...


def write_spec(folder: Path, name: str, spec: BaseModel) -> Path:
    """Write what a process is to do as `<name>.json`, where a developer can run it again."""
    path = folder / f"{name}.json"
    write_atomically(path, spec.model_dump_json(indent=1))
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
