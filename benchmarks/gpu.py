"""The engine on one card, in at most ten minutes: is it right there, how fast, in what memory.

    python -m benchmarks.gpu [--out docs/benchmarks/train-cuda.md]
    python -m benchmarks.gpu --device cpu --tiny --out page.md      # a rehearsal of every section

Needs the extras `bench` and `cuda`. Each section runs in a process of its own, for a bounded time.
One that fails stands in the page with its error, and the next begins. The page is written after
each section, so that a run that was cut off leaves what it had measured.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from benchmarks.card.setting import LARGE_CARD_GB, CardSetting
from benchmarks.machine import machine_line
from maverick_assets.errors import BadInput
from maverick_assets.processes import child_environment, run_main
from maverick_assets.settings import Settings

MINUTES = 10
PACKAGES = ("torch", "transformers", "peft", "trl", "bitsandbytes", "liger-kernel", "unsloth")
ROWS_BEGIN = '[{"'  # of the line in which a section prints its rows, a list of objects
SPEED = ("tokens/s", "computed / real", "peak memory", "reserved")


@dataclass(frozen=True)
class Section:
    """A process of `benchmarks.card.sections`, whose rows belong to one table."""

    name: str
    seconds: int  # how long it may take
    label: str = ""  # the first column of its rows, where they do not name themselves
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """Sections under one heading, with the columns of their rows."""

    heading: str
    columns: Sequence[str]
    sections: Sequence[Section]
    note: str = ""


# In the order in which they run: what matters most comes first.
TABLES = (
    Table(
        "Equality with transformers and peft",
        ("family", "dtype", "loss differs", "gradients differ", "allowed", "paths off"),
        [Section("equality", 120)],
    ),
    Table("Bases of random weights", ("base", "digest"), [Section("bases", 150)]),
    Table(
        "Speed, loading not counted",
        ("side", *SPEED),
        [
            Section("engine", 90, "the engine, one adapter"),
            Section("trl", 90, "TRL's SFTTrainer, its packing"),
            Section("roofline", 45, "what 4 FLOPs a parameter and token allow"),
            Section("engine-nf4", 90, "the engine, base in 4 bits"),
            Section("padded", 90, "transformers' Trainer, padded to 512, batch 4"),
            Section("engine-joint", 90, "the engine, six adapters at once"),
            Section("unsloth", 90, "Unsloth under TRL's SFTTrainer"),
        ],
        "Asked of the engine, one adapter: 45 % of what 4 FLOPs allow (goal 65), 5 times "
        "transformers' Trainer (goal 10), 1.2 times TRL (goal 1.6), as fast as Unsloth (1.25).",
    ),
    Table(
        "Six adapters on a base in 4 bits, in limited memory",
        ("base", "limit", "base alone", "peak memory", "reserved", "tokens/s", "log"),
        [Section("limited", 120)],
    ),
    Table(
        "The same training twice",
        ("device", "deterministic algorithms", "largest difference of weights", "tokens/s"),
        [Section("repeated", 120)],
    ),
    Table(
        "Candidates for the engine: its allocator",
        ("side", *SPEED),
        [
            Section(
                "expandable-segments",
                90,
                "the engine, six adapters, expandable segments",
                {"PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True"},
            ),
        ],
    ),
    Table(
        "Candidates for the engine: parts alone, forward and backward",
        ("candidate", "now", "with it", "gain"),
        [
            Section("grouped-lora", 45, "LoRA of six adapters: grouped_mm"),
            Section("compiled-block", 90, "norm and gate: torch.compile"),
            Section("liger-norm", 45, "RMSNorm: Liger"),
        ],
    ),
)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--tiny", action="store_true", help="every section on a tiny base")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks/train-cuda.md"))
    options = parser.parse_args(list(arguments))
    if options.device == "cuda" and not torch.cuda.is_available():
        raise BadInput("torch finds no GPU here; rehearse with --device cpu --tiny --out page.md")
    with tempfile.TemporaryDirectory(prefix="maverick-gpu-") as name:
        setting = CardSetting(
            device=options.device,
            tiny=options.tiny,
            folder=Path(name),
            home=Settings().home,
            large=options.device == "cuda" and _card_gb() >= LARGE_CARD_GB,
        )
        path = Path(name) / "setting.json"
        path.write_text(setting.model_dump_json(), encoding="utf-8")
        measure(setting, path, options.out)


def measure(
    setting: CardSetting,
    path: Path,
    out: Path,
    tables: Sequence[Table] = TABLES,
    minutes_allowed: float = MINUTES,
) -> None:
    """Run the sections of `tables`, and write the page `out` anew after each."""
    started = time.monotonic()
    rows: dict[str, list[dict[str, Any]]] = {}
    head = _head(setting)
    out.parent.mkdir(parents=True, exist_ok=True)
    for table in tables:
        for section in table.sections:
            left = minutes_allowed * 60 - (time.monotonic() - started)
            rows[section.name] = _run(section, table, path, setting.device, left)
            minutes = (time.monotonic() - started) / 60
            text = f"{head}\n\n{minutes:.1f} minutes.\n\n" + "\n\n".join(_tables(tables, rows))
            out.write_text(text + "\n", encoding="utf-8")
            print(f"{minutes:4.1f} min  {section.name}: {rows[section.name]}", flush=True)


def _run(
    section: Section, table: Table, setting: Path, device: str, left: float
) -> list[dict[str, Any]]:
    """The rows of a section, or one that says why there are none."""
    label = {table.columns[0]: section.label or section.name}
    if left < 10:
        return [label | {"error": "left out: the time was used up"}]
    # Unsloth compiles, and one section compares with what torch compiles.
    environment = child_environment() | {"TORCHDYNAMO_DISABLE": "0"} | section.environment
    if device == "cpu":
        environment["CUDA_VISIBLE_DEVICES"] = ""
    command = [sys.executable, "-m", "benchmarks.card.sections", section.name, str(setting)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=environment,
        start_new_session=True,
    ) as process:
        seconds = min(section.seconds, left)
        try:
            output, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return [label | {"error": f"cut off after {seconds:.0f} s"}]
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    lines = [line for line in output.splitlines() if line.strip()]
    last = lines[-1] if lines else "it said nothing"
    if process.returncode:
        return [label | {"error": f"failed: {last.removeprefix('error: ')}"}]
    # Not the last line: libraries may warn when the process ends.
    answer = next((line for line in reversed(lines) if line.startswith(ROWS_BEGIN)), None)
    if answer is None:
        return [label | {"error": f"no rows, but: {last}"}]
    rows: list[dict[str, Any]] = json.loads(answer)
    return [label | row for row in rows]


def _tables(tables: Sequence[Table], rows: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    """Each table as far as its sections have run."""
    for table in tables:
        cells = [row for section in table.sections for row in rows.get(section.name, [])]
        if cells:
            lines = [_line(table.columns), _line(["---"] * len(table.columns))]
            lines += [_line(_cells(row, table.columns)) for row in cells]
            yield "\n\n".join(
                [f"## {table.heading}", *filter(None, [table.note]), "\n".join(lines)]
            )


def _cells(row: dict[str, Any], columns: Sequence[str]) -> list[str]:
    if "error" in row:
        return [str(row[columns[0]]), str(row["error"]), *[""] * (len(columns) - 2)]
    return [str(row.get(column, "")) for column in columns]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |"


def _head(setting: CardSetting) -> str:
    flags = " --device cpu" * (setting.device == "cpu") + " --tiny" * setting.tiny
    rehearsal = (
        "**A rehearsal: no figure here says anything about a card.** " if setting.tiny else ""
    )
    card = ""
    if setting.device == "cuda":
        card = f" GPU: {torch.cuda.get_device_name()}, {_card_gb():.0f} GB."
    base = setting.table_base[0]
    return (
        f"# Training on a card: `python -m benchmarks.gpu{flags}`\n\n{rehearsal}"
        f"{datetime.now(UTC):%Y-%m-%d}. {machine_line()}{card} Versions: {_versions()}.\n\n"
        f"The table's base: {base}, random weights, {setting.rows} synthetic examples an adapter, "
        f"as long as a real mailbox's, {setting.step_tokens} tokens a step, LoRA of rank 16 on all "
        "linear layers. Tokens are those of the examples, without padding. TF32 is off."
    )


def _versions() -> str:
    return ", ".join(f"{name} {_version(name)}" for name in PACKAGES)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _card_gb() -> float:
    return float(torch.cuda.get_device_properties(0).total_memory / 2**30)


if __name__ == "__main__":
    sys.exit(run_main(main))
