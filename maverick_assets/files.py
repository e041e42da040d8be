"""Files that are complete or absent, and their owner's alone: stage, fsync, rename."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from maverick_assets.errors import MaverickError


def keep_files_private() -> None:
    """Let only their owner read the files that this process and its children create.

    The first line of each entry: the commands (`cli.app.main`; `maverick ui` hands it down to the
    daemon and to runs), Dagster's code server (`definitions`) and webserver (`ui.webserver`), and
    every heavy child and rank, here and on other hosts (`processes.run_main`).
    """
    os.umask(0o077)


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def verify_sha256(path: Path, expected: str) -> None:
    """Raise `MaverickError` unless `path` exists and has the SHA-256 `expected`."""
    if not path.is_file():
        raise MaverickError(f"{path} is missing; restore it or retrain")
    actual = sha256_of(path)
    if actual != expected:
        raise MaverickError(
            f"{path} is corrupt: sha256 {actual[:12]} instead of {expected[:12]}; "
            "restore it or retrain"
        )


def write_atomically(path: Path, data: bytes | str) -> None:
    """Replace `path` with `data`; a reader sees the old file or the new one, never a part."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    payload = data.encode() if isinstance(data, str) else data
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    staged = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(payload)
            stream.flush()
            os.fsync(stream.fileno())
        staged.chmod(0o600)  # whatever the umask
        staged.rename(path)
        sync(path.parent)
    except BaseException:
        staged.unlink(missing_ok=True)
        raise


def link_atomically(source: Path, path: Path) -> None:
    """Give the content of `source` the name `path`, too, on the same disk; it may be gigabytes."""
    staged = path.with_name(f".{path.name}.link")
    staged.unlink(missing_ok=True)
    try:
        os.link(source, staged)
        staged.chmod(0o600)  # whatever the umask
        sync(staged)
        staged.replace(path)
        sync(path.parent)
    finally:
        staged.unlink(missing_ok=True)


@contextmanager
def staged_directory(target: Path) -> Iterator[Path]:
    """Yield an empty sibling directory that becomes `target` when the block ends without error.

    An existing `target` is replaced. On an error the stage is removed and `target` is untouched.
    """
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    stage.chmod(0o700)
    try:
        yield stage
        for path in stage.rglob("*"):
            sync(path)
        if target.exists():
            shutil.rmtree(target)
        stage.rename(target)
        sync(target.parent)
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise


def sync(path: Path) -> None:
    """Have a file's content, or a directory's entries, written to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def hold_file(path: Path, content: bytes = b"") -> int:
    """Write a file that is locked until this process ends, or closes the descriptor.

    The kernel frees the lock however the process ends, a reboot included.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".")
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.write(descriptor, content)
    # Locked before it gets its name: a named file that is not locked is one of a dead process.
    Path(name).rename(path)
    return descriptor


def is_held(path: Path) -> bool | None:
    """Whether the process that holds a file lives; None where there is no such file."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
