"""Personality and fleet files: what they give, and how a mistake in one is reported."""

from pathlib import Path

import pytest

from maverick_assets.errors import BadInput
from maverick_assets.recipes import (
    FLEETS,
    Fleet,
    Recipe,
    Training,
    load_fleet,
    load_recipes,
    load_yaml,
)

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
        "crm_deals": 500,
        "sticky_notes": 2000,
        "feedback": 500,
    }


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
        (
            MINIMAL + "  - {table: personality_samples, examples: sample}\n",
            "echo.yaml:7: sources.1: personality_samples holds rows of all; add filter",
        ),
        (
            MINIMAL
            + "  - table: personality_samples\n    examples: sample\n"
            + "    filter: {personality: health-monitor}\n",
            "echo.yaml:7: sources.1: rows of health-monitor are for health-monitor alone",
        ),
        (
            MINIMAL + "  - {table: x, examples: sample, filter: {mode: intimate}}\n",
            "echo.yaml:7: sources.1: x holds rows of all",
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
        load_recipes(tmp_path)


def test_the_default_fleet_has_one_node_for_all() -> None:
    assert load_fleet("laptop").placement(["a", "b"]) == {"laptop": ["a", "b"]}


@pytest.mark.parametrize(
    ("nodes", "complaint"),
    [
        ([{"name": "x", "personalities": ["a"]}], "b is placed on no node"),
        ([{"name": "x"}, {"name": "y"}], "a is placed on x and y"),
        ([{"name": "x", "personalities": ["a", "b", "c"]}], "no personality c"),
        ([{"name": "x"}, {"name": "x", "personalities": []}], "two nodes have the name x"),
    ],
)
def test_a_personality_is_placed_on_exactly_one_node(
    nodes: list[dict[str, object]], complaint: str
) -> None:
    fleet = Fleet.model_validate({"name": "test", "nodes": nodes})
    with pytest.raises(BadInput, match=complaint):
        fleet.placement(["a", "b"])


def test_a_fleet_that_does_not_exist_is_named() -> None:
    with pytest.raises(BadInput, match=r"nowhere\.yaml: no such file"):
        load_fleet("nowhere")


def test_the_fleet_of_five_cards_has_room_for_training_and_inference_on_each() -> None:
    fleet = load_fleet("rtx4090x5")
    placed = fleet.placement(list(load_recipes()))
    assert placed["aurora"] == ["allan-maverick"]
    assert [placed[name][0] for name in ("collaboration", "fluenti", "vengeance")] == [
        "robbie",
        "business-mentor",
        "gatekeeper",
    ]
    assert {node.name: node.gpus for node in fleet.nodes} == {
        "aurora": 2,
        "collaboration": 1,
        "fluenti": 1,
        "vengeance": 1,
    }
    assert all((node.training_gb, node.inference_gb) == (16, 8) for node in fleet.nodes)


def test_every_fleet_that_ships_places_every_personality() -> None:
    for path in FLEETS.glob("*.yaml"):
        assert path.stem == load_fleet(path.stem).name
        load_fleet(path.stem).placement(list(load_recipes()))


def test_the_deepspeed_file_of_a_node_lies_where_the_fleets_does(tmp_path: Path) -> None:
    path = tmp_path / "two.yaml"
    path.write_text("name: two\nnodes:\n  - {name: x, gpus: 2, deepspeed: zero2.json}\n")
    with pytest.raises(BadInput, match=r"node x: deepspeed: .*zero2\.json is no file"):
        load_fleet(str(path))
    (tmp_path / "zero2.json").write_text("{}")
    assert load_fleet(str(path)).nodes[0].deepspeed == tmp_path / "zero2.json"


@pytest.mark.parametrize(
    ("node", "complaint"),
    [
        ("{name: x, gpus: -1}", "two.yaml:3: nodes.0.gpus"),
        ("{name: x, ollama: here}", "two.yaml:3: nodes.0.ollama"),
        ("{name: x, quantize: int8}", "two.yaml:3: nodes.0.quantize"),
        ("{name: x, training_gb: 0}", "two.yaml:3: nodes.0.training_gb"),
    ],
)
def test_a_mistake_in_a_node_is_named(tmp_path: Path, node: str, complaint: str) -> None:
    path = tmp_path / "two.yaml"
    path.write_text(f"name: two\nnodes:\n  - {node}\n")
    with pytest.raises(BadInput, match=complaint):
        load_fleet(str(path))
