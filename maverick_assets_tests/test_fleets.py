"""Fleet files: where personalities are placed, and how a mistake in a file is reported."""

from pathlib import Path

import pytest

from maverick_assets.errors import BadInput
from maverick_assets.fleets import PACKAGED_FLEETS, Fleet, load_fleet
from maverick_assets.recipes import load_recipes


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
    assert {node.name: node.host for node in fleet.nodes} == {
        "aurora": None,  # executes the runs
        "collaboration": "collaboration",
        "fluenti": "fluenti",
        "vengeance": "vengeance",
    }
    assert all((node.training_gb, node.inference_gb) == (16, 8) for node in fleet.nodes)


def test_every_fleet_that_ships_places_every_personality() -> None:
    for path in PACKAGED_FLEETS.glob("*.yaml"):
        assert path.stem == load_fleet(path.stem).name
        load_fleet(path.stem).placement(list(load_recipes()))


def test_the_deepspeed_file_of_a_node_lies_where_the_fleets_does(tmp_path: Path) -> None:
    path = tmp_path / "two.yaml"
    path.write_text("name: two\nnodes:\n  - {name: x, gpus: 2, deepspeed: zero2.json}\n")
    with pytest.raises(BadInput, match=r"node x: deepspeed: .*zero2\.json is not a file"):
        load_fleet(str(path))
    (tmp_path / "zero2.json").write_text("{}")
    assert load_fleet(str(path)).nodes[0].deepspeed == tmp_path / "zero2.json"


@pytest.mark.parametrize(
    ("node", "complaint"),
    [
        ("{name: x, gpus: -1}", "two.yaml:3: nodes.0.gpus"),
        ("{name: x, ollama: here}", "two.yaml:3: nodes.0.ollama"),
        ("{name: x, ollama: 'http://'}", "two.yaml:3: nodes.0.ollama: is no address"),
        ("{name: x, ollama: 'http://a:99999'}", "two.yaml:3: nodes.0.ollama"),
        ("{name: x, ollama: 'file:///etc/passwd'}", "two.yaml:3: nodes.0.ollama"),
        ("{name: x, ollama: 'http://u:pw@a'}", "two.yaml:3: nodes.0.ollama: holds a name or pass"),
        ("{name: x, ollama: 'http://a/?x=1'}", "two.yaml:3: nodes.0.ollama: holds more than an"),
        ("{name: x, serves: all}", "two.yaml:3: nodes.0: has `serves` and no `ollama`"),
        ("{name: x, quantize: int8}", "two.yaml:3: nodes.0.quantize"),
        ("{name: x, training_gb: 0}", "two.yaml:3: nodes.0.training_gb"),
        ("{name: x, host: -oProxyCommand=x}", "two.yaml:3: nodes.0.host"),
        ("{name: x, host: a, hosts: [{name: b}]}", "two.yaml:3: nodes.0: has `host` and `hosts`"),
        ("{name: x, gpus: 2, hosts: [{name: b}]}", "two.yaml:3: nodes.0: has `hosts` and `gpus`"),
        ("{name: x, hosts: [{name: b}, {name: b}]}", "two.yaml:3: nodes.0: names the host b twice"),
        ("{name: x, hosts: [{name: b}], min_hosts: 2}", "two.yaml:3: nodes.0: min_hosts is 2"),
    ],
)
def test_a_mistake_in_a_node_is_named(tmp_path: Path, node: str, complaint: str) -> None:
    path = tmp_path / "two.yaml"
    path.write_text(f"name: two\nnodes:\n  - {node}\n")
    with pytest.raises(BadInput, match=complaint):
        load_fleet(str(path))


def test_a_node_answers_as_those_that_it_trains_or_as_those_that_it_serves() -> None:
    url = "http://127.0.0.1:11434/"
    fleet = Fleet.model_validate(
        {
            "name": "test",
            "nodes": [
                {"name": "trains", "personalities": ["a", "b"]},
                {"name": "both", "personalities": ["c"], "ollama": url},
                {"name": "serves", "personalities": [], "serves": ["a", "c"], "ollama": url},
                {"name": "spare", "personalities": [], "serves": "all", "ollama": url},
            ],
        }
    )
    fleet.placement(["a", "b", "c"])
    names = {p: [node.name for node in fleet.serving_nodes(p)] for p in ("a", "b", "c")}
    assert names == {
        "a": ["serves", "spare"],
        "b": ["spare"],
        "c": ["both", "serves", "spare"],
    }
    assert fleet.nodes[1].ollama == "http://127.0.0.1:11434"
    with pytest.raises(BadInput, match="node serves, serves: no personality c"):
        fleet.model_copy(update={"nodes": fleet.nodes[2:]}).placement(["a"])
