"""Run homes with versions that have a Modelfile, and two simulated nodes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from maverick_assets.base_model.llama_server import LlamaServer
from maverick_assets.base_model.prepare import ensure_base
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.registry.manifest import Manifest
from maverick_assets.serving.export.base import ensure_base_gguf
from maverick_assets.serving.export.modelfile import modelfile
from maverick_assets.serving.export.ollama_format import OllamaFormat, ollama_format
from maverick_assets.serving.nodes.patience import Patience
from maverick_assets.settings import Settings
from maverick_assets_tests.recording_log import RecordingLog
from maverick_assets_tests.serving.nodes.simulated_nodes import (
    SimulatedNode,
    running,
    write_fleet,
)
from maverick_assets_tests.serving.released_homes import ReleasedHome

QUICK = Patience(
    connect=0.4, answer=2, create=4, load=10, upload=10, attempts=2, pause=0.05, lock=5
)


@dataclass(frozen=True)
class NodeHome:
    """A run home whose fleet has nodes with Ollama."""

    home: ReleasedHome
    chat_format: OllamaFormat

    @property
    def settings(self) -> Settings:
        return self.home.settings

    def release(self, personality: str, version: str, adapter: str) -> Manifest:
        manifest = self.home.release(personality, version, adapter)
        text = modelfile("base.gguf", manifest.recipe.system_prompt, self.chat_format)
        path = self.settings.home / "Modelfile"
        path.write_text(text)
        self.home.registry.attach(personality, version, path, "Modelfile")
        return manifest

    def run(self) -> RunContext:
        return RunContext(self.settings, "deploy", RecordingLog())


@pytest.fixture(scope="session")
def tiny_format(
    prepared_tiny_base: Path, tiny_base: object, tmp_path_factory: pytest.TempPathFactory
) -> OllamaFormat:
    home = prepared_tiny_base.parent
    base = ensure_base(Settings(home=home, base_model=str(tiny_base.directory)))  # type: ignore[attr-defined]
    server = LlamaServer(ensure_base_gguf(base, home / "base"), [], 512, threads=1)
    return ollama_format(base, tmp_path_factory.mktemp("format"), server)


@pytest.fixture(scope="session")
def node_processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[SimulatedNode]]:
    folder = tmp_path_factory.mktemp("nodes")
    nodes = [SimulatedNode(name, folder / name) for name in ("one", "two")]
    with running(*nodes):
        yield nodes


@pytest.fixture
def two_nodes(node_processes: list[SimulatedNode]) -> list[SimulatedNode]:
    """Two nodes that run and have nothing."""
    for node in node_processes:
        node.reset()
    return node_processes


MakeNodeHome = Callable[[list[SimulatedNode]], NodeHome]


@pytest.fixture
def make_node_home(
    released_home: ReleasedHome, tiny_format: OllamaFormat, tmp_path: Path
) -> MakeNodeHome:
    def make(nodes: list[SimulatedNode]) -> NodeHome:
        fleet = write_fleet(tmp_path / "fleet.yaml", nodes)
        settings = released_home.settings.model_copy(update={"fleet": str(fleet)})
        return NodeHome(replace(released_home, settings=settings), tiny_format)

    return make
