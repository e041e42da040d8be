"""Variety and loops of texts that can be counted by hand."""

import math

import pytest

from maverick_assets.evaluation.text.variety import distinct, loops


def test_distinct_counts_different_runs_of_all_texts_together() -> None:
    assert distinct(["a b a b", "a b"], 1) == pytest.approx(2 / 6)
    assert distinct(["a b a b", "a b"], 2) == pytest.approx(2 / 4)  # ab, ba; no run spans two
    assert distinct(["one two", "three four"], 1) == 1


def test_case_is_no_variety_and_signs_are_words() -> None:
    assert distinct(["Yes! yes!"], 1) == pytest.approx(2 / 4)


def test_texts_that_are_too_short_have_no_variety_to_measure() -> None:
    assert math.isnan(distinct(["", "one"], 2))


@pytest.mark.parametrize(
    "text",
    [
        "I can do that for you. " * 3,
        "the same thing and " * 4,
        "Thanks, I will look at it and I will look at it and I will look at it.",
    ],
)
def test_a_text_that_turns_in_circles_loops(text: str) -> None:
    assert loops(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Yes.",
        "No, no, no, no!",
        "Hi Dana,\n\nThe kiln is ready. Come on Friday, and bring the glaze that you showed me.",
        "Send me the deck by Friday, or send me the deck by Monday.",
    ],
)
def test_ordinary_texts_do_not(text: str) -> None:
    assert not loops(text)
