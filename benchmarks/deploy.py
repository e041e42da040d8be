"""Deployments to three nodes while they fail: 200 scripts of faults, and how each of them ends.

    python -m benchmarks.deploy [--scripts 200] [--first 0]

The nodes are simulations of Ollama in front of llama.cpp, each in a network namespace of its own.
Needs what the tests of several hosts need: root, iproute2 and OpenSSH. Prints Markdown; ends with
exit code 1 when a script violates what must hold.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from benchmarks.machine import machine_line, server_folder
from maverick_assets.base_model.prepare import ensure_base
from maverick_assets.settings import Settings
from maverick_assets_tests.serving.conftest import make_tiny_adapters
from maverick_assets_tests.serving.nodes.fault_scripts import Scripts, nodes_in, script
from maverick_assets_tests.serving.nodes.node_home import (
    NodeHome,
    base_gguf_of,
    ollama_format_of,
)
from maverick_assets_tests.serving.nodes.simulated_nodes import SimulatedNode, running, write_fleet
from maverick_assets_tests.serving.released_homes import ReleasedHome
from maverick_assets_tests.training.conftest import save_tiny_base
from maverick_assets_tests.training.launch.network import network_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scripts", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="seed of the first script")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.scripts)
    with server_folder() as folder, network_of(folder, "one", "two", "three") as network:
        nodes = nodes_in(network)
        with running(*nodes):
            scripts = _scripts(folder, nodes)
            scripts.begin()
            started = time.monotonic()
            for seed in seeds:
                scripts.play(seed)
            seconds = time.monotonic() - started
    _print(scripts, list(seeds), seconds)
    if scripts.violations:
        sys.exit(1)


def _scripts(folder: Path, nodes: list[SimulatedNode]) -> Scripts:
    """A run home on a tiny random base, whose fleet has the nodes."""
    directory = folder / "tiny"
    directory.mkdir()
    tiny = save_tiny_base(
        ensure_base(Settings(home=folder / "embedded", base_model=None)), directory
    )
    home = folder / "home"
    home.mkdir(mode=0o700)
    settings = Settings(
        home=home,
        base_model=str(tiny.directory),
        serving_context=512,
        fleet=str(write_fleet(folder / "fleet.yaml", nodes)),
    )
    digest = ensure_base(settings).digest
    base_gguf = base_gguf_of(tiny, settings.base_dir)
    (folder / "adapters").mkdir()
    adapters = make_tiny_adapters(tiny, folder / "adapters")
    released = ReleasedHome(settings, digest, adapters)
    chat_format = ollama_format_of(tiny, settings.base_dir, folder)
    return Scripts(NodeHome(released, chat_format), nodes, base_gguf)


def _print(scripts: Scripts, seeds: list[int], seconds: float) -> None:
    faults = Counter(f"{f.route} {f.kind}".strip() for seed in seeds for f in script(seed, 3))
    outcomes = Counter("/".join(sorted(states.split("/"))) for states in scripts.outcomes)
    print(machine_line(), "\n")
    print(f"{len(seeds)} scripts in {seconds:.0f} s; violations: {len(scripts.violations)}\n")
    print("| nodes after the deployment | scripts |\n|---|---:|")
    for states, count in outcomes.most_common():
        print(f"| {states} | {count} |")
    print("\n| fault | times |\n|---|---:|")
    for name, count in sorted(faults.items()):
        print(f"| {name} | {count} |")
    for line in scripts.violations:
        print(line)


if __name__ == "__main__":
    main()
