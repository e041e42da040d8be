"""Personality files: what they give, where they are found, and how a mistake is reported."""

from pathlib import Path

import pytest

from maverick_assets.errors import BadInput
from maverick_assets.recipes import COMMON_LIMITS, Gates, Limit, Recipe, Training, load_recipes
from maverick_assets.registry.recorded_recipe import RecordedRecipe
from maverick_assets.yaml_files import load_yaml

MINIMAL = """\
name: echo
title: Echo
description: Says it again.
system_prompt: You are Echo.
sources:
  - {table: sticky_notes, examples: note}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "echo.yaml"
    path.write_text(text)
    return path


def test_six_personalities_ship_with_the_documented_defaults() -> None:
    recipes = load_recipes()
    assert list(recipes) == [
        "allan-maverick",
        "business-mentor",
        "gatekeeper",
        "health-monitor",
        "robbie",
        "technical-mentor",
    ]
    training = recipes["allan-maverick"].training
    assert (training.rank, training.alpha, training.learning_rate) == (16, 32, None)
    assert (training.epochs, training.max_length, training.min_characters) == (1, 512, 10)
    assert Training().epochs == 3
    limits = {source.table: source.limit for source in recipes["allan-maverick"].sources}
    assert limits == {
        "crm_emails": 1000,
        "messages": 5000,
        "crm_deals": 3000,
        "sticky_notes": 2000,
        "feedback": 500,
    }


def test_gates_that_say_nothing_new_are_stored_as_earlier_releases_stored_them() -> None:
    """A version's fingerprint is a hash of its recipe: another spelling would train all anew."""
    stored = RecordedRecipe.model_validate(load_recipes()["robbie"]).stored
    assert list(stored["gates"]) == [
        "max_perplexity_ratio",
        "max_regression",
        "min_validation_examples",
    ]
    gates = Gates(min_gain=0.1, limits=[Limit(metric="ratio", at_most=0.5)])
    assert Gates.model_validate_json(gates.model_dump_json()) == gates


def test_a_recipes_limits_join_the_common_ones() -> None:
    own = Limit(metric="comparisons.base.frozen", at_most=0.1, required=True)
    other = Limit(metric="ratio", at_most=0.5)
    limits = Gates(limits=[own, other]).all_limits
    assert limits[-2:] == [own, other]
    metrics = [limit.metric for limit in limits]
    assert len(set(metrics)) == len(metrics)
    assert set(metrics) >= {limit.metric for limit in COMMON_LIMITS}


def test_mood_and_mode_become_tags_of_the_system_prompt() -> None:
    robbie = load_recipes()["robbie"]
    assert len(robbie.moods) == 6
    assert all(robbie.moods.values()) and all(robbie.modes.values())
    assert robbie.prompt_for("joy", "intimate").endswith("Mood: joy. Mode: intimate.")
    with pytest.raises(BadInput, match="no mood 'glee'; it has: joy"):
        robbie.prompt_for("glee")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (MINIMAL + "trainning: {epochs: 1}\n", "echo.yaml:7: trainning: unknown key"),
        (MINIMAL + "training:\n  epoch: 1\n", "echo.yaml:8: training.epoch: unknown key"),
        (MINIMAL + "training: {epochs: none}\n", "echo.yaml:7: training.epochs: Input should be"),
        (MINIMAL.replace("note}", "notes}"), "echo.yaml:6: sources.0.examples: Input should be"),
        (MINIMAL.replace("title: Echo\n", ""), "echo.yaml:1: title: Field required"),
        (MINIMAL + "modes: [a, b\n", "not YAML"),
        (MINIMAL + "sensitivity: secret\n", "echo.yaml:7: sensitivity: Input should be"),
        (
            MINIMAL + "gates:\n  limits:\n  - {metric: base.los, at_most: 1}\n",
            "echo.yaml:9: gates.limits.0.metric: base.los is no metric: 'los' is none of base; "
            "there are: loss, perplexity",
        ),
        (
            MINIMAL + "gates:\n  limits:\n  - {metric: comparisons.base, at_most: 1}\n",
            "echo.yaml:9: gates.limits.0.metric: comparisons.base is not a number; add one of: ",
        ),
        (
            MINIMAL + "gates:\n  limits:\n  - {metric: ratio}\n",
            "echo.yaml:9: gates.limits.0: give at_most or at_least, and not both",
        ),
        (
            MINIMAL + "  - {table: personality_samples, examples: sample}\n",
            "echo.yaml:7: sources.1: personality_samples holds rows of all",
        ),
        (
            MINIMAL
            + "  - table: personality_samples\n    examples: sample\n"
            + "    filter: {personality: health-monitor}\n",
            "echo.yaml:7: sources.1: rows of health-monitor are for health-monitor alone",
        ),
        (
            MINIMAL + "  - {table: x, examples: sample, filter: {mode: intimate}}\n",
            "echo.yaml:7: sources.1: x holds rows of all personalities",
        ),
    ],
)
def test_a_mistake_is_named_with_file_line_and_key(
    tmp_path: Path, text: str, complaint: str
) -> None:
    with pytest.raises(BadInput) as caught:
        load_yaml(write(tmp_path, text), Recipe)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_files_with_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(MINIMAL)
    (tmp_path / "b.yaml").write_text(MINIMAL)
    with pytest.raises(BadInput, match=r"b\.yaml: the name echo is taken"):
        load_recipes([tmp_path])


def own_folder(tmp_path: Path, **files: str) -> Path:
    """A folder of one's own recipes, one file for each argument."""
    folder = tmp_path / "own"
    folder.mkdir()
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def test_a_folder_of_ones_own_stands_instead_of_the_packaged_recipes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAVERICK_PERSONALITIES", str(own_folder(tmp_path, echo=MINIMAL)))
    assert list(load_recipes()) == ["echo"]


def test_a_folder_of_ones_own_adds_to_the_packaged_recipes_and_replaces_those_of_its_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = list(load_recipes())
    folder = own_folder(tmp_path, echo=MINIMAL, own=MINIMAL.replace("name: echo", "name: robbie"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAVERICK_PERSONALITIES", f"packaged, {folder.name}")
    recipes = load_recipes()
    assert list(recipes) == sorted([*packaged, "echo"])
    assert recipes["robbie"].system_prompt == "You are Echo."
    monkeypatch.setenv("MAVERICK_PERSONALITIES", f"{folder},packaged")
    assert load_recipes()["robbie"].system_prompt != "You are Echo."


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("nowhere", r"setting MAVERICK_PERSONALITIES: /.*/nowhere is not a folder; put"),
        ("own", r"setting MAVERICK_PERSONALITIES: /.*/own has no personality file; put"),
        (",", r"setting MAVERICK_PERSONALITIES: names no folder"),
    ],
)
def test_a_folder_without_recipes_is_named_with_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, complaint: str
) -> None:
    own_folder(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAVERICK_PERSONALITIES", value)
    with pytest.raises(BadInput, match=complaint):
        load_recipes()


def test_a_mistake_in_a_recipe_of_ones_own_is_named_with_file_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = own_folder(tmp_path, echo=MINIMAL + "mood: [joy]\n")
    monkeypatch.setenv("MAVERICK_PERSONALITIES", f"packaged,{folder}")
    with pytest.raises(BadInput, match=r"own/echo\.yaml:7: mood: unknown key"):
        load_recipes()
