"""General skills: who forgot them, and who did not."""

import math
from collections import Counter

import numpy as np
import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.evaluation.text.skills import (
    ANSWERS,
    measure_skills,
    skill_questions,
    skill_rows,
)

N = len(skill_questions())


def losses(right: float, wrong: float, first: int = N) -> list[float]:
    """Losses of a model that gives the right answer `right` nats in the first questions, and knows
    nothing of the others."""
    known = [right, wrong, wrong, wrong]
    return known * first + [1.0] * ANSWERS * (N - first)


def test_a_model_that_knows_nothing_chooses_one_answer_in_four() -> None:
    skills = measure_skills([1.0] * ANSWERS * N, [1.0] * ANSWERS * N)
    assert skills.probability == pytest.approx(0.25)
    assert skills.difference.value == 0
    assert (skills.difference.low, skills.difference.high) == (0, 0)


def test_the_probability_of_the_right_answer_is_known() -> None:
    """One nat ahead of three others: e / (e + 3)."""
    skills = measure_skills(losses(1.0, 2.0), losses(1.0, 2.0))
    assert skills.probability == pytest.approx(math.e / (math.e + 3))
    assert skills.accuracy == skills.base_accuracy == 1


def test_a_version_that_forgot_is_below_its_base_beyond_the_interval() -> None:
    skills = measure_skills(losses(1.0, 3.0, first=20), losses(1.0, 3.0))
    assert skills.difference.high < 0
    assert skills.accuracy >= 0.5  # a tie goes to the first answer
    assert skills.difference.value == pytest.approx(skills.probability - skills.base_probability)


def test_noise_is_not_forgetting() -> None:
    rng = np.random.default_rng(1)
    base = rng.normal(2, 0.5, ANSWERS * N)
    own = base + rng.normal(0, 0.1, ANSWERS * N)
    interval = measure_skills(list(own), list(base)).difference
    assert interval.low < 0 < interval.high


def test_questions_have_four_answers_each_once() -> None:
    assert N == 40
    assert all(len(set(question.answers)) == ANSWERS for question in skill_questions())
    asked = Counter(question.ask for question in skill_questions())
    assert max(asked.values()) == 1


def test_every_answer_is_a_row_whose_tokens_are_supervised(tiny_base: PreparedBase) -> None:
    tokenizer = ChatTokenizer(tiny_base.directory)
    rows = skill_rows(tokenizer)
    assert len(rows) == ANSWERS * N
    for at, question in enumerate(skill_questions()):
        for row, answer in zip(rows[ANSWERS * at :], question.answers, strict=False):
            assert tokenizer.decode(row.input_ids[row.n_prompt :]).strip() == answer
            assert not row.cut_prompt
