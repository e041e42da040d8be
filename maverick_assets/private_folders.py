"""Private folders with short paths, for the sockets of services.

The path of a UNIX socket has at most 107 bytes, and a run home may lie at any path.
"""

import contextlib
import hashlib
import os
import re
import stat
import tempfile
from pathlib import Path

from maverick_assets.errors import MaverickError

_PLAIN_PATH = re.compile(r"[\w./-]{1,70}", re.ASCII)  # needs no quoting in a URL or in a setting
_NAMES_TRIED = 10


def private_folder(identity: str, owner: int | None = None) -> Path:
    """A folder that only the user `owner` (default: this process's) and root may enter.

    The same identity gives the same folder in every process, whatever its environment, so that a
    service that is started again is found where it was. Raises `MaverickError` when there is no
    place for one.
    """
    user = os.geteuid() if owner is None else owner
    digest = hashlib.sha256(f"{user} {identity}".encode()).hexdigest()[:12]
    for parent in _parents():
        for number in range(_NAMES_TRIED):
            # Anybody may have taken the first name in a folder that is writable for all.
            path = parent / f"maverick-{digest}{f'-{number}' if number else ''}"
            if _PLAIN_PATH.fullmatch(str(path)) and _own(path, user):
                return path
    raise MaverickError("no temporary folder is writable; make /tmp writable, or set TMPDIR")


def _parents() -> list[Path]:
    """/tmp first and not TMPDIR, because the commands of one run home may differ in it."""
    parents = [Path("/tmp")]
    with contextlib.suppress(OSError):  # none is writable
        parents.append(Path(tempfile.gettempdir()))
    return [parent for parent in parents if _protects(parent)]


def _protects(parent: Path) -> bool:
    """Nobody else can rename what one creates in `parent`."""
    try:
        mode = parent.stat().st_mode
    except OSError:
        return False
    return bool(mode & stat.S_ISVTX) or not mode & stat.S_IWOTH


def _own(path: Path, user: int) -> bool:
    """Create the folder unless it exists. False when it is not the user's alone."""
    try:
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
            path.chmod(0o700)  # whatever the umask
        status = path.lstat()  # a symbolic link is somebody's trap
        if not stat.S_ISDIR(status.st_mode):
            return False
        if status.st_uid != user and status.st_uid == os.geteuid():
            os.chown(path, user, -1)
            status = path.lstat()
    except OSError:
        return False
    return status.st_uid == user and not status.st_mode & 0o077
