"""Greetings, closings, case and punctuation are read as people write them."""

import pytest

from maverick_assets.evaluation.style.habits import (
    NONE,
    case_habits,
    closing,
    greeting,
    punctuation,
    shares,
)
from maverick_assets.evaluation.style.masking import NAME, Masking


@pytest.mark.parametrize(
    ("text", "greets", "closes"),
    [
        ("Morning Dana,\n\nGood.\n\nTalk soon,\nJohn", "Morning ?,", "Talk soon,\n?"),
        ("Dana -\n\nI opened it.\n\nFair winds,\nJohn", "? -", "Fair winds,\n?"),
        ("dana:\nplease send it.\njohn", "?:", "?"),
        ("Hi Dana, can you send it?", "Hi ?,", NONE),
        ("Hola Maria:\n\nvale\n\nUn abrazo,\nJuan", "Hola ?:", "Un abrazo,\n?"),
        ("See you there. A.", NONE, "A."),
        ("Good. Send it.\n\nRegards", NONE, "Regards"),
        ("Yes, I will.", NONE, NONE),
        ("All fine on my side", NONE, NONE),
        ("Tell John that I agree.\nHe knows the plan", NONE, NONE),
        ("", NONE, NONE),
    ],
)
def test_greeting_and_closing(text: str, greets: str, closes: str) -> None:
    masked = Masking()(text)
    assert greeting(masked).replace(NAME, "?") == greets
    assert closing(masked).replace(NAME, "?") == closes


def test_case_tells_how_sentences_begin_and_what_is_shouted() -> None:
    assert case_habits("no. Yes. i know\nASAP") == [
        *("small", "capital", "small", "capital"),
        *("i", "shouted"),
    ]


def test_how_often_somebody_says_i_is_no_habit_of_case() -> None:
    assert case_habits("I think I may. I am sure.") == case_habits("We think so. They are sure.")


def test_punctuation_counts_runs_as_one_mark_and_lines_without_any() -> None:
    assert punctuation("well... ok -- fine!!\nno mark") == ["...", "--", "!!", "line"]
    assert shares(["!", "!", "?"]) == {"!": 2 / 3, "?": 1 / 3}
    assert shares([]) == {}
