"""Whatever nodes do during a deployment, each ends with what is said of it.

`python -m benchmarks.deploy` plays 200 scripts.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.pipeline.deploy import deploy
from maverick_assets_tests.serving.nodes.conftest import MakeNodeHome
from maverick_assets_tests.serving.nodes.fault_scripts import IMPATIENT, PATIENT, Scripts, nodes_in
from maverick_assets_tests.serving.nodes.node_home import base_gguf_of
from maverick_assets_tests.serving.nodes.simulated_nodes import SimulatedNode, running
from maverick_assets_tests.training.launch.network import Network, network_of

SEEDS = range(10)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with network_of(tmp_path_factory.mktemp("scripts"), "one", "two", "three") as network:
        yield network


@pytest.fixture
def nodes(network: Network) -> Iterator[list[SimulatedNode]]:
    nodes = nodes_in(network)
    with running(*nodes):
        yield nodes


def test_an_ollama_on_the_loopback_interface_of_its_host_is_reached_through_ssh(
    network: Network, make_node_home: MakeNodeHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", network.path)
    host = network.hosts["one"]
    node = SimulatedNode("one", host.folder / "loopback", host)
    with running(node):
        home = make_node_home([node])
        home.release("persona", "v1.0", "adapter-0")
        [deployment] = deploy(home.run(), ["persona"], PATIENT)
        assert deployment.is_level
        assert node.names() == ["persona:latest", "persona:v1.0"]
        host.pull_cable()
        [deployment] = deploy(home.run(), ["persona"], IMPATIENT)
        host.plug_cable()
        assert [(each.state, each.serves) for each in deployment.nodes] == [("down", "v1.0")]


def test_no_fault_leaves_nodes_apart_in_silence_or_a_half_made_model_that_answers(
    nodes: list[SimulatedNode],
    make_node_home: MakeNodeHome,
    tiny_base: PreparedBase,
    prepared_tiny_base: Path,
) -> None:
    base_gguf = base_gguf_of(tiny_base, prepared_tiny_base)
    scripts = Scripts(make_node_home(nodes), nodes, base_gguf)
    scripts.begin()
    for seed in SEEDS:
        scripts.play(seed)
    assert scripts.violations == []
    assert any("down" in outcome for outcome in scripts.outcomes)
    assert any("failed" in outcome for outcome in scripts.outcomes)
