"""`maverick chat`: a question that asks for a decision shows what was decided before."""

import json

import pytest
from typer.testing import CliRunner, Result

from maverick_assets.cli.app import app
from maverick_assets.cli.serving.decision import decision_text
from maverick_assets.serving.allanbot.decision import Decision
from maverick_assets_tests.decisions.own_cases import SOURCES, write_cases
from maverick_assets_tests.serving.conftest import (
    make_released_home,
    prepared_tiny_base,
    released_home,
    tiny_adapters,
    tiny_base,
)
from maverick_assets_tests.serving.released_homes import ReleasedHome

__all__ = [
    "make_released_home",
    "prepared_tiny_base",
    "released_home",
    "tiny_adapters",
    "tiny_base",
]
TWIN = "allan-maverick"
QUESTION = "They ask for 30% off. Should we accept it?"


@pytest.fixture
def twin(released_home: ReleasedHome, monkeypatch: pytest.MonkeyPatch) -> ReleasedHome:
    released_home.release(TWIN, "v1.0", "adapter-0", sources=SOURCES)
    write_cases(released_home.settings.lake, personality=TWIN)
    monkeypatch.setenv("MAVERICK_HOME", str(released_home.settings.home))
    monkeypatch.setenv("MAVERICK_BASE_MODEL", str(released_home.settings.base_model))
    return released_home


def chat(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["chat", TWIN, *arguments])


def test_a_question_on_an_action_is_answered_as_a_decision(twin: ReleasedHome) -> None:
    lines = chat(QUESTION).stdout.splitlines()
    assert lines[0] in ("Yes", "No")
    assert lines[2].startswith("Odds: ")
    assert lines[3] == "The nearest of 5 own decisions:"
    (row,) = [at for at, line in enumerate(lines) if line.endswith(" crm_deals crm_deals-1")]
    assert lines[row + 2].strip() == "-> Outcome: lost. Never past 10."
    # Words drawn from random weights: they may have several lines.
    assert any(line.startswith("Allan Maverick v1.0:") for line in lines)


def test_named_options_are_weighed_whatever_is_asked(twin: ReleasedHome) -> None:
    options = [f"--option={option}" for option in ("accept", "decline", "wait")]
    result = json.loads(chat("They ask for 30% off.", *options, "--json").stdout)
    assert set(result["decision"]["probabilities"]) == {"accept", "decline", "wait"}
    assert result["answer"]
    plain = json.loads(chat("They ask for 30% off.", "--json").stdout)
    assert plain.keys() == {"version", "answer"}


def test_options_without_anything_to_decide_are_refused(twin: ReleasedHome) -> None:
    assert "write what is to be decided" in str(chat("--option=yes", "--option=no").exception)
    assert "1 options" in str(chat(QUESTION, "--option=yes").exception)


def test_facts_that_count_stand_below_the_odds() -> None:
    (example,) = Decision.model_config["json_schema_extra"]["examples"]  # type: ignore[index,call-overload]
    decision = Decision.model_validate(example)
    lines = decision_text(decision, "Allan", "No.").splitlines()
    assert lines[2:4] == ["Odds: decline 62%, accept 38%", "Facts that count: 30% (no)"]
    plain = decision_text(decision.model_copy(update={"facts": []}), "Allan", "No.")
    assert "Facts" not in plain
