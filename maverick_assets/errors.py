"""Errors that a user reads: one line that says what is wrong, where, and what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from maverick_assets.printable import one_line


class MaverickError(Exception):
    """Work failed for a reason outside the input (exit code 1)."""

    exit_code = 1

    def __init__(self, message: str = "") -> None:
        super().__init__(one_line(message))


class BadInput(MaverickError):
    """The user gave something unusable: a file, a setting, an argument (exit code 2)."""

    exit_code = 2


class Interrupted(MaverickError):
    """A training was stopped and has saved a checkpoint."""

    exit_code = 75  # sysexits.h: EX_TEMPFAIL, try again later

    def __init__(self) -> None:
        super().__init__("training was stopped and saved; run the same command again to resume it")


def first_line(error: BaseException) -> str:
    """The first line of a library's message; the name of the error's class where it has none."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


@contextmanager
def errors_as(problem: str, *causes: type[Exception]) -> Iterator[None]:
    """Inside, errors of the classes `causes` become `MaverickError` with `problem: first line`."""
    try:
        yield
    except causes as error:
        raise MaverickError(f"{problem}: {first_line(error)}") from error
