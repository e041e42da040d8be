"""The far half of a training on another host: `python -m maverick_assets.training.launch.remote`.

The near half (`ssh.py`) starts it over SSH and writes lines to its stdin: a `Request`, then an
empty one every few seconds, perhaps `stop` or `kill`. This half trains, or answers with its
`HostFacts`.

    near half -> ssh -> sshd -> this module -> training.driver -> perhaps an agent and its ranks

SSH by itself ends nothing: where a cable is pulled, sshd may notice after two hours, and what it
has started goes on. So this process ends the training when it is asked to, when its stdin ends, and
when nothing has been written to it for a while. The kernel ends the training with this process.
"""

import hashlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import Field, ValidationError

import maverick_assets
from maverick_assets.errors import MaverickError
from maverick_assets.files import sha256_of
from maverick_assets.processes import CURVE_SECRETS, child_environment, run_main
from maverick_assets.strict_model import StrictModel
from maverick_assets.training.launch.layout import RankLayout

LIBRARIES = ("torch", "transformers", "peft", "deepspeed")  # what the weights depend on
STOP, KILL = "stop", "kill"  # save a checkpoint and end; end at once


class Request(StrictModel):
    """What the near half wants."""

    spec: Path
    paths: list[Path] = Field([], description="what the host must see besides the spec")
    lock: str = Field(description="one training at a time holds this name on a host")
    layout: RankLayout | None = Field(None, description="ranks to start; unset: only look")
    environment: Mapping[str, str] = Field({}, description="variables of the driver")
    silence: float = Field(description="seconds without a line after which the near half is lost")
    grace: float = Field(description="seconds that a training has to save a checkpoint")


class HostFacts(StrictModel):
    """What the near half compares with its own before a training."""

    code: str = Field(description="digest of the package's source files")
    libraries: Mapping[str, str] = Field(description="versions; empty where one is not installed")
    spec: str | None = Field(description="sha256 of the spec; unset: the host does not see it")
    missing: list[Path] = Field(description="paths that the host does not see")
    busy: bool = Field(description="an earlier training still runs here")


def host_facts(request: Request) -> HostFacts:
    """The facts of this host."""
    return HostFacts(
        code=code_digest(),
        libraries=library_versions(),
        spec=sha256_of(request.spec) if request.spec.is_file() else None,
        missing=[path for path in request.paths if not path.exists()],
        busy=_hold(request.lock) is None,
    )


def code_digest() -> str:
    """Hash over all source files of this package."""
    folder = Path(maverick_assets.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder)}\n{sha256_of(path)}\n".encode())
    return digest.hexdigest()


def library_versions() -> dict[str, str]:
    """The versions of `LIBRARIES`; empty where one is not installed."""
    return {library: _version(library) for library in LIBRARIES}


def _version(library: str) -> str:
    """A library's version without its build, such as `+cpu`."""
    try:
        return version(library).partition("+")[0]
    except PackageNotFoundError:
        return ""


def _hold(name: str) -> socket.socket | None:
    """A name that the kernel frees when this process ends; None when another process holds it.

    A socket without a file: nothing is left behind on a host, however the process ends.
    """
    holder = socket.socket(socket.AF_UNIX)
    try:
        holder.bind(f"\0maverick-training-{name}")
    except OSError:
        holder.close()
        return None
    return holder


def run_driver(request: Request, layout: RankLayout) -> int:
    """Train, obeying stdin, and return the driver's exit code.

    Raises `MaverickError` while an earlier training still runs here.
    """
    holder = _hold(request.lock)
    if holder is None:
        raise MaverickError("an earlier training still runs here")
    command = [sys.executable, "-m", "maverick_assets.training.driver", str(request.spec)]
    with holder:
        driver = subprocess.Popen(
            [*command, layout.model_dump_json()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # a group of its own, so that its children end with it
            env=child_environment(*CURVE_SECRETS) | dict(request.environment),
        )
        threading.Thread(target=_obey, args=(driver, request), daemon=True).start()
        try:
            code = driver.wait()
        finally:
            _signal(driver, signal.SIGKILL)
    return code if code >= 0 else 128 - code  # the shell's convention


def _obey(driver: subprocess.Popen[bytes], request: Request) -> None:
    """End the driver when the near half says so, or is lost."""
    while True:
        words = _read_line(request.silence)
        if words == KILL:
            return _signal(driver, signal.SIGKILL)
        if words is None or words == STOP:
            return _stop(driver, request.grace)


def _read_line(seconds: float) -> str | None:
    """The next line of stdin; None at its end, and when none comes in time."""
    line = b""
    while not line.endswith(b"\n"):
        if not select.select([0], [], [], seconds)[0]:
            return None
        byte = os.read(0, 1)  # no buffer, in which a later line would hide from `select`
        if not byte:
            return None
        line += byte
    return line.decode().strip()


def _stop(driver: subprocess.Popen[bytes], grace: float) -> None:
    _signal(driver, signal.SIGTERM)
    end = time.monotonic() + grace
    while driver.poll() is None and time.monotonic() < end:
        time.sleep(0.1)
    _signal(driver, signal.SIGKILL)


def _signal(driver: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal the driver's group. Its agent and ranks have groups of their own and end with it."""
    if driver.poll() is None:
        os.killpg(driver.pid, number)


def main(_arguments: Sequence[str]) -> None:
    line = _read_line(60)
    if line is None:
        raise MaverickError("nobody has asked for anything; the near half of this module does")
    try:
        request = Request.model_validate_json(line)
    except ValidationError as error:
        raise MaverickError("another version of Maverick has asked") from error
    if request.layout is None:
        print(host_facts(request).model_dump_json())
    else:
        sys.exit(run_driver(request, request.layout))


if __name__ == "__main__":
    sys.exit(run_main(main))
