"""Run homes with versions that have a Modelfile, and two simulated nodes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.files import sha256_of
from maverick_assets.recipes import Recipe
from maverick_assets.serving.export.ollama_format import OllamaFormat
from maverick_assets.serving.nodes import package, parity
from maverick_assets.serving.nodes.parity import OwnAnswer
from maverick_assets.serving.nodes.patience import Patience
from maverick_assets_tests.serving.nodes.node_home import NodeHome, ollama_format_of
from maverick_assets_tests.serving.nodes.simulated_nodes import (
    SimulatedNode,
    running,
    write_fleet,
)
from maverick_assets_tests.serving.released_homes import ReleasedHome

QUICK = Patience(
    connect=0.4, answer=2, create=4, load=10, upload=10, attempts=2, pause=0.05, lock=5
)


@pytest.fixture(scope="session")
def tiny_format(
    prepared_tiny_base: Path, tiny_base: PreparedBase, tmp_path_factory: pytest.TempPathFactory
) -> OllamaFormat:
    return ollama_format_of(tiny_base, prepared_tiny_base, tmp_path_factory.mktemp("format"))


@pytest.fixture(autouse=True, scope="package")
def short_comparisons() -> Iterator[None]:
    """Answers of a few tokens, computed once for the same files: most tests are of other things."""
    known: dict[str, Sequence[OwnAnswer]] = {}
    compute = package.own_answers

    def own_answers(
        recipe: Recipe, base_dir: Path, gguf: Path, adapter: Path | None, folder: Path
    ) -> Sequence[OwnAnswer]:
        digests = [sha256_of(path) for path in (gguf, adapter) if path]
        key = " ".join([*digests, recipe.model_dump_json()])
        if key not in known:
            known[key] = compute(recipe, base_dir, gguf, adapter, folder)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "own_answers", own_answers)
        patch.setattr(parity, "MAX_TOKENS", 8)
        yield


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
