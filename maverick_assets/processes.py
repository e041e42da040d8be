"""Child processes: both halves of starting and ending a heavy one.

Heavy work (a training, an evaluation, an export) runs in a process of its own: its memory is given
back when it ends, and a crash in native code takes nothing else along. Both halves stand here,
because they must agree.

- The parent writes the child's spec (`write_spec`), starts it (`run_module`) in an environment made
  for heavy work (`child_environment`), passes its lines on, and ends it when it is cancelled.
- The child wraps its `main` in `run_main`: errors become one line and an exit code, signals unwind
  the stack, and the kernel ends the child when its parent dies.

A child thus never outlives its parent, whichever of the two is killed and however.
"""

import ctypes
import gc
import logging
import os
import re
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn, Protocol

from pydantic import BaseModel

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.files import keep_files_private, write_atomically
from maverick_assets.private.errors import words_withheld
from maverick_assets.settings import load_settings

PARENT_PID = "MAVERICK_PARENT_PID"  # environment variable by which a child learns its parent's id
# Families and names of variables that say where things are and how to compute, by program
_NAMES_TEXT = """
PATH HOME USER LOGNAME SHELL LANG LANGUAGE TZ TERM COLUMNS TMPDIR TMP TEMP VIRTUAL_ENV SSL_CERT_FILE
SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE CC CXX NO_COLOR DAGSTER_HOME LRU_CACHE_CAPACITY
"""
_NAMES = frozenset(_NAMES_TEXT.split())
_FAMILIES_TEXT = """
MAVERICK_ LC_ XDG_ PYTHON LD_ OMP_ GOMP_ KMP_ MKL_ OPENBLAS_ CUDA_ NVIDIA_ NCCL_ GLOO_ UCX_ FI_
TORCH PYTORCH_ TRITON_ DS_ BNB_ HF_ TRANSFORMERS_ TOKENIZERS_ ONEDNN_ DNNL_ MALLOC_ WANDB_
DAGSTER_PIPES_
"""
_FAMILIES = tuple(_FAMILIES_TEXT.split())
_SECRET = re.compile(
    r"(?:^|_)(?:TOKEN|KEY|SECRET|PASSWORD|PASSWD|CREDENTIALS?)(?:_|$)|MAVERICK_(?:CRM|DAGSTER)_URL"
)
_PROXY_NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_PROXIES = (*_PROXY_NAMES, *map(str.upper, _PROXY_NAMES))
_PLAIN = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "TZ", "TMPDIR")  # where libraries and files are
# Of a child that pulls a base model.
HUB_SECRETS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", *_PROXIES)
CURVE_SECRETS = ("WANDB_API_KEY", *_PROXIES)  # of a child that sends curves away
PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>: the signal that a process gets when its parent dies


# The parent's half


class Log(Protocol):
    """Where work says what it does: Dagster's log of a run, or lines in a terminal."""

    def info(self, msg: str) -> None: ...

    def warning(self, msg: str) -> None: ...

    def error(self, msg: str) -> None: ...


def write_spec(folder: Path, name: str, spec: BaseModel) -> Path:
    """Write a child's spec to `<name>.json`, from which a developer can run the child again."""
    path = folder / f"{name}.json"
    write_atomically(path, spec.model_dump_json(indent=1))
    return path


def run_module(
    module: str,
    *arguments: str,
    log: Log,
    on_result: Callable[[str], None] = lambda _: None,
    secrets: Sequence[str] = (),
) -> None:
    """Run `python -m module arguments`, and pass its lines to `log` as they come.

    `secrets` are the variables of `child_environment` that the module needs.

    A line that begins with `{` is a result: it goes to `on_result` and is not logged. When the
    child fails, its last line becomes the message of a `MaverickError`, or of a `BadInput` where
    its exit code says so.
    """
    with subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,  # in one stream lines keep their order
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # a group of its own, so that its children can be signalled with it
        env=child_environment(*secrets),
    ) as process:
        try:
            last_line = _pass_on(process, log, on_result)
            process.wait()
        except BaseException:  # a cancellation is a KeyboardInterrupt or a SystemExit
            os.killpg(process.pid, signal.SIGTERM)
            raise
    if process.returncode:
        reason = last_line or f"{module} ended with exit code {process.returncode}"
        error = BadInput if process.returncode == BadInput.exit_code else MaverickError
        raise error(reason.removeprefix("error: "))


def plain_environment() -> dict[str, str]:
    """The environment of a child that reads what others wrote: no settings, no passwords."""
    return {name: os.environ[name] for name in _PLAIN if name in os.environ} | {"PYTHONUTF8": "1"}


def inherited_environment(*secrets: str) -> dict[str, str]:
    """What a child gets of this process's environment: names that are listed here, and `secrets`.

    Passwords, tokens and connection strings go to the child that needs them, by name, and whatever
    else a person has exported goes to none.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if name in secrets
        or ((name in _NAMES or name.startswith(_FAMILIES)) and not _SECRET.search(name))
    }


def child_environment(*secrets: str) -> dict[str, str]:
    """The environment of a heavy child: every core that this process may use, no progress bars.

    `secrets`: variables that this child needs, such as a token.
    """
    return inherited_environment(*secrets) | {
        "OMP_NUM_THREADS": str(thread_limit()),
        # Threads that wait for each other spin only briefly and then sleep. At the default they
        # keep a core busy, and beside a busy neighbour a training step is many times slower.
        "GOMP_SPINCOUNT": "20000",
        # Nothing here compiles. Bitsandbytes, which peft imports where it is installed, would have
        # torch load its compiler, for more than a second.
        "TORCHDYNAMO_DISABLE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "PYTHONUTF8": "1",  # files, lines and arguments, whatever the locale
        "PYTHONUNBUFFERED": "1",  # lines reach the log while the child works
        PARENT_PID: str(os.getpid()),
        **_torch_cache(),
    }


def _torch_cache() -> dict[str, str]:
    """Where torch keeps compiled code: with other caches, not in the temporary folder."""
    name = "TORCHINDUCTOR_CACHE_DIR"
    caches = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    if name in os.environ or caches.startswith("~"):  # a user without a home
        return {}
    return {name: f"{caches}/torch/inductor"}


def thread_limit() -> int:
    """Threads that this process may compute with: OMP_NUM_THREADS, or the cores that it is granted.

    A container's limit is a share of time, which neither affinity nor the number of cores shows.
    """
    asked = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()  # one number a level
    if asked.isdigit() and int(asked) > 0:
        return int(asked)
    return max(1, min(len(os.sched_getaffinity(0)), *_granted_cores()))


def _granted_cores(root: Path = Path("/sys/fs/cgroup")) -> list[int]:
    """Cores by each quota of this process's control group and those above it, rounded up."""
    quotas = []
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
        own = next((line[4:] for line in lines if line.startswith("0::/")), "")
        group = root / own
        groups = [folder for folder in (group, *group.parents) if folder.is_relative_to(root)]
        limits = [folder / "cpu.max" for folder in groups]
        quotas = [path.read_text(encoding="ascii").split() for path in limits if path.is_file()]
        old = root / "cpu"  # the first version of control groups
        if (old / "cpu.cfs_quota_us").is_file():
            parts = [old / "cpu.cfs_quota_us", old / "cpu.cfs_period_us"]
            quotas.append([path.read_text(encoding="ascii").strip() for path in parts])
        cores = [-(-int(quota) // int(period)) for quota, period in quotas if quota.isdigit()]
    except (OSError, ValueError, ZeroDivisionError):
        cores = []
    return cores or [sys.maxsize]


def _pass_on(process: subprocess.Popen[str], log: Log, on_result: Callable[[str], None]) -> str:
    """Log the lines of a child until it closes its output, and return the last one.

    A killed child's last line may be a result, which says nothing about its end.
    """
    last_line = ""
    assert process.stdout is not None
    for line in map(str.strip, process.stdout):
        if line.startswith("{"):
            last_line = ""
            on_result(line)
        elif line:
            last_line = line
            log.info(line)
    return last_line


# The child's half


def run_main(main: Callable[[Sequence[str]], None]) -> int:
    """Run `main` with the command line's arguments and return the exit code.

    An error becomes one line on stderr and its exit code; where it is not a `MaverickError`, its
    words stay in a file, because the parent logs every line. SIGTERM, and SIGINT, which
    Dagster sends, unwind the stack, so that context managers remove what is half written. Files are
    private.
    """
    keep_files_private()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, _exit_on_signal)
    quiet_libraries()
    # Removed, so that a grandchild does not inherit it and take its grandparent for its parent.
    parent = os.environ.pop(PARENT_PID, None)
    try:
        if parent is not None:
            die_with_parent(int(parent))
        with words_withheld(_error_folder()):
            main(sys.argv[1:])
    except MaverickError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    finally:
        # Python looks for reference cycles once more as it ends; with torch's modules that takes a
        # second. Frozen objects are skipped.
        gc.freeze()
    return 0


def _error_folder() -> Path:
    """Beside the spec, which all hosts of a training see, or else in the run home."""
    spec = Path(sys.argv[1]) if len(sys.argv) > 1 else Path()
    return spec.parent if spec.is_file() else load_settings().runs


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when `parent` ends, in whatever way.

    A worker that is killed with SIGKILL cannot stop the training that it started, and its pool slot
    goes to the next run, which then finds the GPUs taken. Linux only; elsewhere this does nothing.
    Raises `MaverickError` when `parent` has ended already.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    # A parent that ended before the line above sends no signal any more.
    if os.getppid() != parent:
        raise MaverickError(f"process {parent}, which started this one, has ended")


def quiet_libraries() -> None:
    """Silence progress bars and notices that a user cannot act on. Call before importing them."""
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    logging.getLogger("DeepSpeed").addFilter(_is_actionable)
    # peft 0.21 reads a property of transformers 5 by its deprecated name.
    warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)


def _is_actionable(record: logging.LogRecord) -> bool:
    """False for DeepSpeed's notice, on stdout, that a machine without a GPU has no GPU."""
    return "Setting accelerator to CPU" not in record.getMessage()


def _exit_on_signal(signum: int, _frame: object) -> NoReturn:
    sys.exit(128 + signum)  # the shell's convention
