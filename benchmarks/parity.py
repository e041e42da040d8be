"""Whether what is served answers as what was trained, for all versions in service of a run home.

    python -m benchmarks.parity --home DIR

DIR is the run home of a demo; nothing in it is changed but the base in float16, which the first
comparison makes. Prints Markdown.
"""

import argparse
import os
import time
from pathlib import Path

from benchmarks.machine import machine_line
from maverick_assets.base_model.prepare import ensure_base
from maverick_assets.datasets.outgoing import outgoing_text
from maverick_assets.registry.catalog import label
from maverick_assets.registry.store import Registry
from maverick_assets.serving.export.gate import ParityGate, Trained
from maverick_assets.serving.export.ollama_format import ollama_format
from maverick_assets.serving.export.parity import explain
from maverick_assets.settings import Settings, load_settings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    os.environ["MAVERICK_HOME"] = str(parser.parse_args().home)
    print(report(load_settings()))


def report(settings: Settings) -> str:
    """A table of all versions in service."""
    registry, base = Registry(settings.models), ensure_base(settings)
    names = registry.personalities()
    versions = [manifest for name in names if (manifest := registry.in_service(name))]
    trained = [
        Trained(
            version.recipe,
            registry.weights(version.personality, version.version, "adapter"),
            registry.weights(version.personality, version.version, "adapter.gguf"),
        )
        for version in versions
    ]
    started, used = time.monotonic(), time.process_time()
    clean = outgoing_text(settings.lake, settings.owner_emails).clean
    gate = ParityGate(base, settings.base_dir, trained, clean)
    decisions = list(gate.decisions(ollama_format(base, settings.base_dir, gate.served)))
    seconds, processors = time.monotonic() - started, time.process_time() - used
    lines = [machine_line(), "", "| version | decision | figures |", "|---|---|---|"]
    for version, decision in zip(versions, decisions, strict=True):
        if isinstance(decision, Exception):
            lines.append(f"| {label(version)} | not made | {decision} |")
            continue
        verdict = "passed" if decision.passed else f"refused: {explain(decision)}"
        lines.append(f"| {label(version)} | {verdict} | {'; '.join(decision.reasons)} |")
    lines += ["", f"{seconds:.0f} s together, {processors:.0f} s of processors."]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
