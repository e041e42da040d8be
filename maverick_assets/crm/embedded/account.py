"""Which account the server's processes have: PostgreSQL refuses to run as root.

Root's server runs in a user namespace, in which root's id is that of `nobody`. PostgreSQL starts
there without any of root's capabilities, and folders that root closed stay closed. It still owns
root's files, so an account of its own, which root names in MAVERICK_POSTGRES_ACCOUNT, is safer;
where the kernel grants no namespace, it is needed.

No folder is opened for that account: it gets the data folder as its working directory, which it
enters before it becomes that account.
"""

import ctypes
import os
import pwd
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from maverick_assets.crm.embedded.failures import PostgresFailure
from maverick_assets.errors import BadInput
from maverick_assets.private.folders import account_name
from maverick_assets.settings import load_settings

WORKING_DIRECTORY = "/proc/self/cwd"  # leads into a folder whatever the folders above it allow
_CLONE_NEWUSER = 0x10000000  # of <linux/sched.h>
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38  # of <sys/prctl.h>
_NOBODY = 65534
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "TZ")
_NO_NAMESPACE_FOR_ROOT = (
    "PostgreSQL does not run as root, and the kernel grants root no user namespace here; run "
    "Maverick as an ordinary user, or name an account for PostgreSQL in MAVERICK_POSTGRES_ACCOUNT"
)
_NO_NAMESPACE_FOR_NAMELESS = (
    "initdb does not run as a user without a name, and the kernel grants no user namespace here; "
    "give this user an entry in /etc/passwd"
)


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
        in_namespace = self.uid == 0 or (needs_name and not _has_name(self.uid))
        if in_namespace:
            options["preexec_fn"] = partial(_enter_namespace, ctypes.CDLL(None), _inner_ids())
        if self.uid != os.geteuid():
            options |= {"user": self.uid, "group": self.gid, "extra_groups": self.groups}
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        try:
            return subprocess.run(
                command,
                capture_output=True,
                text=True,
                encoding="utf-8",
                errors="replace",
                check=False,
                umask=0o077,
                cwd=folder,
                env=environment | {"LC_ALL": "C"},
                **options,
            )
        except subprocess.SubprocessError as error:
            reason = _NO_NAMESPACE_FOR_NAMELESS if self.uid else _NO_NAMESPACE_FOR_ROOT
            raise PostgresFailure(reason) from error
        except PermissionError as error:
            raise PostgresFailure(
                f"user {self.uid} may not run {command[0]}; install Maverick where it may"
            ) from error

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


def _enter_namespace(libc: ctypes.CDLL, inner: tuple[int, int]) -> None:
    """Between fork and exec: move into a user namespace whose one user is this one.

    exec then clears the capabilities there, because the user's id inside is not 0. Raises `OSError`
    where the kernel grants none.
    """
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        with suppress(PermissionError):  # root without that capability keeps its groups
            os.setgroups([])
    if libc.unshare(_CLONE_NEWUSER):
        raise OSError("no user namespace")
    libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0)  # or /proc/self is root's, after a change of account
    for name, text in (
        ("setgroups", b"deny"),
        ("uid_map", b"%d %d 1" % (inner[0], user)),
        ("gid_map", b"%d %d 1" % (inner[1], group)),
    ):
        descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(descriptor, text)
        os.close(descriptor)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
