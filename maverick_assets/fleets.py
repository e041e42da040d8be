"""Fleets: which node trains and answers as which personality, and in what memory.

One YAML file per fleet.
"""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from maverick_assets.errors import BadInput
from maverick_assets.strict_model import StrictModel
from maverick_assets.yaml_files import Name, load_yaml

PACKAGED_FLEETS = Path(__file__).parent / "fleets"
# What `ssh` connects to. It never begins with a hyphen, so that ssh cannot take it for an option.
Destination = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.@-]*$", max_length=253)]


def _checked_url(url: str) -> str:
    """The URL of an Ollama without a slash at its end. Its routes are appended to it."""
    parts = urlsplit(url)  # `port` raises `ValueError` when it is not a number
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError("is no address like http://127.0.0.1:11434")
    if parts.username is not None or parts.password is not None:
        raise ValueError("holds a name or password, which do not belong into this file")
    if parts.query or parts.fragment or not url.isprintable() or " " in url:
        raise ValueError("holds more than an address; write one like http://127.0.0.1:11434")
    return url.rstrip("/")


OllamaUrl = Annotated[
    str, Field(pattern=r"^https?://", max_length=500), AfterValidator(_checked_url)
]


class Host(StrictModel):
    """One of several hosts over which a node is spread."""

    name: Destination = Field(description="what `ssh` connects to: `host`, or `user@host`")
    gpus: int = Field(1, ge=1, description="GPUs of this host that train, one rank each")
    address: Destination | None = Field(
        None, description="name or address by which the other hosts reach it; unset: its `name`"
    )

    @property
    def meeting_address(self) -> str:
        return self.address or self.name.rpartition("@")[2]


class Node(StrictModel):
    """What trains together: a host, or several. Its personalities share one base model."""

    name: Name = Field(description="name of the node; lower-case words joined by hyphens")
    personalities: list[str] | Literal["all"] = Field(
        "all", description="names of the personalities that train here, or `all`"
    )
    gpus: int = Field(
        0, ge=0, description="GPUs that train, one rank each; 0 trains in a single process"
    )
    host: Destination | None = Field(
        None,
        description="host that trains, as `ssh` connects to it (`host`, or `user@host`); unset: "
        "the machine that executes the run",
    )
    hosts: list[Host] = Field(
        [], description="hosts that train together, in place of `host` and `gpus`"
    )
    min_hosts: int = Field(
        1, ge=1, description="with how few of its `hosts` a training begins and goes on"
    )
    checkout: Path | None = Field(
        None,
        description="folder of Maverick on those hosts, with its `.venv`; unset: the same path as "
        "on the machine that executes the run",
    )
    port: int = Field(
        29500, ge=1024, le=65535, description="port of the first host at which the others meet it"
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
    ollama: OllamaUrl | None = Field(
        None,
        description="URL of the host's Ollama, as the host itself reaches it: it gets the versions "
        "in service, and unloads its models for the time of a training",
    )
    serves: list[str] | Literal["all"] | None = Field(
        None,
        description="names of the personalities that its Ollama answers as, or `all`; unset: those "
        "that train here",
    )
    deepspeed: Path | None = Field(
        None,
        description="DeepSpeed's JSON file for several GPUs, relative to the fleet's file; "
        "unset: ZeRO stage 1",
    )
    quantize: Literal["none", "nf4"] = Field(
        "none", description="how the frozen weights are kept: as they are, or in 4 bits (`nf4`)"
    )

    @property
    def remote_hosts(self) -> list[Host]:
        """The hosts that train, by SSH; none where the machine that executes the run does."""
        if self.host:
            return [Host(name=self.host, gpus=max(1, self.gpus))]
        return self.hosts

    @model_validator(mode="after")
    def _says_once_where_it_trains(self) -> Self:
        names = [host.name for host in self.hosts]
        twice = next((name for name in names if names.count(name) > 1), None)
        if self.hosts and self.host:
            raise ValueError("has `host` and `hosts`; name all of them in `hosts`")
        if self.hosts and self.gpus:
            raise ValueError("has `hosts` and `gpus`; give each of the hosts its own `gpus`")
        if twice:
            raise ValueError(f"names the host {twice} twice")
        if self.serves and self.ollama is None:
            raise ValueError("has `serves` and no `ollama`; give it the URL of its Ollama")
        if self.min_hosts > max(1, len(self.hosts)):
            raise ValueError(f"min_hosts is {self.min_hosts}, but the node has fewer hosts")
        return self


class Fleet(StrictModel):
    """Nodes and the personalities placed on them, each personality on exactly one node."""

    name: Name = Field(description="name of the fleet; lower-case words joined by hyphens")
    nodes: list[Node] = Field(min_length=1, description="the nodes")

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
            served = node.serves if isinstance(node.serves, list) else []
            if unknown := [name for name in served if name not in personalities]:
                raise BadInput(
                    f"fleet {self.name}, node {node.name}, serves: no personality {unknown[0]}"
                )
            placed[node.name] = list(wanted)
        for name in personalities:
            hosts = [node for node, names in placed.items() if name in names]
            if len(hosts) != 1:
                where = " and ".join(hosts) or "no node"
                raise BadInput(f"fleet {self.name}: {name} is placed on {where}; name one node")
        return placed

    @property
    def node_here(self) -> Node:
        """The first node that is the machine which executes runs; without one the first of all."""
        return next((node for node in self.nodes if not node.remote_hosts), self.nodes[0])

    def training_node(self, personality: str) -> Node:
        """The node that trains a personality. Raises `BadInput` where none does."""
        for node in self.nodes:
            if node.personalities == "all" or personality in node.personalities:
                return node
        raise BadInput(f"fleet {self.name}: {personality} is placed on no node; name one node")

    def serving_nodes(self, personality: str) -> list[Node]:
        """The nodes whose Ollama answers as a personality."""
        return [
            node
            for node in self.nodes
            if node.ollama is not None
            for served in [node.personalities if node.serves is None else node.serves]
            if served == "all" or personality in served
        ]


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
