"""Judgements as they are kept: without any text, one line of JSON each."""

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock
from pydantic import AwareDatetime, Field, ValidationError

from maverick_assets.errors import BadInput
from maverick_assets.evaluation.people.blind import BlindQuestion
from maverick_assets.figures.people import Writer
from maverick_assets.strict_model import StrictModel

OWNER = "owner"  # as a judge
_FILE = "judgements.jsonl"


class Judgement(StrictModel):
    """What a judge said of the answers to one question."""

    at: AwareDatetime
    judge: str = Field(description="the owner, or what stands for an acquaintance's token")
    personality: str
    version: str
    example_id: str
    seed: int = Field(description="of the order in which the answers were shown")
    ratings: dict[Writer, int]
    taken_for_owner: Writer | None = Field(description="None where the judge could not tell")


def judged(
    question: BlindQuestion, ratings: Sequence[int], pick: int | None, judge: str
) -> Judgement:
    """A judgement from what was said of the answers in their order.

    `pick` is the place of the answer that the judge takes for the owner's, or None for a tie.
    Raises `BadInput` unless each answer has a rating from 1 to 10 and `pick` is one of them.
    """
    if len(ratings) != len(question.answers) or not all(1 <= each <= 10 for each in ratings):
        raise BadInput(f"rate each of the {len(question.answers)} answers from 1 to 10")
    if pick is not None and not 0 <= pick < len(question.answers):
        raise BadInput(f"choose one of the {len(question.answers)} answers, or none")
    return Judgement(
        at=datetime.now(UTC),
        judge=judge,
        personality=question.personality,
        version=question.version,
        example_id=question.example_id,
        seed=question.seed,
        ratings=dict(zip(question.writers, ratings, strict=True)),
        taken_for_owner=None if pick is None else question.writers[pick],
    )


class JudgementFile:
    """The judgements of a run home. Several processes may add to it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE

    def add(self, judgement: Judgement) -> None:
        """Keep a judgement, on the disk when this returns."""
        folder = self._path.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        line = f"{judgement.model_dump_json()}\n".encode()
        with FileLock(folder / f".{_FILE}.lock", timeout=60):
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                if _ends_within_a_line(descriptor):  # a power cut: that judgement is lost, alone
                    line = b"\n" + line
                os.write(descriptor, line)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def read(self, personality: str) -> list[Judgement]:
        """The judgements of a personality, in order; a line that a power cut tore is left out."""
        if not self._path.exists():
            return []
        lines = self._path.read_bytes().splitlines()
        return [each for each in map(_parsed, lines) if each and each.personality == personality]


def latest(judgements: Iterable[Judgement]) -> list[Judgement]:
    """The last judgement of each judge on each question."""
    return list({(each.judge, each.version, each.example_id): each for each in judgements}.values())


def _ends_within_a_line(descriptor: int) -> bool:
    size = os.lseek(descriptor, 0, os.SEEK_END)
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"


def _parsed(line: bytes) -> Judgement | None:
    try:
        return Judgement.model_validate_json(line)
    except ValidationError:
        return None
