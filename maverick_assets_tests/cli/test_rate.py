"""`maverick rate`: blind questions in the terminal."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from maverick_assets.cli.app import app
from maverick_assets.evaluation.people.asked_again import RepeatedDecisionFile
from maverick_assets.evaluation.people.judgements import JudgementFile
from maverick_assets_tests.decisions.own_cases import write_cases
from maverick_assets_tests.evaluation.people.conftest import (
    judged_home,
    make_released_home,
    prepared_tiny_base,
    released_home,
    tiny_adapters,
    tiny_base,
)
from maverick_assets_tests.evaluation.people.old_decisions import DECISIONS
from maverick_assets_tests.serving.released_homes import ReleasedHome

__all__ = [
    "judged_home",
    "make_released_home",
    "prepared_tiny_base",
    "released_home",
    "tiny_adapters",
    "tiny_base",
]


@pytest.fixture(autouse=True)
def home(judged_home: ReleasedHome, monkeypatch: pytest.MonkeyPatch) -> ReleasedHome:
    monkeypatch.setenv("MAVERICK_HOME", str(judged_home.settings.home))
    return judged_home


def rate(*arguments: str, said: str = "") -> Result:
    return CliRunner().invoke(app, ["rate", "persona", *arguments], input=said)


def kept(home: ReleasedHome) -> JudgementFile:
    return JudgementFile(home.settings.judgements)


def test_questions_are_asked_and_the_result_shown(home: ReleasedHome) -> None:
    result = rate("--questions", "2", said="7\n8\n9\na\n1\n2\n3\n=\n")
    assert result.exit_code == 0, result.output
    assert "Question 2 of 2" in result.stdout
    assert "2 questions judged by 1, 1 ties" in result.stdout
    first, second = kept(home).read("persona")
    assert sorted(first.ratings.values()) == [7, 8, 9]
    assert first.ratings[first.taken_for_owner or "version"] == 7  # A was rated 7
    assert second.taken_for_owner is None


def test_nothing_names_the_writers_before_the_end(home: ReleasedHome) -> None:
    shown = rate("--questions", "1").stdout.partition("questions judged")[0]
    assert "Which" not in shown  # ended at the first prompt
    assert "owner:" not in shown
    assert kept(home).read("persona") == []


def test_an_end_keeps_what_was_said_before(home: ReleasedHome) -> None:
    result = rate("--questions", "3", said="7\n8\n9\nb\n5\n\n")
    assert result.exit_code == 0, result.output
    assert len(kept(home).read("persona")) == 1


def test_a_wrong_answer_is_asked_again(home: ReleasedHome) -> None:
    result = rate("--questions", "1", said="eleven\n11\n7\n8\n9\nD\nc\n")
    assert result.exit_code == 0, result.output
    (judgement,) = kept(home).read("persona")
    assert judgement.ratings[judgement.taken_for_owner or "version"] == 9


def test_results_are_shown_without_questions(home: ReleasedHome) -> None:
    rate("--questions", "1", said="7\n8\n9\na\n")
    result = json.loads(rate("--results", "--json").stdout)
    assert result["judgements"] == 1
    assert set(result["ratings"]) == {"owner", "version", "prompt_pack"}


def test_a_version_without_answers_says_what_to_do(home: ReleasedHome, tmp_path: Path) -> None:
    home.release("persona", "v1.1", "adapter-1")
    result = rate()
    assert "persona v1.1 has no report with answers; evaluate it first" in str(result.exception)


def test_old_decisions_are_asked_again(home: ReleasedHome) -> None:
    write_cases(home.settings.lake, DECISIONS)
    result = rate("--decisions", said="a\ns\nx\nb\n\n")
    assert result.exit_code == 0, result.output
    assert "Decision 3 of 8" in result.stdout
    assert "Outcome" not in result.stdout
    assert "X is not one of" in result.stderr
    lines = RepeatedDecisionFile(home.settings.judgements).read("persona")
    assert len(lines) == 2  # one was skipped, and the fourth ended it
    first = result.stdout.partition("What do you decide: ")[2].splitlines()[0]
    assert first.startswith(f"A {lines[0].option}, ")
    assert "decided again" in result.stdout
    shown = json.loads(rate("--results", "--json").stdout)["repeated_decisions"]
    assert sum(each["n"] for each in shown.values()) == 2


def test_a_personality_without_decisions_says_what_is_missing(home: ReleasedHome) -> None:
    assert "has no decision older than 30 days" in str(rate("--decisions").exception)
