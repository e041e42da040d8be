"""Drift of topics and lengths: nothing to see where nothing moved."""

import random

import pytest

from maverick_assets.lake.served import TOPICS, topic_of, topic_shares
from maverick_assets.pipeline.production.drift import MIN_ANSWERS, length_drift, topic_drift

TRAINING = [
    f"{greeting} the {thing} of the {client} must be {verb} before the weekend"
    for greeting in ("Please", "Hello", "Morning")
    for thing in ("invoice", "contract", "report", "questionnaire", "sample")
    for client in ("retailer", "bakery", "laboratory")
    for verb in ("finished", "printed", "signed", "delivered")
]
OTHER = [
    f"Which {drug} helps against {pain}, {doctor}?"
    for drug in ("tablet", "medicine", "exercise")
    for pain in ("migraine", "backache", "insomnia", "dizziness")
    for doctor in ("doctor", "sister", "honestly")
]


def topics_of(texts: list[str], count: int, seed: int) -> list[int]:
    rng = random.Random(seed)
    drawn = [topic_of(rng.choice(texts), rng.choice) for _ in range(count)]
    return [topic for topic in drawn if topic is not None]


def test_questions_like_those_of_training_have_not_drifted() -> None:
    """The p-value of the null is uniform: of 200 months, about one in twenty is below 0.05."""
    expected = topic_shares(TRAINING)
    found = [topic_drift(topics_of(TRAINING, 60, seed), expected) for seed in range(200)]
    below = sum(each is not None and each.p_value < 0.05 for each in found)
    assert 1 <= below <= 22


def test_questions_about_other_things_have_drifted_more_the_more_of_them_there_are() -> None:
    expected = topic_shares(TRAINING)
    mixtures = [
        topic_drift(topics_of(TRAINING, 200 - n, 1) + topics_of(OTHER, n, 2), expected)
        for n in (0, 50, 100, 150, 200)
    ]
    distances = [each.distance for each in mixtures if each is not None]
    assert distances == sorted(distances)
    assert 0 <= distances[0] < distances[-1] <= 1
    assert mixtures[-1] is not None and mixtures[-1].p_value < 0.005


def test_disjoint_topics_are_as_far_apart_as_can_be() -> None:
    expected = [1.0] + [0.0] * (TOPICS - 1)
    far = topic_drift([1] * MIN_ANSWERS, expected)
    same = topic_drift([0] * MIN_ANSWERS, expected)
    assert far is not None and far.distance == pytest.approx(1)
    assert same is not None and same.distance == pytest.approx(0, abs=1e-12)
    assert same.p_value == 1


def test_few_answers_say_nothing() -> None:
    assert topic_drift([1] * (MIN_ANSWERS - 1), topic_shares(TRAINING)) is None
    assert topic_drift([1] * MIN_ANSWERS, [0.0] * TOPICS) is None
    assert length_drift([1] * MIN_ANSWERS, [1] * (MIN_ANSWERS - 1)) is None


def test_longer_answers_have_drifted_and_equal_ones_have_not() -> None:
    rng = random.Random(3)
    training = [round(rng.gauss(150, 40)) for _ in range(300)]
    alike = length_drift([round(rng.gauss(150, 40)) for _ in range(60)], training)
    longer = length_drift([round(rng.gauss(220, 40)) for _ in range(60)], training)
    assert alike is not None and alike.p_value > 0.05
    assert longer is not None and longer.p_value < 1e-6
    assert longer.distance > 0.5
