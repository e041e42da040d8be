"""The training engine against transformers' Trainer with padding and TRL's SFTTrainer with packing.

    python -m benchmarks.train [--rows N] [--repeats 3] [--write docs/benchmarks]

Needs the extra `bench`. Each side is a process of its own (`benchmarks.train_sides`), one at a
time; the sides take turns, and figures are medians. On a CPU the base is the embedded one, on CUDA
a Llama of 8B with random weights. The examples have the lengths of a real mailbox's
(`benchmarks.mailbox`). Prints Markdown; `--write` also keeps it, as train-cpu.md or train-cuda.md.
"""

import argparse
import importlib.util
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from benchmarks.mailbox import mailbox_rows
from benchmarks.train_report import Measured, report
from benchmarks.train_sides import Spec
from maverick_assets.base_model.prepare import base_in, ensure_base
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.processes import run_module
from maverick_assets.recipes import Training
from maverick_assets.settings import Settings
from maverick_assets.training.device.hardware import Hardware, detect_hardware
from maverick_assets.training.spec import BaseSpec

ADAPTERS = [f"adapter-{number}" for number in range(1, 7)]
ONE = ADAPTERS[:1]
HELD_OUT = 20  # rows of each adapter
LEARNING_RATE = 5e-4  # so that few steps are seen in the loss
LLAMA_8B = LlamaConfig(
    vocab_size=128256,
    hidden_size=4096,
    intermediate_size=14336,
    num_hidden_layers=32,
    num_attention_heads=32,
    num_key_value_heads=8,
    max_position_embeddings=8192,
    tie_word_embeddings=False,
)


def main() -> None:
    hardware = detect_hardware()
    parser = argparse.ArgumentParser(description=__doc__)
    rows = 480 if hardware.device == "cuda" else 30
    parser.add_argument("--rows", type=int, default=rows, help="of each of the six adapters")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    started, load = time.monotonic(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="maverick-bench-") as name:
        spec = prepare(Path(name), arguments.rows, hardware)
        measured = measure(spec, Path(name), arguments.repeats)
    minutes = (time.monotonic() - started) / 60
    command = f"python -m benchmarks.train --rows {arguments.rows} --repeats {arguments.repeats}"
    text = (
        f"# Training: `{command}`\n\n{datetime.now(UTC):%Y-%m-%d}, {minutes:.0f} minutes; load of "
        f"the machine before: {load:.1f}.\n\n{report(spec, measured, hardware)}"
    )
    print(text)
    if arguments.write:
        arguments.write.mkdir(parents=True, exist_ok=True)
        (arguments.write / f"train-{hardware.device}.md").write_text(text + "\n")


def prepare(folder: Path, count: int, hardware: Hardware) -> Spec:
    """Base and rows, the same for all sides; they read spec.json in `folder`."""
    base = small = ensure_base(Settings(home=folder, base_model=None))
    step = 1024
    if hardware.device == "cuda":
        base = base_in(random_llama(folder / "llama", small.directory))
        step = 4096
    tokenizer = ChatTokenizer(small.directory)
    spec = Spec(
        base=BaseSpec(directory=base.directory, digest=base.digest),
        settings=Training(epochs=1, learning_rate=LEARNING_RATE, batch_tokens=step),
        rows={name: mailbox_rows(tokenizer, count, name, "train") for name in ADAPTERS},
        held_out={name: mailbox_rows(tokenizer, HELD_OUT, name, "held out") for name in ADAPTERS},
    )
    (folder / "spec.json").write_text(spec.model_dump_json())
    return spec


def random_llama(folder: Path, tokenizer: Path) -> Path:
    """Random weights take the time that learnt ones take. Its tokenizer is the embedded base's."""
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    with torch.device("cuda"):
        LlamaForCausalLM(LLAMA_8B).save_pretrained(folder)
    torch.set_default_dtype(torch.float32)
    torch.cuda.empty_cache()
    for path in [*tokenizer.glob("tokenizer*"), *tokenizer.glob("*.jinja")]:
        shutil.copy(path, folder)
    return folder


def measure(spec: Spec, folder: Path, repeats: int) -> Measured:
    """All sides in turn, `repeats` times; the losses are those of the last time."""
    measured = Measured()
    others = ["padded"]
    if spec.base.directory.name == "llama" and importlib.util.find_spec("unsloth"):
        others.append("unsloth")
    for repeat in range(repeats):
        out = folder / str(repeat)
        measured.gemm.append(run_side("gemm", folder, out))
        for name in ["engine", *others]:
            measured.one[name].append(run_side(name, folder, out / "one" / name, ONE))
        runs = [run_side("trl", folder, out / "joint" / "trl", [name]) for name in ADAPTERS]
        measured.one["trl"].append(runs[0])
        measured.joint["trl"].append(
            {
                "seconds": sum(run["seconds"] for run in runs),
                "wall": sum(run["wall"] for run in runs),
                "memory": max(run["memory"] for run in runs),
            }
        )
        joint = run_side("engine", folder, out / "joint" / "engine", ADAPTERS)
        measured.joint["engine"].append(joint)
    trained = sorted(path.parent for path in out.rglob("adapter_config.json"))
    paths = [str(path.relative_to(out)) for path in trained]
    measured.losses = run_side("held-out", folder, out, paths)
    return measured


def run_side(name: str, folder: Path, out: Path, adapters: Sequence[str] = ()) -> dict[str, Any]:
    """The result of a side, and `wall`: seconds from its start to its end."""
    spec = str(folder / "spec.json")
    started = time.monotonic()
    last = run_module("benchmarks.train_sides", name, spec, str(out), *adapters, log=_Log())
    result = json.loads(last) | {"wall": time.monotonic() - started}
    _Log().info(f"{name}, {len(adapters)} adapters: {result}")
    return result


class _Log:
    """What sides say besides their result goes to stderr."""

    def info(self, msg: str) -> None:
        print(msg, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
