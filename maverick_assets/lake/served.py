"""What is kept of each answer that was served: times, counts and where it came from; no text.

The service appends a line to a file of the day (`Journal`), and the next ingest takes the lines
into the table `lake/metrics/served`. Nothing of it says who asked, and no word of question or
answer can be read out of it: `topic` is a number from 0 to 31 that stands for one random word.
"""

import hashlib
import os
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter
from pydantic.dataclasses import dataclass as checked_dataclass

from maverick_assets.lake.schema import schema_of

TOPICS = 32
_WORD = re.compile(r"[^\W\d_]{5,}")  # shorter words are mostly of grammar, in most languages
_LINE = 1024  # bytes of a line, at most: one write of so few is whole or absent


@dataclass(frozen=True)
class Served:
    """A complete answer. Its fields have the order of the columns."""

    id: str  # random: a line that is read twice is one row
    served_at: datetime  # to the minute
    personality: str
    version: str
    node: str
    caller: str  # `owner`, or `guest`: the kind of the token, and not which one
    first_token_ms: int  # from the request to the first word
    total_ms: int
    prompt_tokens: int
    completion_tokens: int
    stop: str  # stop, length or cancelled
    characters: int  # of the answer
    topic: int | None  # of the question (`topic_of`); None for one without a long word


SERVED_SCHEMA = schema_of(Served)


_Count = Annotated[int, Field(ge=0, lt=2**31)]


@checked_dataclass(frozen=True, config={"extra": "forbid"})
class _Line:
    """A line of the journal. Its fields are those of `Served`, checked."""

    id: str
    served_at: AwareDatetime
    personality: str
    version: str
    node: str
    caller: Literal["owner", "guest"]
    first_token_ms: _Count
    total_ms: _Count
    prompt_tokens: _Count
    completion_tokens: _Count
    stop: str
    characters: _Count
    topic: Annotated[int, Field(ge=0, lt=TOPICS)] | None


_LINES = TypeAdapter(_Line)


def topic_of(text: str, choose: Callable[[Sequence[str]], str] = random.choice) -> int | None:
    """The bucket, of `TOPICS`, of one random long word of a text; None without one.

    Five bits of one word cannot be turned back into it. Over many questions they estimate the mean
    share of each bucket's words (`topic_shares`), which moves when people ask about other things.
    """
    words = _WORD.findall(text)
    return _bucket(choose(words)) if words else None


def topic_shares(texts: Sequence[str]) -> list[float]:
    """The probability of each topic for a random one of the texts, as `topic_of` draws it.

    All 0 where no text has a long word.
    """
    sums = [0.0] * TOPICS
    counted = 0
    for text in texts:
        words = _WORD.findall(text)
        counted += bool(words)
        for word in words:
            sums[_bucket(word)] += 1 / len(words)
    return [each / max(counted, 1) for each in sums]


def _bucket(word: str) -> int:
    digest = hashlib.blake2b(word.casefold().encode(), digest_size=8).digest()
    return int.from_bytes(digest) % TOPICS


@dataclass(frozen=True)
class Journal:
    """Lines of JSON in files of a day each, which their owner alone can read."""

    folder: Path

    def note(self, served: Served) -> None:
        """Append a row. Raises `OSError` where it cannot be written.

        The line begins with a line break: where a crash or a full disk cut the line before it
        short, this one is still whole.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        line = b"\n" + TypeAdapter(Served).dump_json(served) + b"\n"
        if len(line) > _LINE:
            raise OSError(f"a line of {len(line)} bytes is too long for the journal")
        path = self.folder / f"{_day_of(served.served_at)}.jsonl"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, line)
        finally:
            os.close(descriptor)

    def days(self) -> list[Path]:
        """The files, the oldest first."""
        return sorted(self.folder.glob("*.jsonl"))


def read_day(path: Path) -> tuple[list[Served], int]:
    """The rows of a day's file, and how many lines are none: cut short, or of another program."""
    rows, damaged = [], 0
    for line in path.read_bytes().split(b"\n"):
        if not line.strip():
            continue
        try:
            rows.append(_row_of(line, path.stem))
        except (ValueError, OverflowError):
            damaged += 1
    return rows, damaged


def _row_of(line: bytes, day: str) -> Served:
    """A line that `note` could have written that day. Raises `ValueError` or `OverflowError`.

    Another one would stop each ingest (a number that no column holds) or stay for good (a day to
    come).
    """
    row = Served(**vars(_LINES.validate_json(line)))
    if len(line) > _LINE or _day_of(row.served_at) != day:
        raise ValueError("a line of another program")
    return row


def _day_of(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d}"


def minute_of(moment: datetime) -> datetime:
    """A moment to the minute, as rows keep it."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)
