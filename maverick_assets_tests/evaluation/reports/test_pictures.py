"""Marks lie where their figures are, and say the same in words."""

import math

import pytest

from maverick_assets.evaluation.reports.pictures import (
    MARGIN,
    ONE_AT,
    SQUARE,
    STRIP_WIDTH,
    TREND_WIDTH,
    ZERO_AT,
    reliability_marks,
    style_rows,
    trend_rows,
)
from maverick_assets.figures.decisions import ReliabilityBin
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.personality import Consistency, PersonalityFigures
from maverick_assets.registry.manifest import Manifest
from maverick_assets_tests.evaluation.reports.style_figures import MEASURED, STYLE
from maverick_assets_tests.registry.conftest import SCORES, MakeManifest, make_manifest

__all__ = ["make_manifest"]


def test_a_row_has_the_version_between_the_marks_of_0_and_1() -> None:
    row = style_rows(STYLE)[0]
    assert row.candidate is not None
    assert row.candidate.x == pytest.approx((ZERO_AT + ONE_AT) / 2)
    assert row.candidate.low == pytest.approx(ZERO_AT + (ONE_AT - ZERO_AT) / 4)
    assert row.candidate.words == "this version 0.5 (0.25 to 0.75)"


def test_references_lie_on_the_same_scale_and_far_ones_at_its_end() -> None:
    references = {each.name: each for each in style_rows(STYLE)[0].references}
    assert references["base"].x == pytest.approx(ZERO_AT)
    assert references["prompt_pack"].words == "prompt pack -0.5"
    assert (references["other"].x, references["other"].is_beyond) == (0, True)
    assert references.keys() == {"base", "prompt_pack", "other"}  # the senders are no number


def test_every_measure_has_a_row_in_the_order_of_the_panel() -> None:
    rows = style_rows(STYLE)
    names = ["authorship", "function words", "habit: length", "habit: greeting", "detector"]
    assert [row.name for row in rows] == [*names, "meaning"]
    assert rows[-1].candidate is None
    assert rows[-1].reason == "too little text of: owner"


def test_an_interval_without_ends_is_a_point() -> None:
    bare = Interval(value=0.5, low=math.nan, high=math.nan, n=0)
    style = STYLE.model_copy(update={"authorship": MEASURED.model_copy(update={"score": bare})})
    mark = style_rows(style)[0].candidate
    assert mark is not None
    assert mark.low == mark.x == mark.high


def test_a_score_beyond_the_strip_stays_on_it() -> None:
    low = Interval(value=-7, low=-9, high=-5, n=200)
    style = STYLE.model_copy(update={"authorship": MEASURED.model_copy(update={"score": low})})
    mark = style_rows(style)[0].candidate
    assert mark is not None
    assert (mark.x, mark.low, mark.high) == (0, 0, 0)
    assert mark.words == "this version -7 (-9 to -5)"
    assert 0 < ZERO_AT < ONE_AT < STRIP_WIDTH


def test_honest_odds_lie_on_the_diagonal() -> None:
    marks = reliability_marks(
        [ReliabilityBin(n=40, confidence=share, accuracy=share) for share in (0.5, 0.75, 1.0)]
    )
    for mark in marks:
        assert mark.x - MARGIN == pytest.approx(SQUARE - (mark.y - MARGIN / 2))
        assert mark.high <= mark.y <= mark.low  # downwards
    assert marks[0].words == "40 decisions: said 0.5, right 0.5 (0.352 to 0.648)"


@pytest.fixture
def versions(make_manifest: MakeManifest) -> list[Manifest]:
    """Three versions, of which the second was not evaluated."""
    ratios = {"v1.0": 0.8, "v1.1": None, "v2.0": 0.4}
    return [
        make_manifest(version).model_copy(
            update={"metrics": ratio and SCORES.model_copy(update={"ratio": ratio})}
        )
        for version, ratio in ratios.items()
    ]


def test_a_trend_goes_from_the_oldest_version_to_the_newest(versions: list[Manifest]) -> None:
    [row] = trend_rows(versions)
    assert (row.name, row.first, row.last) == ("perplexity / that of the base", "0.8", "0.4")
    first, last = row.marks
    assert (first.words, last.words) == ("v1.0: 0.8", "v2.0: 0.4")
    assert first.x < last.x < TREND_WIDTH
    assert first.y < last.y  # less lies lower
    assert (first.low, first.high) == (first.y, first.y)


def test_a_figure_that_one_version_has_is_no_trend(versions: list[Manifest]) -> None:
    share = Interval(value=0.9, low=0.7, high=1.0, n=20)
    heard = Consistency(classifier=share, voices=(), own=share, candidate=share, heard={})
    metrics = SCORES.model_copy(
        update={"personality": PersonalityFigures(consistency=heard), "ratio": math.nan}
    )
    with_voice = versions[2].model_copy(update={"metrics": metrics})
    assert trend_rows([*versions[:2], with_voice]) == []
    [row] = trend_rows([with_voice, versions[1], with_voice])
    assert row.name == "answers in which it is heard"
    assert [mark.words for mark in row.marks] == ["v2.0: 0.9 (0.7 to 1)"] * 2
    assert row.marks[0].high < row.marks[0].y < row.marks[0].low


def test_a_trend_of_zeros_is_drawn(versions: list[Manifest]) -> None:
    flat = versions[0].model_copy(update={"metrics": SCORES.model_copy(update={"ratio": 0.0})})
    [row] = trend_rows([flat, flat])
    assert all(math.isfinite(mark.y) for mark in row.marks)
