"""Models that were in memory before a training are there again after it."""

import pytest

from maverick_assets.errors import MaverickError
from maverick_assets.fleets import Node
from maverick_assets.pipeline.deploy import deploy
from maverick_assets.serving.nodes.endpoints import Endpoint
from maverick_assets.serving.nodes.memory import models_brought_back
from maverick_assets.serving.nodes.ollama_api import OllamaApi, open_api
from maverick_assets.training.device.memory import unload_ollama
from maverick_assets_tests.recording_log import RecordingLog
from maverick_assets_tests.serving.nodes.conftest import QUICK, MakeNodeHome
from maverick_assets_tests.serving.nodes.simulated_nodes import SimulatedNode


@pytest.mark.parametrize("keep_alive", [None, -1])
def test_a_training_that_fails_gives_the_memory_back_to_the_models(
    make_node_home: MakeNodeHome, two_nodes: list[SimulatedNode], keep_alive: int | None
) -> None:
    one = two_nodes[0]
    home = make_node_home(two_nodes[:1])
    home.release("persona", "v1.0", "adapter-0")
    deploy(home.run(), ["persona"], QUICK)
    log = RecordingLog()
    with open_api(Endpoint("one", one.url, None), QUICK) as api:
        api.load("persona:latest", keep_alive)
        before = far_away(api)
        with (
            pytest.raises(MaverickError, match="no memory"),
            models_brought_back(Node(name="one", ollama=one.url), log),
        ):
            unload_ollama(one.url, print)  # what the training's process does first
            assert api.loaded() == {}
            raise MaverickError("no memory")
        assert far_away(api) == before == {"persona:latest": keep_alive == -1}
    assert log.of_level("info") == ["one: persona:latest is in memory again"]


def far_away(api: OllamaApi) -> dict[str, bool]:
    """Whether each model in memory stays there for good."""
    return {name: expires_at > "2100" for name, expires_at in api.loaded().items()}


def test_a_node_that_is_down_stops_no_training(two_nodes: list[SimulatedNode]) -> None:
    two_nodes[0].stop()
    log = RecordingLog()
    with models_brought_back(Node(name="one", ollama=two_nodes[0].url), log):
        pass
    assert "what its Ollama has in memory is not known" in log.of_level("warning")[0]
