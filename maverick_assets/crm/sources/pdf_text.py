"""Title and text of PDF files, read in a child process whose time and memory are limited.

A PDF is a program in all but name: a few kilobytes can ask for hours of work. A document gets
processor time in proportion to its bytes, so that a book may take a minute, and a bomb may not.
"""

import importlib
import json
import os
import resource
import signal
import subprocess
import sys
from io import BytesIO
from types import TracebackType
from typing import IO, Any, NoReturn, Self

from maverick_assets.files import keep_files_private
from maverick_assets.processes import plain_environment

MAX_PAGES = 2_000
MAX_CHARACTERS = 5_000_000
MAX_MEMORY_BYTES = 450_000_000  # of the child, libraries included
_LENGTH_BYTES = 8  # before each document
_LEAST_SECONDS = 1.2
_BYTES_PER_SECOND = 50_000
_MAX_SECONDS = 60.0


class PdfReader:
    """A child process that reads one PDF after the other; a new one follows where it was killed."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def read(self, data: bytes) -> tuple[str | None, str]:
        """Title and text. Raises `ValueError` with the reason where it cannot be read."""
        if self._child is None:
            self._child = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # pypdf's remarks on broken files
                env=plain_environment(),
            )
        assert self._child.stdin is not None and self._child.stdout is not None
        try:
            self._child.stdin.write(len(data).to_bytes(_LENGTH_BYTES) + data)
            self._child.stdin.flush()
            answer = self._child.stdout.readline()
        except BrokenPipeError:
            answer = b""
        if not answer:  # the kernel ended it
            self._stop()
            raise ValueError(_over_limit(len(data)))
        result: dict[str, Any] = json.loads(answer)
        if "problem" in result:
            raise ValueError(result["problem"])
        return result["title"], result["text"]

    def _stop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.communicate()


def _seconds(size: int) -> float:
    """Processor time that a document of that many bytes may take."""
    return min(_LEAST_SECONDS + size / _BYTES_PER_SECOND, _MAX_SECONDS)


def _over_limit(size: int) -> str:
    return (
        f"took more than {_seconds(size):.0f} s of processor time or "
        f"{MAX_MEMORY_BYTES / 1e6:.0f} MB of memory, which is too much for its size"
    )


# The child's half


class _OverTime(BaseException):
    """No `Exception`, so that nothing in pypdf takes it for a fault of the file."""


def _serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer each document with a line of JSON: `title` and `text`, or the `problem`."""
    _limit(resource.RLIMIT_AS, MAX_MEMORY_BYTES)
    signal.signal(signal.SIGPROF, _raise_over_time)
    importlib.import_module("pypdf")  # before the clock of the first document runs
    while length := requests.read(_LENGTH_BYTES):
        data = requests.read(int.from_bytes(length))
        try:
            _limit_time(_seconds(len(data)))
            result = _title_and_text(data)
        except ValueError as error:
            result = {"problem": str(error)}
        except (_OverTime, MemoryError):
            result = {"problem": _over_limit(len(data))}
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        answers.write(json.dumps(result).encode() + b"\n")
        answers.flush()


def _limit_time(seconds: float) -> None:
    """Raise `_OverTime` after that much processor time; what catches no signals is killed."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    kill_at = int(used.ru_utime + used.ru_stime + seconds) + 2
    _limit(resource.RLIMIT_CPU, kill_at)
    signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit(kind: int, amount: int) -> None:
    """Lower a limit of this process, below the one that its own user may have set."""
    _, hard = resource.getrlimit(kind)
    soft = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
    resource.setrlimit(kind, (soft, hard))


def _raise_over_time(_number: int, _frame: object) -> NoReturn:
    raise _OverTime


def _title_and_text(data: bytes) -> dict[str, Any]:
    """Title and text of a PDF. Raises `ValueError` that says why it cannot be read."""
    import pypdf

    try:
        reader = pypdf.PdfReader(BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise ValueError("encrypted with a password")
        if len(reader.pages) > MAX_PAGES:
            raise ValueError(f"more than {MAX_PAGES:,} pages")
        pages: list[str] = []
        characters = 0
        for page in reader.pages:
            pages.append(page.extract_text())
            characters += len(pages[-1])
            if characters > MAX_CHARACTERS:
                raise ValueError(f"more than {MAX_CHARACTERS:,} characters")
        title = reader.metadata.title if reader.metadata else None
    except (ValueError, MemoryError):
        raise
    except Exception as error:  # pypdf fails in many ways on broken files
        raise ValueError(f"not a readable PDF: {error or type(error).__name__}") from error
    return {"title": (title or "").strip() or None, "text": "\n\n".join(pages)}


if __name__ == "__main__":
    keep_files_private()
    # pypdf prints nothing to stdout, and if it did, the answers would be elsewhere.
    with os.fdopen(os.dup(1), "wb") as _answers:
        os.dup2(2, 1)
        _serve(sys.stdin.buffer, _answers)
