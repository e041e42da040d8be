"""A report is one file that shows all, asks no other host, and runs no script of a mail."""

import json
import re
from pathlib import Path

import pytest

from maverick_assets.evaluation.reports.goals import goals_of
from maverick_assets.evaluation.reports.page import member, render_evaluation, render_fleet
from maverick_assets.figures.decisions import (
    Decider,
    DecisionFigures,
    DecisionScores,
    ReliabilityBin,
)
from maverick_assets.figures.figure import Interval
from maverick_assets.figures.people import PeopleFigures
from maverick_assets.registry.manifest import Manifest
from maverick_assets_tests.evaluation.reports.style_figures import STYLE
from maverick_assets_tests.registry.conftest import (
    SCORES,
    SUMMARY,
    TIMES,
    MakeManifest,
    make_manifest,
    parity,
)
from maverick_assets_tests.serving.released_homes import PASSED

__all__ = ["make_manifest"]

HOSTILE = '<script>alert(1)</script><img src="https://example.org/x.png">'
PEOPLE = PeopleFigures(
    judges=1,
    judgements=20,
    in_use=30,
    satisfaction=Interval(value=0.96, low=0.8, high=0.99, n=30),
)


@pytest.fixture
def evaluated(make_manifest: MakeManifest) -> Manifest:
    refused = PASSED.model_copy(update={"passed": False, "reasons": (f"too {HOSTILE}",)})
    return make_manifest("v1.1").model_copy(update={"metrics": SCORES, "gate": refused})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    sample = {"example_id": "a", "prompt": HOSTILE, "real": "Mine", "generated": "Its"}
    content = json.dumps([sample | {"others": {"base": "Bare"}}])
    (tmp_path / "samples.json").write_text(content)
    return tmp_path


def test_words_of_a_mail_are_text_and_nothing_is_loaded(evaluated: Manifest, folder: Path) -> None:
    page = render_evaluation(evaluated, [], folder, None)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    sources = re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?([^\"'\s)>]+)", page)
    assert [each for each in sources if "://" in each and "example.org" not in each] == []
    assert '<img src="https' not in page


def test_answers_stand_beside_each_other(evaluated: Manifest, folder: Path) -> None:
    page = render_evaluation(evaluated, [], folder, None)
    at = [page.index(word) for word in (">Mine<", ">Its<", ">Bare<")]
    assert at == sorted(at)
    assert ">refused</span>." in page
    assert f"{SCORES.adapter.perplexity:.3g}" in page


def test_without_samples_no_answer_is_shown(evaluated: Manifest, tmp_path: Path) -> None:
    page = render_evaluation(evaluated, [], tmp_path, None)
    assert "Answers side by side" not in page
    assert "Gates" in page


def test_the_trend_has_every_version_that_was_measured(evaluated: Manifest, folder: Path) -> None:
    earlier = [evaluated.model_copy(update={"metrics": None}), evaluated]
    page = render_evaluation(evaluated, earlier, folder, None)
    assert page.count('<circle class="point"') == 2
    assert "v1.1: 0.226, v1.1: 0.226" in page  # the same to those who see no picture


def test_goals_are_reached_or_missed_or_say_what_is_missing(evaluated: Manifest) -> None:
    goals = {goal.name: goal for goal in goals_of(evaluated, PEOPLE)}
    assert goals["user satisfaction"].reached is True
    assert goals["user satisfaction"].measured == "0.96 (0.8 to 0.99), n 30"
    assert goals["perplexity"].reached is (SCORES.adapter.perplexity < 10)
    assert goals["training loss"].reached is None
    for name in ("automation", "business value", "decision matching", "response accuracy"):
        assert (goals[name].reached, goals[name].measured) == (None, "")
        assert goals[name].missing
    assert "`maverick rate NAME`" in goals["response accuracy"].missing
    without = {goal.name: goal for goal in goals_of(evaluated, None)}
    assert without["user satisfaction"].reached is None


def test_the_training_loss_is_the_mean_of_the_last_steps(evaluated: Manifest) -> None:
    steps = [(step, 9.0 if step <= 10 else 0.25) for step in range(1, 31)]
    trained = evaluated.model_copy(
        update={"training": SUMMARY.model_copy(update={"losses": steps})}
    )
    goal = next(goal for goal in goals_of(trained, None) if goal.name == "training loss")
    assert (goal.measured, goal.reached) == ("0.25", True)


def test_odds_are_drawn_as_often_as_they_were_right(evaluated: Manifest, folder: Path) -> None:
    share = Interval(value=0.75, low=0.5, high=0.9, n=20)
    deals = DecisionScores(
        options=("yes", "no"),
        twin=Decider(name="twin", accuracy=share, log_loss=0.5, brier=0.3),
        beside=(),
        expected_calibration_error=0.1,
        calibration_error_by_chance=0.05,
        reliability=(
            ReliabilityBin(n=10, confidence=0.5, accuracy=0.5),
            ReliabilityBin(n=10, confidence=1, accuracy=0.9),
        ),
        order_flips=0,
        twin_entropy=0.6,
        owner_entropy=0.7,
    )
    metrics = SCORES.model_copy(update={"decisions": DecisionFigures(temperature=1, deals=deals)})
    decided = evaluated.model_copy(update={"metrics": metrics})
    page = render_evaluation(decided, [], folder, None)
    assert 'cx="130.0" cy="110.0"' in page  # the middle of the square
    assert 'cx="220.0" cy="38.0"' in page
    assert "10 decisions: said 1, right 0.9 (0.596 to 0.982)" in page
    goal = next(goal for goal in goals_of(decided, None) if goal.name == "decision matching")
    assert (goal.measured, goal.reached) == ("0.75 (0.5 to 0.9), n 20", False)


def test_a_fleet_report_links_to_the_evaluations(evaluated: Manifest) -> None:
    page = render_fleet("Month", "All.", [member(evaluated, [], PEOPLE, "../robbie/v1.1/")])
    assert '<a href="../robbie/v1.1/">robbie</a>' in page
    assert "user satisfaction" in page


def test_a_page_says_how_fast_it_answers_and_where(evaluated: Manifest, folder: Path) -> None:
    exported = parity(True).model_copy(update={"response_times": TIMES})
    page = render_evaluation(evaluated.model_copy(update={"parity": exported}), [], folder, None)
    assert "after 200 ms, in 95 % of the answers within 310 ms" in page
    assert "97 tokens a second, in 95 % at least 71" in page
    assert "on Some CPU 9, 2 cores" in page
    assert "it answers alike" in page


def test_a_page_draws_each_measure_of_style_or_says_why_it_has_no_score(
    evaluated: Manifest, folder: Path
) -> None:
    metrics = SCORES.model_copy(update={"style": STYLE})
    page = render_evaluation(evaluated.model_copy(update={"metrics": metrics}), [], folder, None)
    panel = page.split("How alike it writes")[1].split("<h2>")[0]
    assert "authorship: this version 0.5 (0.25 to 0.75), base 0, prompt pack -0.5" in panel
    assert "no score: too little text of: owner" in panel
