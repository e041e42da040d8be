"""The near half of a training on another host: OpenSSH's client, as its user has configured it.

Nothing is asked for: a host whose key is unknown, or that wants a password, is refused. What the
training must know, secrets included, goes through stdin, where no list of processes shows it.
`remote.py` is the far half.
"""

import contextlib
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

import maverick_assets
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.files import sha256_of
from maverick_assets.fleets import Host
from maverick_assets.processes import inherited_environment
from maverick_assets.training.launch.remote import (
    KILL,
    STOP,
    HostFacts,
    Request,
    code_digest,
    library_versions,
)

SSH_FAILED = 255  # ssh's exit code where it could not connect, or lost the connection
SSH_OPTIONS = {
    "BatchMode": "yes",  # no prompt for a password or a passphrase
    "StrictHostKeyChecking": "yes",
    "ConnectTimeout": "10",
    "ServerAliveCountMax": "3",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "ControlPath": "none",  # a shared connection would end with the process that opened it
}


@dataclass(frozen=True)
class Patience:
    """How long the halves wait, in seconds."""

    alive: int = 5  # between two questions whether a host is there; lost after three without answer
    silence: float = 30  # the far half then takes the near one for lost
    grace: float = 20  # to save a checkpoint; Dagster grants a cancelled run 60
    settle: float = 20  # after a rank has failed: a host that is lost is noticed by then
    look: float = 15  # between two looks for a host that was lost
    absence: float = 300  # for which a training waits for its hosts


class Unreachable(MaverickError):
    """A host that does not answer; it may later."""


class Busy(Unreachable):
    """A host on which an earlier training still runs."""


@dataclass(frozen=True)
class Line:
    """A line that a host's driver wrote to stdout."""

    host: Host
    text: str


@dataclass(frozen=True)
class Ended:
    """The end of a host's driver, or of the connection to it."""

    host: Host
    code: int
    reason: str

    @property
    def is_loss(self) -> bool:
        return self.code == SSH_FAILED


SSH_VARIABLES = ("SSH_AUTH_SOCK", "SSH_ASKPASS", "DISPLAY", "KRB5CCNAME")  # how it proves who calls


def local_checkout() -> Path:
    """The folder from which this process imported Maverick."""
    return Path(maverick_assets.__file__).parents[1]


def ssh_command(host: Host, checkout: Path | None, patience: Patience) -> list[str]:
    options = SSH_OPTIONS | {"ServerAliveInterval": str(patience.alive)}
    folder = shlex.quote(str(checkout or local_checkout()))
    remote = f"cd {folder} && exec .venv/bin/python -m maverick_assets.training.launch.remote"
    flags = [f"-o{name}={value}" for name, value in options.items()]
    return ["ssh", "-T", *flags, "--", host.name, remote]


def check_host(host: Host, checkout: Path | None, request: Request, patience: Patience) -> None:
    """Ask whether a training can start on a host.

    Raises `Unreachable` when it does not answer, or an earlier training still runs there, and
    `BadInput` when it has other code, or does not see the run home.
    """
    try:
        done = subprocess.run(
            ssh_command(host, checkout, patience),
            input=_line_of(request.model_copy(update={"layout": None, "environment": {}})),
            capture_output=True,
            env=inherited_environment(*SSH_VARIABLES),
            timeout=60,
            start_new_session=True,
            check=False,
        )
    except OSError as error:
        raise BadInput(f"cannot start ssh: {error.strerror}; install OpenSSH's client") from error
    except subprocess.TimeoutExpired as error:
        raise Unreachable(f"host {host.name} does not answer within 60 s") from error
    if done.returncode:
        reason = _reason(done.stderr.decode(errors="replace").splitlines(), done.returncode)
        if done.returncode == SSH_FAILED:
            raise Unreachable(f"host {host.name} cannot be reached: {reason}")
        where = checkout or local_checkout()
        raise BadInput(
            f"host {host.name}: {reason}; it needs this version of Maverick in {where} "
            "(docs/fleets.md)"
        )
    try:
        facts = HostFacts.model_validate_json(done.stdout.splitlines()[-1])
    except (ValidationError, IndexError) as error:
        raise BadInput(f"host {host.name} has another version of Maverick; update it") from error
    _compare(host, facts, request)


def _compare(host: Host, facts: HostFacts, request: Request) -> None:
    if facts.code != code_digest():
        raise BadInput(f"host {host.name} has another version of Maverick; update it")
    for library, here in library_versions().items():
        there = facts.libraries[library]
        if there != here:
            raise BadInput(
                f"host {host.name} has {library} {there or '(none)'}, this machine {here}; "
                "install the same"
            )
    if facts.spec != sha256_of(request.spec):
        raise BadInput(
            f"host {host.name} does not see the run home: it lacks {request.spec} of this machine; "
            "mount the run home there at the same path"
        )
    if facts.missing:
        raise BadInput(f"host {host.name} does not see {facts.missing[0]}; mount it at that path")
    if facts.busy:
        raise Busy(f"host {host.name} still runs an earlier training")


class RemoteDriver:
    """A driver on another host, from its start to its end: its lines and its end go to `report`."""

    def __init__(
        self,
        host: Host,
        command: list[str],
        request: Request,
        report: Callable[[Line | Ended], object],
    ) -> None:
        self._host = host
        self._report = report
        self._errors: list[str] = []
        self._ssh = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=inherited_environment(*SSH_VARIABLES),
            start_new_session=True,  # Ctrl-C in a terminal must not end it before it is asked to
        )
        self._write(_line_of(request))
        beats = threading.Thread(target=self._beat, args=(request.silence / 6,), daemon=True)
        self._errors_thread = threading.Thread(target=self._read_errors, daemon=True)
        reading = threading.Thread(target=self._read_lines, daemon=True)
        for thread in (beats, self._errors_thread, reading):
            thread.start()

    def stop(self) -> None:
        """Have the driver save a checkpoint and end."""
        self._write(f"{STOP}\n".encode())

    def kill(self) -> None:
        """Have the driver end at once."""
        self._write(f"{KILL}\n".encode())

    def close(self, seconds: float) -> None:
        """Wait for the end of the connection, and cut it after `seconds`."""
        try:
            self._ssh.wait(seconds)
        except subprocess.TimeoutExpired:
            self._ssh.kill()
            self._ssh.wait()

    def _write(self, line: bytes) -> None:
        assert self._ssh.stdin is not None
        with contextlib.suppress(OSError):  # the connection has ended, which `_read_lines` reports
            os.write(self._ssh.stdin.fileno(), line)

    def _beat(self, seconds: float) -> None:
        while True:
            try:
                self._ssh.wait(seconds)
                return
            except subprocess.TimeoutExpired:
                self._write(b"\n")

    def _read_errors(self) -> None:
        assert self._ssh.stderr is not None
        for line in self._ssh.stderr:
            text = line.decode(errors="replace").strip()
            if text:
                self._errors.append(text)
                print(text, file=sys.stderr, flush=True)  # Dagster keeps it with the run

    def _read_lines(self) -> None:
        assert self._ssh.stdout is not None
        for line in self._ssh.stdout:
            self._report(Line(self._host, line.decode(errors="replace").rstrip("\n")))
        code = self._ssh.wait()
        self._errors_thread.join(5)
        self._report(Ended(self._host, code, _reason(self._errors, code)))


def _reason(errors: list[str], code: int) -> str:
    """The first error that a process of ours explained, or else the last line."""
    lines = [line.strip() for line in errors if line.strip()]
    own = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return own[0] if own else lines[-1].rstrip(".") if lines else f"exit code {code}"


def _line_of(request: Request) -> bytes:
    return request.model_dump_json().encode() + b"\n"
