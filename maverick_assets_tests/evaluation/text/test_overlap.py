"""BLEU and chrF of texts whose scores are known."""

import pytest

from maverick_assets.evaluation.text.overlap import bleu, chrf

REAL = ["The kiln will be ready on Friday morning.", "Please send me the invoice again."]


def test_equal_texts_have_all_in_common() -> None:
    assert bleu(REAL, REAL).score == pytest.approx(100)
    assert chrf(REAL, REAL).score == pytest.approx(100)


def test_texts_without_a_common_character_have_nothing_in_common() -> None:
    assert bleu(["xx zz", "xx"], ["the mat", "a bat"]).score == 0
    assert chrf(["xx zz", "xx"], ["the mat", "a bat"]).score == 0


def test_the_example_of_bleus_authors() -> None:
    """One word repeated counts as often as the real text has it (Papineni et al. 2002): of seven
    words two, and no pair. Smoothing halves the missing precisions: 1/2 of 1/6, 1/4 of 1/5, 1/8."""
    score = bleu(["the the the the the the the"], ["The cat is on the mat . ."]).score
    expected = (1 / 7 * (1 / 2 / 6) * (1 / 4 / 5) * (1 / 8 / 4)) ** 0.25
    assert score == pytest.approx(100 * expected * 2.718281828 ** (1 - 8 / 7), rel=1e-3)


def test_signatures_say_how_scores_were_computed() -> None:
    assert "tok:13a|smooth:exp" in bleu(REAL, REAL).signature
    assert "nc:6|nw:0" in chrf(REAL, REAL).signature
    assert "version:" in chrf(REAL, REAL).signature
