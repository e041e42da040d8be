"""Errors of libraries may quote rows: their words stay in a private file."""

import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from maverick_assets.errors import MaverickError
from maverick_assets.files import write_atomically


@contextmanager
def words_withheld(folder: Path, *known: type[Exception]) -> Iterator[None]:
    """Inside, an error that nobody foresaw becomes a `MaverickError` that quotes nothing.

    Libraries quote what they choke on: `DETAIL: Failing row contains (...)`, `Could not convert
    'Dear Dana'`. Dagster stores an error's words for good, with those of its causes. So the words
    go to a file in `folder`, which the new error names, and our own errors lose their causes.
    Errors of the classes `known` pass.
    """
    try:
        yield
    except known:
        raise
    except MaverickError as error:
        raise error from None
    except Exception as error:
        # The system quotes nothing but a path: "[Errno 28] No space left on device: '/home/...'"
        from_system = isinstance(error, OSError) and error.errno is not None
        raise MaverickError(str(error) if from_system else _kept_apart(error, folder)) from None


def _kept_apart(error: Exception, folder: Path) -> str:
    """A sentence that says which error it is, where it arose, and which file has its words."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    path = folder / f"error-{os.getpid()}.txt"
    words = "".join(traceback.format_exception(error))
    try:
        write_atomically(path, words.encode("utf-8", "backslashreplace"))
    except OSError as unwritten:
        return f"{type(error).__name__}{place}; its words are lost: {unwritten.strerror}"
    return f"{type(error).__name__}{place}; what it says may quote rows, and stands in {path}"
