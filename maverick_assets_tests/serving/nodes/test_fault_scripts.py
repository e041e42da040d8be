"""Whatever nodes do during a deployment, each ends with what is said of it.

`python -m benchmarks.deploy` plays 200 scripts.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets_tests.serving.nodes.conftest import MakeNodeHome
from maverick_assets_tests.serving.nodes.fault_scripts import Scripts, nodes_in
from maverick_assets_tests.serving.nodes.node_home import base_gguf_of
from maverick_assets_tests.serving.nodes.simulated_nodes import SimulatedNode, running
from maverick_assets_tests.training.launch.network import network_of

SEEDS = range(10)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[SimulatedNode]]:
    folder = tmp_path_factory.mktemp("scripts")
    with network_of(folder, "one", "two", "three") as network:
        nodes = nodes_in(network)
        with running(*nodes):
            yield nodes


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
