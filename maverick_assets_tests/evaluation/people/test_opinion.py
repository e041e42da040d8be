"""Figures of what people said, with known answers."""

import pytest

from maverick_assets.evaluation.people.blind import BlindQuestion
from maverick_assets.evaluation.people.judgements import Judgement, judged
from maverick_assets.evaluation.people.opinion import mean_rating, opinion_of


def judgement(example: int, pick: int | None, version: str = "v1.0") -> Judgement:
    question = BlindQuestion(
        personality="persona",
        version=version,
        question_id=f"q{example}",
        seed=7,
        prompt="?",
        answers=("mine", "its"),
        example_id=f"example-{example}",
        writers=("owner", "version"),
    )
    return judged(question, [8, 4 + example % 3], pick, "owner")


def test_shares_ratings_and_ties_of_one_version() -> None:
    said = [judgement(number, [0, 0, 1, None][number % 4]) for number in range(12)]
    figures = opinion_of("v1.0", [*said, judgement(0, 1, "v1.1")], [])
    assert (figures.judgements, figures.judges, figures.ties) == (12, 1, 3)
    assert figures.taken_for_owner["owner"].value == pytest.approx(6 / 12)
    assert figures.taken_for_owner["version"].value == pytest.approx(3 / 12)
    assert figures.ratings["version"].value == pytest.approx(5)
    assert "prompt_pack" not in figures.ratings
    assert figures.satisfaction is None


def test_satisfaction_is_the_share_of_high_ratings() -> None:
    figures = opinion_of("v1.0", [], [10, 8, 7])
    assert figures.in_use == 3
    assert figures.satisfaction is not None
    assert figures.satisfaction.value == pytest.approx(2 / 3)


def test_the_mean_has_students_interval_within_the_scale() -> None:
    # Of 2, 4, 4, 6: deviation 1.633, t(3) 3.182, so 4 +- 2.598.
    figure = mean_rating([2, 4, 4, 6])
    assert (figure.low, figure.high) == (
        pytest.approx(1.402, abs=1e-3),
        pytest.approx(6.598, abs=1e-3),
    )
    assert mean_rating([9, 10, 10]).high == 10


def test_one_rating_or_equal_ratings_are_not_certain() -> None:
    assert (mean_rating([7]).low, mean_rating([7]).high) == (1, 10)
    assert mean_rating([10] * 5).low < 9
