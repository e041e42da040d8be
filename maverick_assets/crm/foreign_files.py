"""Files that somebody else may have put there: read to a bound, in their folder, without waiting.

A mailbox, a folder of documents or one of calendars may hold a link to `/etc/shadow`, or a FIFO
from which nothing ever comes.
"""

import os
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO


def files_below(folder: Path) -> Iterator[tuple[Path, str | None]]:
    """Everything below `folder` but folders, by path, with why it is not read; None: it may be.

    A link is followed to a file of the folder only.
    """
    root = folder.resolve()
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_dir():
            yield path, _refusal(path, root)


def read_foreign(path: Path, max_bytes: int) -> bytes:
    """The bytes of a file.

    Raises `ValueError` with the reason where it is larger than `max_bytes` or no regular file.
    """
    # Without O_NONBLOCK, opening a FIFO waits for somebody who writes.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("no regular file")
        data = stream.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ValueError(f"larger than {max_bytes / 1e6:.0f} MB")
    return data


def bounded_lines(stream: IO[bytes], max_bytes: int) -> Iterator[bytes]:
    """The lines of a file; one longer than `max_bytes` comes in several pieces."""
    return iter(partial(stream.readline, max_bytes), b"")


def _refusal(path: Path, root: Path) -> str | None:
    try:
        target = path.resolve()
        if not target.is_relative_to(root):
            return "a link that leads out of the folder"
        mode = target.lstat().st_mode
    except (OSError, RuntimeError):  # nothing is there; links in a circle
        return "a link that leads nowhere"
    if stat.S_ISDIR(mode):
        return "a link to a folder"
    return None if stat.S_ISREG(mode) else "no regular file"
