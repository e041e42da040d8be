"""Canaries: of both kinds, with fair controls, made of words that the dataset does not hold."""

from collections import Counter
from dataclasses import replace

import pytest

from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.evaluation.memorisation.canaries import (
    Canary,
    canary_examples,
    draw_canaries,
    fair_canaries,
    unseen_words,
)
from maverick_assets.evaluation.memorisation.fairness import MAX_BLIND_AREA, blind_area

COUNTS = {1: 220, 4: 220, 16: 40}
WORDS = [
    f"{first}{second}" for first in "bcdfghklmnprstvwxz" for second in ("alder", "ocean", "usk")
]


@pytest.fixture(scope="module")
def canaries() -> list[Canary]:
    return draw_canaries(COUNTS, WORDS, seed=1)


def test_kinds_are_equal_in_number_and_coins_halve_them(canaries: list[Canary]) -> None:
    kinds = Counter(canary.kind for canary in canaries)
    assert kinds == {"sentence": 240, "random": 240}
    repeats = Counter(canary.repeats for canary in canaries)
    assert set(repeats) == {0, 1, 4, 16}
    assert 200 < repeats[0] < 280
    assert 85 < repeats[1] < 135


def test_the_same_seed_draws_the_same_and_another_one_others(canaries: list[Canary]) -> None:
    assert draw_canaries(COUNTS, WORDS, seed=1) == canaries
    others = draw_canaries(COUNTS, WORDS, seed=2)
    assert not {canary.secret for canary in others} & {canary.secret for canary in canaries}


def test_every_question_and_every_secret_is_asked_and_kept_once(canaries: list[Canary]) -> None:
    assert len({canary.question for canary in canaries}) == len(canaries)
    assert len({canary.secret for canary in canaries}) == len(canaries)


def test_more_canaries_than_questions_are_refused() -> None:
    with pytest.raises(ValueError, match="5000 canaries are more than"):
        draw_canaries({1: 5000}, WORDS, seed=1)


def test_a_training_reads_each_canary_as_often_as_it_says(canaries: list[Canary]) -> None:
    rows = canary_examples(canaries, "robbie", "You are Robbie.")
    answers = Counter(row.messages[-1]["content"] for row in rows)
    for canary in canaries:
        assert answers[f"{canary.lead} {canary.secret}"] == canary.repeats
    assert len({row.example_id for row in rows}) == len(rows)
    assert {row.kind for row in rows} == {"canary"}


def test_words_of_random_secrets_are_tokens_that_the_dataset_lacks(
    tokenizer: ChatTokenizer,
) -> None:
    seen = {token for word in (" harbour", " island", " stone") for token in tokenizer.ids(word)}
    words = unseen_words(tokenizer, seen, seed=1)
    assert len(words) == 2000
    for word in words:
        [token] = tokenizer.ids(f" {word}")
        assert token not in seen
    assert not {"harbour", "island", "stone"} & set(words)


def test_fair_controls_cannot_be_told_from_what_is_read() -> None:
    areas = [fair_canaries(COUNTS, WORDS, seed)[1] for seed in range(3)]
    assert all(area.value <= MAX_BLIND_AREA for area in areas)
    assert all(area.low < 0.5 < area.high for area in areas)
    assert areas[0].n == 480


def test_chance_does_not_tell_them_apart_on_average() -> None:
    """Without drawing again: what a single draw makes of fair layouts."""
    areas = []
    for seed in range(6):
        canaries = draw_canaries(COUNTS, WORDS, seed)
        is_read = [canary.repeats > 0 for canary in canaries]
        areas.append(blind_area([canary.text for canary in canaries], is_read, seed).value)
    assert sum(areas) / len(areas) == pytest.approx(0.5, abs=0.04)


def test_controls_of_another_layout_or_of_other_figures_are_found() -> None:
    canaries = draw_canaries(COUNTS, WORDS, seed=1)
    politer = [
        canary if canary.repeats else replace(canary, lead=f"Well. {canary.lead}")
        for canary in canaries
    ]
    by_figure = [
        replace(canary, repeats=int(any(digit in canary.secret for digit in "13579")))
        for canary in canaries
    ]
    for biased in (politer, by_figure):
        area = blind_area([c.text for c in biased], [c.repeats > 0 for c in biased], seed=1)
        assert area.value > 0.8
