"""Private folders, and short paths to them for the sockets of services.

The path of a UNIX socket has at most 107 bytes, and a run home may lie at any path.
"""

import contextlib
import hashlib
import os
import pwd
import re
import shutil
import stat
import tempfile
from pathlib import Path

from maverick_assets.errors import MaverickError

# Needs no quoting in a URL or in a setting, and leaves room for the name of a socket.
_SHORT_PATH = re.compile(r"[\w./-]{1,90}", re.ASCII)


def private_folder(folder: Path) -> Path:
    """The folder, created where it is missing. Raises as `require_private` does."""
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        folder.chmod(0o700)  # whatever the umask
    require_private(folder, os.geteuid())
    return folder


def require_private(folder: Path, owner: int) -> None:
    """Raise `MaverickError` unless `folder` is a folder, no link, and its owner's alone."""
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise MaverickError(f"{folder} is no folder; find out who put it there, and remove it")
    if status.st_uid != owner:
        name = account_name(status.st_uid)
        raise MaverickError(f"{folder} belongs to {name}; find out why, and remove it")
    if status.st_mode & 0o077:
        raise MaverickError(f"{folder} is open to other accounts; run: chmod 700 {folder}")


def account_name(uid: int) -> str:
    """An account's name for messages; its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def short_path(folder: Path) -> Path:
    """A path to `folder` that a socket in it can have: its own, or a link in a temporary folder.

    Every process that asks gets one that leads there, whatever its environment. Raises
    `MaverickError` when there is no place for a link, or when another account has taken it.
    """
    if _SHORT_PATH.fullmatch(str(folder)):
        return folder
    link = private_folder(_place_of_link(folder)) / "link"
    if not link.is_symlink() or link.readlink() != folder:
        staged = link.with_name(f"{os.getpid()}")
        staged.symlink_to(folder)
        staged.replace(link)
    return link


def remove_short_path(folder: Path) -> None:
    """Remove the link that `short_path` has made, if any."""
    if not _SHORT_PATH.fullmatch(str(folder)):
        with contextlib.suppress(MaverickError, OSError):
            place = _place_of_link(folder)
            require_private(place, os.geteuid())
            shutil.rmtree(place)


def _place_of_link(folder: Path) -> Path:
    """/tmp first and not TMPDIR, because the commands of one run home may differ in it."""
    digest = hashlib.sha256(f"{os.geteuid()} {folder}".encode()).hexdigest()[:12]
    parents = [Path("/tmp")]
    with contextlib.suppress(OSError):  # none is writable
        parents.append(Path(tempfile.gettempdir()))
    for parent in parents:
        path = parent / f"maverick-{digest}"
        if _protects(parent) and _SHORT_PATH.fullmatch(str(path)):
            return path
    raise MaverickError(
        f"no temporary folder is writable, and the path of {folder} is too long for a socket; make "
        "/tmp writable, set TMPDIR, or give the run home a shorter path of plain letters"
    )


def _protects(parent: Path) -> bool:
    """Whether one can create there, and nobody else can rename what one creates."""
    try:
        mode = parent.stat().st_mode
    except OSError:
        return False
    return os.access(parent, os.W_OK) and bool(mode & stat.S_ISVTX or not mode & stat.S_IWOTH)
