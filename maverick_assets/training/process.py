"""How the training and evaluation processes start and end."""

import ctypes
import gc
import logging
import os
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import NoReturn

from maverick_assets.errors import MaverickError

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
