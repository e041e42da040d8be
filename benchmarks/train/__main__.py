"""The training engine against transformers' Trainer with padding and TRL's SFTTrainer with packing.

    python -m benchmarks.train [--rows N] [--repeats 3] [--write docs/benchmarks]

Needs the extra `bench`. Each side runs in a process of its own (`benchmarks.train.sides`), one at a
time. The sides take turns, so that a busy minute of the machine hits all of them, and figures are
medians. The base is the embedded one. The examples have the lengths of a real mailbox's
(`benchmarks.mailbox`). Prints Markdown; `--write` also keeps it, as train-cpu.md. For a card there
is `benchmarks.gpu`.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.mailbox import mailbox_rows
from benchmarks.train.report import Measurements, report
from benchmarks.train.sides import BenchmarkSpec
from maverick_assets.base_model.prepare import ensure_base
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.processes import run_module
from maverick_assets.recipes import Training
from maverick_assets.settings import Settings
from maverick_assets.training.device.hardware import detect_hardware
from maverick_assets.training.spec import BaseSpec

ADAPTERS = [f"adapter-{number}" for number in range(1, 7)]
FIRST_ADAPTER = ADAPTERS[:1]
VALIDATION_ROWS = 20  # of each adapter
STEP_TOKENS = 1024
LEARNING_RATE = 5e-4  # high, so that few steps show in the loss


def main() -> None:
    hardware = detect_hardware()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=30, help="of each of the six adapters")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    if hardware.device == "cuda":
        parser.error("this machine has a card: run python -m benchmarks.gpu")
    started, load = time.monotonic(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="maverick-bench-") as name:
        spec = prepare(Path(name), arguments.rows)
        measurements = measure(Path(name), arguments.repeats)
    minutes = (time.monotonic() - started) / 60
    command = f"python -m benchmarks.train --rows {arguments.rows} --repeats {arguments.repeats}"
    text = (
        f"# Training: `{command}`\n\n{datetime.now(UTC):%Y-%m-%d}, {minutes:.0f} minutes; load of "
        f"the machine before: {load:.1f}.\n\n{report(spec, measurements, hardware)}"
    )
    print(text)
    if arguments.write:
        arguments.write.mkdir(parents=True, exist_ok=True)
        (arguments.write / "train-cpu.md").write_text(text + "\n", encoding="utf-8")


def prepare(folder: Path, count: int) -> BenchmarkSpec:
    """Base and rows, the same for all sides; written to spec.json in `folder`, which they read."""
    base = ensure_base(Settings(home=folder, base_model=None))
    tokenizer = ChatTokenizer(base.directory)
    spec = BenchmarkSpec(
        base=BaseSpec(directory=base.directory, digest=base.digest),
        settings=Training(epochs=1, learning_rate=LEARNING_RATE, batch_tokens=STEP_TOKENS),
        rows={name: mailbox_rows(tokenizer, count, name, "train") for name in ADAPTERS},
        validation={
            name: mailbox_rows(tokenizer, VALIDATION_ROWS, name, "held out") for name in ADAPTERS
        },
    )
    (folder / "spec.json").write_text(spec.model_dump_json(), encoding="utf-8")
    return spec


def measure(folder: Path, repeats: int) -> Measurements:
    """Run all sides in turn, `repeats` times. The losses are those of the last time."""
    measurements = Measurements()
    for repeat in range(repeats):
        out = folder / str(repeat)
        measurements.gemm.append(run_side("gemm", folder, out))
        for name in ("engine", "padded"):
            measurements.one[name].append(run_side(name, folder, out / "one" / name, FIRST_ADAPTER))
        runs = [run_side("trl", folder, out / "joint" / "trl", [name]) for name in ADAPTERS]
        measurements.one["trl"].append(runs[0])
        measurements.joint["trl"].append(
            {
                "seconds": sum(run["seconds"] for run in runs),
                "wall": sum(run["wall"] for run in runs),
                "memory": max(run["memory"] for run in runs),
            }
        )
        joint = run_side("engine", folder, out / "joint" / "engine", ADAPTERS)
        measurements.joint["engine"].append(joint)
    trained = sorted(path.parent for path in out.rglob("adapter_config.json"))
    paths = [str(path.relative_to(out)) for path in trained]
    measurements.losses = run_side("validation", folder, out, paths)
    return measurements


def run_side(name: str, folder: Path, out: Path, adapters: Sequence[str] = ()) -> dict[str, Any]:
    """The result of a side, with `wall`, the seconds from its start to its end, added."""
    spec = str(folder / "spec.json")
    started = time.monotonic()
    results: list[str] = []
    arguments = [name, spec, str(out), *adapters]
    run_module("benchmarks.train.sides", *arguments, log=_StderrLog(), on_result=results.append)
    result: dict[str, Any] = json.loads(results[-1]) | {"wall": time.monotonic() - started}
    _StderrLog().info(f"{name}, {len(adapters)} adapters: {result}")
    return result


class _StderrLog:
    """Passes the lines that a side prints besides its result to stderr."""

    def info(self, msg: str) -> None:
        print(msg, file=sys.stderr, flush=True)

    warning = error = info


if __name__ == "__main__":
    main()
