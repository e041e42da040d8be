"""Fleets: which host trains which personality, and in what memory. One YAML file per fleet."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from maverick_assets.errors import BadInput
from maverick_assets.strict_model import StrictModel
from maverick_assets.yaml_files import Name, load_yaml

PACKAGED_FLEETS = Path(__file__).parent / "fleets"


class Node(StrictModel):
    """A host. Its personalities train at the same time, in one process group on one base model."""

    name: Name = Field(description="name of the host; lower-case words joined by hyphens")
    personalities: list[str] | Literal["all"] = Field(
        "all", description="names of the personalities that train here, or `all`"
    )
    gpus: int = Field(
        0, ge=0, description="GPUs that train, one rank each; 0 trains in a single process"
    )
    training_gb: float | None = Field(
        None,
        gt=0,
        description="memory of each card that training may take, in GiB; unset: what "
        "`inference_gb` leaves, or without that, whatever is free",
    )
    inference_gb: float | None = Field(
        None,
        ge=0,
        description="memory of each card that is left to Ollama, in GiB; with `training_gb` it "
        "must fit the card",
    )
    ollama: str | None = Field(
        None,
        pattern=r"^https?://",
        description="URL of the host's Ollama, which unloads its models before a training",
    )
    deepspeed: Path | None = Field(
        None,
        description="DeepSpeed's JSON file for several GPUs, relative to the fleet's file; "
        "unset: ZeRO stage 1",
    )
    quantize: Literal["none", "nf4"] = Field(
        "none", description="how the frozen weights are kept: as they are, or in 4 bits (`nf4`)"
    )


class Fleet(StrictModel):
    """Nodes and the personalities placed on them, each personality on exactly one node."""

    name: Name = Field(description="name of the fleet; lower-case words joined by hyphens")
    nodes: list[Node] = Field(min_length=1, description="the hosts")

    def placement(self, personalities: list[str]) -> dict[str, list[str]]:
        """The personalities on each node, by the node's name, in the order of `personalities`.

        Raises `BadInput` when a personality is placed twice or nowhere, when a node names one that
        does not exist, and when two nodes have the same name.
        """
        placed: dict[str, list[str]] = {}
        for node in self.nodes:
            if node.name in placed:
                raise BadInput(f"fleet {self.name}: two nodes have the name {node.name}")
            wanted = personalities if node.personalities == "all" else node.personalities
            unknown = [name for name in wanted if name not in personalities]
            if unknown:
                raise BadInput(f"fleet {self.name}, node {node.name}: no personality {unknown[0]}")
            placed[node.name] = list(wanted)
        for name in personalities:
            hosts = [node for node, names in placed.items() if name in names]
            if len(hosts) != 1:
                where = " and ".join(hosts) or "no node"
                raise BadInput(f"fleet {self.name}: {name} is placed on {where}; name one node")
        return placed


def load_fleet(name: str) -> Fleet:
    """A packaged fleet by its name, or any fleet by the path of its file.

    Paths in the file become absolute. Raises `BadInput` that names file, line and key.
    """
    is_path = name.endswith((".yaml", ".yml"))
    path = Path(name) if is_path else PACKAGED_FLEETS / f"{name}.yaml"
    fleet = load_yaml(path, Fleet)
    nodes = [_with_absolute_paths(node, path) for node in fleet.nodes]
    return fleet.model_copy(update={"nodes": nodes})


def _with_absolute_paths(node: Node, fleet_file: Path) -> Node:
    if node.deepspeed is None:
        return node
    path = (fleet_file.parent / node.deepspeed).absolute()
    if not path.is_file():
        raise BadInput(f"{fleet_file}: node {node.name}: deepspeed: {path} is not a file")
    return node.model_copy(update={"deepspeed": path})
