"""Which account the server's processes have: PostgreSQL refuses to run as root.

Root's server runs in a user namespace, in which root's id is that of `nobody`. PostgreSQL starts
there without any of root's capabilities, and folders that root closed stay closed. It still owns
root's files, so an account of its own, which root names in MAVERICK_POSTGRES_ACCOUNT, is safer;
where the kernel grants no namespace, it is needed.

No folder is opened for that account: it gets the data folder as its working directory, which it
enters before it becomes that account.
"""

import errno
import os
import pwd
import re
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maverick_assets.crm.embedded import enter_namespace
from maverick_assets.crm.embedded.failures import PostgresFailure
from maverick_assets.errors import BadInput
from maverick_assets.private.folders import account_name
from maverick_assets.settings import load_settings

WORKING_DIRECTORY = "/proc/self/cwd"  # leads into a folder whatever the folders above it allow
_NOBODY = 65534
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "TZ")
_NO_NAMESPACE_FOR_ROOT = (
    "PostgreSQL does not run as root, and the kernel grants root no user namespace here "
    "({reason}); run Maverick as an ordinary user, or name an account for PostgreSQL in "
    "MAVERICK_POSTGRES_ACCOUNT"
)
_NO_NAMESPACE_FOR_NAMELESS = (
    "initdb does not run as a user without a name, and the kernel grants no user namespace here "
    "({reason}); give this user an entry in /etc/passwd"
)
_FAILURE = re.compile(r"(\w+) (\d+) (.+)\n")  # what `enter_namespace` writes
# Of namespaces that ended, the kernel frees some late.
_PASSING = (errno.EAGAIN, errno.EINTR, errno.ENOMEM, errno.ENOSPC, errno.EUSERS)
_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)  # seconds


@dataclass(frozen=True)
class ServerAccount:
    """The user and the group that own the cluster and run the server."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()

    def run(
        self, command: Sequence[str], folder: Path, *, needs_name: bool = False, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run `command` as this account, in `folder`, with an environment without surprises.

        `options` are those of `subprocess.run`. Raises `PostgresFailure` where the account may not
        run it.
        """
        if self.uid != os.geteuid():
            options |= {"user": self.uid, "group": self.gid, "extra_groups": self.groups}
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        options |= {"cwd": folder, "env": environment | {"LC_ALL": "C"}}
        try:
            if self.uid == 0 or (needs_name and not _has_name(self.uid)):
                return self._run_in_namespace(command, options)
            return _run(command, options)
        except PermissionError as error:
            raise PostgresFailure(
                f"user {self.uid} may not run {command[0]}; install Maverick where it may"
            ) from error

    def _run_in_namespace(
        self, command: Sequence[str], options: Mapping[str, Any]
    ) -> subprocess.CompletedProcess[str]:
        """Raises `PostgresFailure` where the kernel grants no namespace within some seconds."""
        program = [sys.executable, "-I", "-S", enter_namespace.__file__, *map(str, _inner_ids())]
        for pause in (*_PAUSES, None):
            done = _run([*program, *command], options)
            failure = _FAILURE.fullmatch(done.stderr)
            if done.returncode != enter_namespace.FAILED or failure is None:
                return done
            step, number, what = failure[1], int(failure[2]), failure[3]
            if step == enter_namespace.COMMAND:
                raise OSError(number, os.strerror(number), command[0])
            if pause is None or number not in _PASSING:
                break
            time.sleep(pause)
        refusal = _NO_NAMESPACE_FOR_NAMELESS if self.uid else _NO_NAMESPACE_FOR_ROOT
        raise PostgresFailure(refusal.format(reason=f"{what}: {os.strerror(number)}"))

    def path_of(self, folder: Path) -> str:
        """The data folder as the server calls it; commands work in it."""
        return WORKING_DIRECTORY if os.geteuid() == 0 else str(folder)

    def owns(self, pgdata: Path) -> bool:
        """False where a cluster, or a part of it, is another account's."""
        return all(path.stat().st_uid == self.uid for path in (pgdata, pgdata / "PG_VERSION"))

    def take(self, folder: Path) -> None:
        """Make this account the owner of `folder` and of all that is in it.

        Raises `PostgresFailure` where this process may not, and for links and files that have a
        second name: the owner so far may have led them anywhere.
        """
        if os.geteuid():
            owner = account_name(folder.stat().st_uid)
            raise PostgresFailure(
                f"it belongs to {owner}; give it back: chown -R {self.uid} {folder}"
            )
        # From the inside out: the folder's own owner shows what was cut short.
        for path, _, _, descriptor in os.fwalk(folder.resolve(), topdown=False):
            for entry in os.scandir(descriptor):
                status = entry.stat(follow_symlinks=False)
                if not entry.is_dir(follow_symlinks=False) and (
                    entry.is_symlink() or status.st_nlink > 1
                ):
                    raise PostgresFailure(f"{path}/{entry.name} is a link; put the file there")
                os.chown(entry.name, self.uid, self.gid, dir_fd=descriptor, follow_symlinks=False)
            os.fchown(descriptor, self.uid, self.gid)


def server_account() -> ServerAccount:
    """This process's own account, or the one that root has named in the settings.

    Raises `BadInput` when there is no such account.
    """
    name = load_settings().postgres_account
    if os.geteuid() or not name:
        return ServerAccount(os.geteuid(), os.getegid())
    try:
        account = pwd.getpwnam(name)
    except KeyError as error:
        raise BadInput(f"setting MAVERICK_POSTGRES_ACCOUNT: there is no account {name}") from error
    if account.pw_uid == 0:
        raise BadInput(f"setting MAVERICK_POSTGRES_ACCOUNT: {name} is root; name another account")
    groups = os.getgrouplist(name, account.pw_gid)
    return ServerAccount(account.pw_uid, account.pw_gid, tuple(groups))


def _has_name(uid: int) -> bool:
    try:
        return bool(pwd.getpwuid(uid))
    except KeyError:
        return False


def _inner_ids() -> tuple[int, int]:
    """User and group to be called inside; initdb needs a name for the user."""
    users = [user for user in pwd.getpwall() if user.pw_uid]
    users.sort(key=lambda user: user.pw_name != "nobody")
    return (users[0].pw_uid, users[0].pw_gid) if users else (_NOBODY, _NOBODY)


def _run(command: Sequence[str], options: Mapping[str, Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        umask=0o077,
        **options,
    )
