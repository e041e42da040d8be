"""Deployments while nodes fail: a script of faults for each, and what must hold whatever it is.

A script may have nodes that are off, cables that are pulled before a deployment or between its two
phases, and requests that go wrong once or always. Its seed decides.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from maverick_assets.base_model.llama_cpp.llama_server import LlamaServer
from maverick_assets.base_model.sampling import REPEAT_PENALTY
from maverick_assets.base_model.tokenizer import Message
from maverick_assets.files import sha256_of
from maverick_assets.pipeline.deploy import Deployment, deploy
from maverick_assets.serving.nodes.endpoints import Endpoint
from maverick_assets.serving.nodes.ollama_api import open_api
from maverick_assets.serving.nodes.patience import Patience
from maverick_assets_tests.recording_log import RecordingLog
from maverick_assets_tests.serving.export.go_template_simulation import render
from maverick_assets_tests.serving.nodes.node_home import NodeHome
from maverick_assets_tests.serving.nodes.simulated_nodes import SimulatedNode
from maverick_assets_tests.serving.nodes.simulated_store import Model
from maverick_assets_tests.training.launch.network import Network

PERSONA = "persona"
IMPATIENT = Patience(
    connect=0.5, answer=1.5, create=3, load=3, upload=3, attempts=2, pause=0.1, lock=60
)
PATIENT = replace(IMPATIENT, connect=5, answer=30, create=60, load=60, upload=60, attempts=6)
ROUTES = {
    "blob": ("cut", "500", "corrupt", "full", "slow", "restart"),
    "create": ("cut", "500", "error line", "full", "slow", "restart"),
    "generate": ("cut", "500", "error line", "slow", "restart"),
    "copy": ("cut", "500", "slow", "restart"),
    "tags": ("cut", "500", "slow"),
    "delete": ("cut", "500"),
}
MISHAPS = ("off", "cable", "cable between phases")
_QUESTION = "Shall we meet?"


@dataclass(frozen=True)
class Fault:
    """What goes wrong on one node."""

    node: int
    kind: str  # of a route's faults, or one of MISHAPS
    route: str = ""
    times: int = 1


def script(seed: int, nodes: int) -> list[Fault]:
    """One to four faults."""
    choose = random.Random(seed)
    faults = []
    for _ in range(choose.randint(1, 4)):
        node = choose.randrange(nodes)
        if choose.random() < 0.3:
            faults.append(Fault(node, choose.choice(MISHAPS)))
        else:
            route = choose.choice(list(ROUTES))
            kind = choose.choice(ROUTES[route])
            faults.append(Fault(node, kind, route, choose.choice((1, 1, 9))))
    return faults


def nodes_in(network: Network) -> list[SimulatedNode]:
    """A node on each host of a network, reached by the host's address."""
    return [
        SimulatedNode(name, host.folder / "ollama", host, host.address)
        for name, host in network.hosts.items()
    ]


@dataclass
class PhaseLog(RecordingLog):
    """A log during which something happens between the two phases."""

    between: Callable[[], None] = lambda: None

    def info(self, msg: str) -> None:
        super().info(msg)
        if " has answered on " in msg:
            self.between()


@dataclass
class Scripts:
    """A fleet of nodes on which one script after another is played."""

    home: NodeHome
    nodes: Sequence[SimulatedNode]
    base_gguf: Path
    # Version and SHA-256 of the adapter, by the system prompt that it was released with
    made: dict[str, tuple[str, str]] = field(default_factory=dict)
    servers: dict[str, LlamaServer] = field(default_factory=dict)  # here, by adapter
    violations: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    released: int = -1

    @cached_property
    def base_sha256(self) -> str:
        return sha256_of(self.base_gguf)

    def begin(self) -> None:
        """A first version on all nodes."""
        self._release()
        assert self._deploy(PATIENT, PhaseLog()).is_level

    def play(self, seed: int) -> None:
        """Deploy the next version while a script goes wrong, look, repair, and deploy again."""
        before = [self._moving(node) for node in self.nodes]
        version = self._release()
        faults = script(seed, len(self.nodes))
        log = PhaseLog(between=lambda: self._mishaps(faults, "cable between phases"))
        for fault in faults:
            if fault.route:
                self.nodes[fault.node].plant(fault.route, fault.kind, fault.times)
        for kind in ("off", "cable"):
            self._mishaps(faults, kind)
        deployment = self._deploy(IMPATIENT, log)
        states = "/".join(node.state for node in deployment.nodes)
        self.outcomes.append(states)
        self._look(f"script {seed} ({states})", deployment, version, before)
        self._repair()
        healed = self._deploy(PATIENT, PhaseLog())
        self._look(f"script {seed}, repaired", healed, version, before)
        if not healed.is_level:
            problems = [node.problem for node in healed.nodes]
            self.violations.append(f"script {seed}, repaired: not level: {problems}")
        self._ask(f"script {seed}, repaired", self.nodes[seed % len(self.nodes)])

    def _release(self) -> str:
        self.released += 1
        version = f"v1.{self.released}"
        words = f"You are here, {version}."  # no two versions are equal
        adapter = f"adapter-{self.released % 6}"
        manifest = self.home.release(PERSONA, version, adapter, system_prompt=words)
        self.made[words] = (version, manifest.files["adapter.gguf"])
        return version

    def _deploy(self, patience: Patience, log: PhaseLog) -> Deployment:
        [deployment] = deploy(replace(self.home.run(), log=log), [PERSONA], patience)
        return deployment

    def _mishaps(self, faults: Sequence[Fault], kind: str) -> None:
        for fault in faults:
            node = self.nodes[fault.node]
            if fault.kind == kind == "off":
                node.stop()
            elif fault.kind == kind and node.host:
                node.host.pull_cable()

    def _repair(self) -> None:
        for node in self.nodes:
            node.clear_faults()
            if node.host:
                node.host.plug_cable()
            node.start()

    def _look(
        self, when: str, deployment: Deployment, version: str, before: Sequence[str | None]
    ) -> None:
        """Compare what each node has on its disk with what was said of it."""
        said = {node.node: node for node in deployment.nodes}
        now = [self._moving(node) for node in self.nodes]
        for node, moving in zip(self.nodes, now, strict=True):
            outcome = said[node.name]
            if outcome.state == "level" and moving != version:
                self.violations.append(f"{when}: {node.name} is said to be level, has {moving}")
            if outcome.state in ("waiting", "failed") and moving != outcome.serves:
                self.violations.append(
                    f"{when}: {node.name} is said to answer with {outcome.serves}, has {moving}"
                )
            for name in node.names():
                if self._version(node.model(name)) is None and outcome.state == "level":
                    self.violations.append(f"{when}: {node.name} has a half-made {name}")
            if moving == "half-made":
                self.violations.append(f"{when}: a half-made model answers on {node.name}")
        if deployment.is_level and set(now) != {version}:
            self.violations.append(f"{when}: nodes have {now}, and nothing is said of it")
        if any(node.state == "waiting" for node in deployment.nodes) and now != list(before):
            self.violations.append(f"{when}: a node switched while another was not ready")

    def _moving(self, node: SimulatedNode) -> str | None:
        model = node.model(f"{PERSONA}:latest")
        if model is None:
            return None
        return self._version(model) or "half-made"

    def _version(self, model: Model | None) -> str | None:
        """The version that a model is, whole and with the right words; None for none."""
        if model is None or model.adapter is None:
            return None
        for path in (model.base, model.adapter):
            if not path.is_file() or f"sha256-{sha256_of(path)}" != path.name:
                return None
        version, adapter = self.made.get(model.system, (None, ""))
        is_base = model.base.name == f"sha256-{self.base_sha256}"
        is_whole = is_base and model.template == self.home.chat_format.template
        return version if is_whole and model.adapter.name == f"sha256-{adapter}" else None

    def _ask(self, when: str, node: SimulatedNode) -> None:
        """Have a node answer, and compare that with what llama.cpp says of the version here."""
        version = self._moving(node)
        with open_api(Endpoint(node.name, node.url, None), PATIENT) as api:
            request = {
                "model": f"{PERSONA}:latest",
                "prompt": _QUESTION,
                "options": {"temperature": 0, "num_predict": 8},
            }
            text = api.generate(request).text
        if version is None or text != self._expected(version):
            self.violations.append(f"{when}: {node.name} answers {text!r} for {version}")

    def _expected(self, version: str) -> str:
        """What a version answers to the question, by llama.cpp in this process."""
        adapter = f"adapter-{int(version.rpartition('.')[2]) % 6}"
        if adapter not in self.servers:
            gguf = self.home.home.adapters[adapter][1]
            context = self.home.settings.serving_context
            self.servers[adapter] = LlamaServer(self.base_gguf, [gguf], context, threads=1)
        messages = [
            Message(role="system", content=f"You are here, {version}."),
            Message(role="user", content=_QUESTION),
        ]
        request = {
            "prompt": render(self.home.chat_format.template, messages),
            "lora": [{"id": 0, "scale": 1.0}],
            "max_tokens": 8,
            "temperature": 0,
            "stop": list(self.home.chat_format.stops),
            "repeat_penalty": REPEAT_PENALTY,
        }
        pieces: list[str] = []

        def take(chunk: dict[str, Any]) -> bool:
            pieces.extend(choice["text"] for choice in chunk["choices"])
            return False

        self.servers[adapter].stream_completion(request, take)
        return "".join(pieces)
