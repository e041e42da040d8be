"""Judgements of blind answers."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from maverick_assets.errors import BadInput
from maverick_assets.evaluation.people.blind import BlindQuestion
from maverick_assets.evaluation.people.line_file import LineFile, Said
from maverick_assets.figures.people import Writer


class Judgement(Said):
    """What a judge said of the answers to one question."""

    version: str
    ratings: dict[Writer, int]
    taken_for_owner: Writer | None  # None where the judge could not tell


class JudgementFile(LineFile[Judgement]):
    """The judgements of a run home."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "judgements.jsonl", Judgement)


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


def latest(judgements: Iterable[Judgement]) -> list[Judgement]:
    """The last judgement of each judge on each question."""
    last = {
        (each.judge, each.personality, each.version, each.example_id): each for each in judgements
    }
    return list(last.values())
