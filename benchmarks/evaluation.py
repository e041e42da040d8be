"""How long an evaluation of all personalities takes, and what packs save when it scores.

    python -m benchmarks.evaluation --home DIR

DIR is the run home of a demo; nothing in it is changed. Prints Markdown:

- the process that evaluates all newest versions, once with nothing kept and once more with what the
  first time kept, as in a night in which nothing changed;
- the losses of all their held-out examples under adapter and base, computed in packs over all
  adapters, and as usual: transformers and peft, one adapter after another, batches of 8 in the
  order of the dataset, padded to the longest. Both are repeated in turn, in the same process.

Seconds of processors are of all threads: they hold beside other programs, seconds do not.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

import torch

from benchmarks.machine import machine_line
from maverick_assets.base_model.tokenizer import Encoded
from maverick_assets.evaluation.collect import read_candidate
from maverick_assets.evaluation.kept_results import BASE, adapter_digest
from maverick_assets.evaluation.loaded_base import LoadedBase, adapted_base, load_base
from maverick_assets.evaluation.scoring import PackedScorer
from maverick_assets.evaluation.spec import EvaluationSpec, EvaluationsSpec
from maverick_assets.lake.paths import dataset_path
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.settings import Settings
from maverick_assets.training.kernels.packing import Document
from maverick_assets.training.loop.adapters import load_adapter
from maverick_assets.training.spec import BaseSpec

REPEATS = 3
PADDED_ROWS = 8


@dataclass(frozen=True)
class Measured:
    """How long something took, and what it gave."""

    seconds: float
    processor_seconds: float
    losses: dict[str, list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parsed = parser.parse_args()
    settings = Settings(home=parsed.home)
    registry = Registry(settings.models)
    versions = [v for name in registry.personalities() if (v := registry.newest(name))]
    base = load_base(base_spec(settings, versions[0].base_digest))
    with tempfile.TemporaryDirectory() as folder:
        specs = [version_spec(settings, registry, version, Path(folder)) for version in versions]
        print(f"{machine_line()}\n\n{process_table(base, specs, Path(folder))}\n")
        print(scoring_table(base, specs, parsed.repeats))


def process_table(base: LoadedBase, specs: Sequence[EvaluationSpec], folder: Path) -> str:
    """The process, with nothing kept and with all kept."""
    spec = EvaluationsSpec(base=base.spec, evaluations=list(specs))
    path = folder / "evaluate.json"
    path.write_text(spec.model_dump_json(), encoding="utf-8")
    command = [sys.executable, "-m", "maverick_assets.evaluation.evaluate", str(path)]
    lines = ["| evaluation of all | seconds | seconds of processors |", "|---|---:|---:|"]
    for name in ("nothing kept", "losses and answers kept"):
        used, started = _children(), time.monotonic()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds = time.monotonic() - started
        assert done.stdout.count('"problem": null') == len(specs), done.stdout
        lines.append(
            f"| {len(specs)} versions, {name} | {seconds:.0f} | {_children() - used:.0f} |"
        )
    return "\n".join(lines)


def scoring_table(base: LoadedBase, specs: Sequence[EvaluationSpec], repeats: int) -> str:
    rows = {spec.adapter: list(read_candidate(spec, base).rows) for spec in specs}
    ways: dict[str, list[Measured]] = {"padded": [], "packed": []}
    for _ in range(repeats):
        ways["padded"].append(_measured(lambda: padded_losses(base, rows)))
        ways["packed"].append(_measured(lambda: packed_losses(base, rows, specs[0].checks)))
    tokens = 2 * sum(len(row.input_ids) for own in rows.values() for row in own)
    table = ["| scoring | seconds | seconds of processors | tokens/s |", "|---|---:|---:|---:|"]
    for name, measured in ways.items():
        seconds = statistics.median(one.seconds for one in measured)
        used = statistics.median(one.processor_seconds for one in measured)
        table.append(f"| {name} | {seconds:.1f} | {used:.1f} | {tokens / seconds:.0f} |")
    pairs = list(zip(ways["padded"], ways["packed"], strict=True))
    faster = statistics.median(old.seconds / new.seconds for old, new in pairs)
    cheaper = statistics.median(old.processor_seconds / new.processor_seconds for old, new in pairs)
    table += [
        "",
        f"{tokens} tokens, {base.hardware.dtype_name}. Packed is {faster:.1f} times as fast and "
        f"costs {1 / cheaper:.2f} of the processors (medians of {repeats} pairs). Losses per token "
        f"differ by {_difference(ways, rows):.1e} nats at most, on a personality's mean.",
    ]
    return "\n".join(table)


def packed_losses(
    base: LoadedBase, rows: dict[Path, list[Encoded]], checks: Path | None
) -> dict[str, list[float]]:
    paths = base.paths([row for own in rows.values() for row in own], checks)
    with adapted_base(base, rows, paths) as adapted:
        wanted = [(str(path), row, BASE) for path, own in rows.items() for row in own]
        wanted += [
            (str(path), row, adapter_digest(path)) for path, own in rows.items() for row in own
        ]
        documents = [Document(row, adapted.index(model)) for _, row, model in wanted]
        losses = PackedScorer(adapted).losses(documents)
    return _grouped(
        (f"{path} {'base' if model == BASE else 'adapter'}", loss)
        for (path, _, model), loss in zip(wanted, losses, strict=True)
    )


def padded_losses(base: LoadedBase, rows: dict[Path, list[Encoded]]) -> dict[str, list[float]]:
    losses: dict[str, list[float]] = {}
    for path, own in rows.items():
        losses[f"{path} base"] = _padded(base.model, own)
        lora = load_adapter(base.model, path)
        losses[f"{path} adapter"] = _padded(lora, own)
        lora.unload()
    return losses


def _padded(model: Any, rows: Sequence[Encoded]) -> list[float]:
    losses = []
    for at in range(0, len(rows), PADDED_ROWS):
        batch = rows[at : at + PADDED_ROWS]
        longest = max(len(row.input_ids) for row in batch)
        ids = torch.tensor([row.input_ids + [0] * (longest - len(row.input_ids)) for row in batch])
        mask = torch.tensor(
            [[1] * len(row.input_ids) + [0] * (longest - len(row.input_ids)) for row in batch]
        )
        with torch.inference_mode():
            logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
            for row, own in zip(batch, logits, strict=True):
                targets = torch.tensor(row.input_ids[row.n_prompt :])
                predictors = own[row.n_prompt - 1 : len(row.input_ids) - 1].float()
                loss = torch.nn.functional.cross_entropy(predictors, targets, reduction="sum")
                losses.append(loss.item())
    return losses


def _measured(work: Callable[[], dict[str, list[float]]]) -> Measured:
    started, used = time.monotonic(), time.process_time()
    losses = work()
    return Measured(time.monotonic() - started, time.process_time() - used, losses)


def _difference(ways: dict[str, list[Measured]], rows: dict[Path, list[Encoded]]) -> float:
    """How far the mean loss per token of a personality is apart, for the one that differs most."""
    padded, packed = ways["padded"][0].losses, ways["packed"][0].losses
    tokens = {str(path): sum(row.n_supervised for row in own) for path, own in rows.items()}
    return max(
        abs(sum(padded[name]) - sum(packed[name])) / tokens[name.rsplit(" ", 1)[0]]
        for name in padded
    )


def _grouped(pairs: Iterator[tuple[str, float]]) -> dict[str, list[float]]:
    grouped: dict[str, list[float]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped


def _children() -> float:
    usage = getrusage(RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def base_spec(settings: Settings, digest: str) -> BaseSpec:
    return BaseSpec(directory=settings.home / "base" / digest[:12], digest=digest)


def version_spec(
    settings: Settings, registry: Registry, version: Manifest, folder: Path
) -> EvaluationSpec:
    name = version.personality
    names = [other for other in registry.personalities() if other != name]
    other = registry.newest(min(names, key=lambda each: (each < name, each)))
    assert other is not None
    return EvaluationSpec(
        personality=name,
        dataset=dataset_path(settings.lake, name),
        dataset_version=version.dataset_version,
        adapter=registry.weights(name, version.version, "adapter"),
        other_adapter=registry.weights(other.personality, other.version, "adapter"),
        max_length=version.recipe.training.max_length,
        gates=version.recipe.gates,
        out=folder / name,
        lake=settings.lake,
        owner_emails=("*@testpilot.example",),
        checks=folder / "checks",
        losses=folder / f"{name}.losses.json",
        answers=folder / f"{name}.answers.json",
    )


if __name__ == "__main__":
    main()
