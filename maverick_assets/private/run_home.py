"""The run home belongs to one account, and no other reads anything in it."""

import contextlib
import os
import stat
from pathlib import Path

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.private.folders import account_name

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
# Says that a release that writes private files made this run home, or has closed it since.
_CLOSED = ".private"
# One of them shows that a folder is a run home. `base pull`, for one, makes `base` alone.
_OURS = (_CLOSED, "postgres/PG_VERSION", "lake", "models", "keys", "base")
_NEW_DISK = {"lost+found"}  # what a file system of its own has from the start


def open_run_home(home: Path) -> str | None:
    """Create the run home, or take away what others may do in it; a line when that was anything.

    A release before, or a backup, may have left files that everybody reads: a run home that is open
    itself, or that was not looked through yet, is looked through once. Links are not followed.
    Raises `BadInput` where no folder can be at that path, where it is another account's, and where
    it holds something else: what others read in a web site or in /tmp is none of our business.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = home.stat()
    except (FileExistsError, NotADirectoryError, FileNotFoundError, PermissionError) as error:
        reason = "is no folder" if isinstance(error, FileExistsError) else error.strerror
        raise BadInput(f"setting MAVERICK_HOME: {home}: {reason}; name another folder") from error
    if status.st_uid != os.geteuid():
        raise BadInput(
            f"setting MAVERICK_HOME: {home} belongs to {account_name(status.st_uid)}, and this is "
            f"{account_name(os.geteuid())}; run Maverick as its owner, or name another folder"
        )
    _require_run_home(home)
    mark = home / _CLOSED
    if mark.exists() and not status.st_mode & _OTHERS:
        return None
    home.chmod(status.st_mode & 0o700 | stat.S_IRWXU)  # first: nobody else gets in meanwhile
    closed = _close(home)
    mark.touch(mode=0o600)
    if not closed:
        return None
    return f"{home} was open to other accounts: {closed} files and folders in it are private now"


def _require_run_home(folder: Path) -> None:
    if any((folder / name).exists() for name in _OURS):
        return
    if any(path.name not in _NEW_DISK for path in folder.iterdir()):
        raise BadInput(
            f"setting MAVERICK_HOME: {folder} is not a run home and not empty; name a new folder"
        )


def _close(home: Path) -> int:
    """Take all rights of others away, below `home`; how many files and folders had some."""
    closed = 0
    for folder, _, _, descriptor in os.fwalk(home.resolve()):  # of a link it would list nothing
        for entry in os.scandir(descriptor):
            with contextlib.suppress(FileNotFoundError):  # gone since it was listed
                closed += _close_entry(entry, folder, descriptor)
    return closed


def _close_entry(entry: os.DirEntry[str], folder: str, descriptor: int) -> bool:
    """Whether others had a right to this entry of the open `folder`."""
    status = entry.stat(follow_symlinks=False)
    if entry.is_symlink() or not status.st_mode & _OTHERS:
        return False
    try:
        os.chmod(entry.name, stat.S_IMODE(status.st_mode) & ~_OTHERS, dir_fd=descriptor)
    except PermissionError as error:
        raise MaverickError(
            f"{folder}/{entry.name} belongs to {account_name(status.st_uid)} and is open to "
            f"others; give it to {account_name(os.geteuid())}, or move it out of the run home"
        ) from error
    return True
