"""Versions reach every node in two phases, and whatever goes wrong is said."""

from dataclasses import replace
from pathlib import Path

import ollama
import pytest

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.pipeline.deploy import (
    Deployment,
    deploy,
    require_level,
    withdraw_revoked,
)
from maverick_assets.serving.nodes.endpoints import Endpoint
from maverick_assets.serving.nodes.ollama_api import open_api
from maverick_assets.serving.nodes.state import read_state
from maverick_assets_tests.recording_log import RecordingLog
from maverick_assets_tests.serving.nodes.conftest import QUICK, MakeNodeHome
from maverick_assets_tests.serving.nodes.fault_scripts import PhaseLog
from maverick_assets_tests.serving.nodes.node_home import NodeHome
from maverick_assets_tests.serving.nodes.simulated_nodes import SimulatedNode, running

LEVEL = ("level", "v1.0")


@pytest.fixture
def home(make_node_home: MakeNodeHome, two_nodes: list[SimulatedNode]) -> NodeHome:
    return make_node_home(two_nodes)


def deployed(home: NodeHome) -> Deployment:
    [deployment] = deploy(home.run(), ["persona"], QUICK)
    return deployment


def states(home: NodeHome) -> dict[str, tuple[str, str | None]]:
    return {each.node: (each.state, each.serves) for each in deployed(home).nodes}


def adapter_of(node: SimulatedNode, name: str) -> str | None:
    """SHA-256 of the adapter behind a name."""
    model = node.model(name)
    return model.adapter.name.removeprefix("sha256-") if model and model.adapter else None


def test_a_version_in_service_answers_on_every_node(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    manifest = home.release("persona", "v1.0", "adapter-0")
    assert states(home) == {"one": LEVEL, "two": LEVEL}
    digest = home.home.registry.get("persona", "v1.0").files["adapter.gguf"]
    for node in two_nodes:
        assert node.names() == ["persona:latest", "persona:v1.0"]
        assert adapter_of(node, "persona:latest") == adapter_of(node, "persona:v1.0") == digest
        model = node.model("persona:latest")
        assert model is not None
        assert model.system == manifest.recipe.system_prompt
        assert model.parameters["num_ctx"] == home.settings.serving_context
        assert model.parameters["stop"] == list(home.chat_format.stops)


def test_ollama_s_own_client_talks_to_what_was_deployed(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    home.release("persona", "v1.0", "adapter-0")
    deployed(home)
    client = ollama.Client(two_nodes[0].url, trust_env=False)
    options = {"temperature": 0, "num_predict": 8}
    asked = [{"role": "user", "content": "Shall we meet?"}]
    said = client.chat("persona", asked, options=options).message.content
    assert said
    assert client.generate("persona", "Shall we meet?", options=options).response == said
    pieces = client.chat("persona:v1.0", asked, options=options, stream=True)
    assert "".join(piece.message.content or "" for piece in pieces) == said
    assert {model.model for model in client.list().models} == {"persona:latest", "persona:v1.0"}


def test_nodes_that_are_level_are_asked_for_their_list_and_nothing_else(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    home.release("persona", "v1.0", "adapter-0")
    assert deployed(home).is_level
    for node in two_nodes:
        assert "generate" in node.requests()
    assert deployed(home).is_level
    for node in two_nodes:
        assert set(node.requests()) == {"tags"}


def test_the_next_version_brings_its_adapter_alone(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    home.release("persona", "v1.0", "adapter-0")
    deployed(home)
    two_nodes[0].requests()
    home.release("persona", "v1.1", "adapter-1")
    assert states(home)["one"] == ("level", "v1.1")
    requests = two_nodes[0].requests()
    assert [requests.count(route) for route in ("blob-head", "blob", "create")] == [2, 1, 1]
    assert requests.index("generate") < requests.index("copy")


def test_no_node_switches_while_one_that_answers_has_not_got_the_version(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    home.release("persona", "v1.0", "adapter-0")
    deployed(home)
    before = adapter_of(two_nodes[0], "persona:latest")
    home.release("persona", "v1.1", "adapter-1")
    two_nodes[1].plant("blob", "full")
    deployment = deployed(home)
    found = {each.node: (each.state, each.serves) for each in deployment.nodes}
    assert found == {"one": ("waiting", "v1.0"), "two": ("failed", "v1.0")}
    assert "its disk is full" in str(deployment.nodes[1].problem)
    with pytest.raises(MaverickError, match=r"persona on one is waiting \(it answers with v1.0\)"):
        require_level([deployment])
    assert {adapter_of(node, "persona:latest") for node in two_nodes} == {before}
    assert states(home) == {"one": ("level", "v1.1"), "two": ("level", "v1.1")}


def test_a_node_that_is_down_is_named_and_brought_level_when_it_is_back(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    home.release("persona", "v1.0", "adapter-0")
    deployed(home)
    home.release("persona", "v1.1", "adapter-1")
    two_nodes[1].stop()
    deployment = deployed(home)
    found = {each.node: (each.state, each.serves) for each in deployment.nodes}
    assert found == {"one": ("level", "v1.1"), "two": ("down", "v1.0")}
    with pytest.raises(MaverickError, match=r"v1.0 when it was last seen"):
        require_level([deployment])
    two_nodes[1].start()
    assert states(home) == {"one": ("level", "v1.1"), "two": ("level", "v1.1")}


@pytest.mark.parametrize(
    ("route", "kind"),
    [
        ("blob", "cut"),
        ("blob", "corrupt"),
        ("blob", "500"),
        ("create", "error line"),
        ("create", "cut"),
        ("create", "restart"),
        ("generate", "error line"),
        ("generate", "cut"),
        ("copy", "cut"),
        ("copy", "500"),
        ("tags", "500"),
    ],
)
def test_what_goes_wrong_once_is_tried_again(
    home: NodeHome, two_nodes: list[SimulatedNode], route: str, kind: str
) -> None:
    home.release("persona", "v1.0", "adapter-0")
    two_nodes[0].plant(route, kind)
    patient = replace(QUICK, attempts=6)
    [deployment] = deploy(home.run(), ["persona"], patient)
    assert deployment.is_level
    assert not list((two_nodes[0].folder / "faults").glob("[!.]*"))


@pytest.mark.parametrize("kind", ["error line", "cut"])
def test_a_version_that_does_not_answer_is_removed_again(
    home: NodeHome, two_nodes: list[SimulatedNode], kind: str
) -> None:
    home.release("persona", "v1.0", "adapter-0")
    two_nodes[0].plant("generate", kind, times=9)
    deployment = deployed(home)
    assert not deployment.is_level
    assert two_nodes[0].names() == []
    assert list(two_nodes[0].store.blobs.iterdir()) == []  # so that damaged files come anew


def test_a_model_of_the_version_s_name_that_others_made_is_made_anew(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    home.release("persona", "v1.0", "adapter-0")
    home.release("other", "v1.0", "adapter-1")
    deploy(home.run(), ["other"], QUICK)
    store = two_nodes[0].store
    store.set_manifest("persona:v1.0", store.manifest("other:v1.0").read_bytes())
    assert deployed(home).is_level
    digest = home.home.registry.get("persona", "v1.0").files["adapter.gguf"]
    assert adapter_of(two_nodes[0], "persona:latest") == digest


def test_a_rollback_moves_all_nodes_and_sends_nothing(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    for version, adapter in (("v1.0", "adapter-0"), ("v1.1", "adapter-1")):
        home.release("persona", version, adapter)
        deployed(home)
    two_nodes[0].requests()
    home.home.registry.rollback("persona")
    assert states(home) == {"one": LEVEL, "two": LEVEL}
    assert {"blob", "create"}.isdisjoint(two_nodes[0].requests())
    assert adapter_of(two_nodes[1], "persona:latest") == adapter_of(two_nodes[1], "persona:v1.0")


def test_a_major_version_that_equals_the_one_before_is_told_from_it_by_its_name(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    home.release("persona", "v1.0", "adapter-0")
    deployed(home)
    home.release("persona", "v2.0", "adapter-0")
    assert states(home) == {"one": ("level", "v2.0"), "two": ("level", "v2.0")}
    home.home.registry.rollback("persona")
    assert states(home) == {"one": LEVEL, "two": LEVEL}


def test_an_ollama_that_takes_no_adapters_gets_one_file_that_answers_alike(
    make_node_home: MakeNodeHome, two_nodes: list[SimulatedNode], tmp_path: Path
) -> None:
    newer = SimulatedNode("newer", tmp_path / "newer", version="0.35.0")
    with running(newer):
        home = make_node_home([two_nodes[0], newer])
        home.release("persona", "v1.0", "adapter-0")
        assert states(home) == {"one": LEVEL, "newer": LEVEL}
        model = newer.model("persona:latest")
        assert model is not None and model.adapter is None
        assert "create" in newer.requests()
        request = {"model": "persona", "prompt": "Well?", "options": {"num_predict": 3}}
        request["options"] |= {"temperature": 0}
        answers = []
        for node in (two_nodes[0], newer):
            with open_api(Endpoint(node.name, node.url, None), QUICK) as api:
                answers.append(api.generate(request).text)
        assert answers[0] == answers[1]
        assert deployed(home).is_level
        assert set(newer.requests()) <= {"tags", "generate"}
        assert list(home.settings.runs.iterdir()) == []  # the file is not kept


def test_old_versions_go_and_tags_of_others_stay(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    keeping_two = replace(
        home,
        home=replace(
            home.home, settings=home.settings.model_copy(update={"serving_node_versions": 2})
        ),
    )
    store = two_nodes[0].store
    for number in range(4):
        keeping_two.release("persona", f"v1.{number}", f"adapter-{number}")
        assert deployed(keeping_two).is_level
        store.set_manifest("persona:mine", store.manifest("persona:v1.0").read_bytes()) if (
            number == 0
        ) else None
    assert two_nodes[0].names() == [
        "persona:latest",
        "persona:mine",
        "persona:v1.2",
        "persona:v1.3",
    ]


def test_an_old_version_that_cannot_be_removed_is_no_fault_of_the_new_one(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    settings = home.settings.model_copy(update={"serving_node_versions": 1})
    keeping_one = replace(home, home=replace(home.home, settings=settings))
    keeping_one.release("persona", "v1.0", "adapter-0")
    deployed(keeping_one)
    keeping_one.release("persona", "v1.1", "adapter-1")
    two_nodes[0].plant("delete", "500", times=9)
    run = keeping_one.run()
    [deployment] = deploy(run, ["persona"], QUICK)
    assert [(node.state, node.serves) for node in deployment.nodes] == [("level", "v1.1")] * 2
    assert isinstance(run.log, RecordingLog)
    assert "old versions stay" in run.log.of_level("warning")[0]


def test_a_revoked_version_leaves_all_nodes_at_once(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    for version, adapter in (("v1.0", "adapter-0"), ("v1.1", "adapter-1")):
        home.release("persona", version, adapter)
        deployed(home)
    registry = home.home.registry
    registry.revoke("persona", [registry.get("persona", "v1.1").version], "it knows too much")
    [withdrawn] = withdraw_revoked(home.run(), QUICK)
    assert withdrawn.is_level
    assert [node.names() for node in two_nodes] == [["persona:v1.0"]] * 2
    assert states(home) == {"one": LEVEL, "two": LEVEL}
    registry.revoke("persona", [registry.get("persona", "v1.0").version], "that one, too")
    two_nodes[1].stop()
    [withdrawn] = withdraw_revoked(home.run(), QUICK)
    assert [node.state for node in withdrawn.nodes] == ["level", "down"]
    assert two_nodes[0].names() == []
    with pytest.raises(MaverickError, match="persona on two is down"):
        require_level([withdrawn])
    two_nodes[1].start()
    assert deployed(home).is_level
    assert two_nodes[1].names() == []


def test_a_version_that_is_revoked_between_the_phases_is_put_in_service_nowhere(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    home.release("persona", "v1.0", "adapter-0")
    registry = home.home.registry

    def revoke() -> None:
        registry.revoke("persona", [registry.get("persona", "v1.0").version], "now")

    run = replace(home.run(), log=PhaseLog(between=revoke))
    [deployment] = deploy(run, ["persona"], QUICK)
    assert "was revoked: now" in str(deployment.nodes[0].problem)
    assert two_nodes[0].names() == two_nodes[1].names() == ["persona:v1.0"]
    assert deployed(home).is_level
    assert two_nodes[0].names() == two_nodes[1].names() == []


def test_a_state_that_is_lost_has_the_version_compared_and_asked_again(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    home.release("persona", "v1.0", "adapter-0")
    deployed(home)
    state = home.settings.home / "nodes" / "one.json"
    known = read_state(home.settings, "one")
    state.write_text("{")
    two_nodes[0].requests()
    assert deployed(home).is_level
    requests = two_nodes[0].requests()
    assert {"show", "generate"} < set(requests) and "create" not in requests
    assert read_state(home.settings, "one").personalities == known.personalities


def test_a_version_with_a_damaged_file_reaches_no_node(
    home: NodeHome, two_nodes: list[SimulatedNode]
) -> None:
    home.release("persona", "v1.0", "adapter-0")
    home.home.flip_a_bit("persona", "v1.0")
    deployment = deployed(home)
    assert "adapter.gguf is corrupt" in str(deployment.problem)
    assert two_nodes[0].names() == []
    with pytest.raises(MaverickError, match="corrupt"):
        require_level([deployment])


def test_a_fleet_without_ollama_is_told_so(home: NodeHome) -> None:
    home.release("persona", "v1.0", "adapter-0")
    settings = home.settings.model_copy(update={"fleet": "laptop"})
    laptop = replace(home.run(), settings=settings)
    assert deploy(laptop) == []
    with pytest.raises(BadInput, match="no node of the fleet laptop answers as persona"):
        deploy(laptop, ["persona"])
