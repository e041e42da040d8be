"""Secret keys of a run home: files that only their owner may read."""

import os
import secrets
from pathlib import Path

from maverick_assets.errors import MaverickError

KEY_BYTES = 32


def read_key(path: Path) -> bytes:
    """The key in a file.

    Raises `MaverickError` when the file is not a key, and when others may read it.
    """
    require_owner_only(path)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise MaverickError(f"{path} is no key of {KEY_BYTES} bytes; restore it from a backup")
    return key


def require_owner_only(path: Path) -> None:
    """Raise `MaverickError` when other accounts may read a file."""
    if path.stat().st_mode & 0o077:
        raise MaverickError(f"{path} can be read by others; run: chmod 600 {path}")


def create_key(path: Path) -> None:
    """Write a new key, complete or not at all. Of two processes at once, the first one wins."""
    create_secret(path, secrets.token_bytes(KEY_BYTES))


def create_secret(path: Path, content: bytes) -> None:
    """Write a new secret, complete or not at all; one that is there already stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    try:
        # A link fails where the file exists; a rename would replace the other process's key.
        path.hardlink_to(staged)
    except FileExistsError:
        pass
    finally:
        staged.unlink()
