"""What people said, as it is kept: a line of JSON each, without any text."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Generic, TypeVar

from filelock import FileLock
from pydantic import AwareDatetime, Field, ValidationError

from maverick_assets.files import write_atomically
from maverick_assets.strict_model import StrictModel

OWNER = "owner"  # as a judge


class Said(StrictModel):
    """What somebody said about one example."""

    at: AwareDatetime
    judge: str = Field(description="the owner, or what stands for an acquaintance's token")
    personality: str
    example_id: str
    seed: int = Field(description="of the order in which the answers or options were shown")


Line = TypeVar("Line", bound=Said)


class LineFile(Generic[Line]):
    """Lines of one kind in a run home. Several processes may add to it."""

    def __init__(self, path: Path, kind: type[Line]) -> None:
        self._path = path
        self._kind = kind

    def add(self, said: Line) -> None:
        """Keep a line, on the disk when this returns."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        line = f"{said.model_dump_json()}\n".encode()
        with self._locked():
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                if _ends_within_a_line(descriptor):  # a power cut: that line is lost, alone
                    line = b"\n" + line
                while line:  # of a disk that is almost full a write takes a part, without an error
                    line = line[os.write(descriptor, line) :]
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def read(self, personality: str | None = None) -> list[Line]:
        """The lines of a personality, or of all, in order, without one that a power cut tore."""
        if not self._path.exists():
            return []
        parsed = [self._parsed(line) for line in self._path.read_bytes().splitlines()]
        return [each for each in parsed if each and personality in (None, each.personality)]

    def forget(self, example_ids: Collection[str]) -> int:
        """Remove what was said about these examples; how many lines went.

        A torn line goes with them, because nobody knows what it was about.
        """
        if not self._path.exists():
            return 0
        with self._locked():
            said = self.read()
            kept = [each for each in said if each.example_id not in example_ids]
            if len(kept) < len(said):
                lines = [f"{each.model_dump_json()}\n" for each in kept]
                write_atomically(self._path, "".join(lines))
        return len(said) - len(kept)

    def _locked(self) -> FileLock:
        return FileLock(self._path.with_name(f".{self._path.name}.lock"), timeout=60)

    def _parsed(self, line: bytes) -> Line | None:
        try:
            return self._kind.model_validate_json(line)
        except ValidationError:
            return None


def _ends_within_a_line(descriptor: int) -> bool:
    size = os.lseek(descriptor, 0, os.SEEK_END)
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
