"""The Markdown report of `benchmarks.train`."""

import importlib.metadata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median

import torch

from benchmarks.machine import machine_line
from benchmarks.train.sides import BenchmarkSpec
from maverick_assets.training.device.hardware import Hardware

NAMES = {
    "engine": "the engine",
    "padded": "transformers' Trainer and peft, padded to 512, batch 4",
    "trl": "TRL's SFTTrainer, its packing, bf16",
}
FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
PACKAGES = ("torch", "transformers", "peft", "trl", "datasets", "accelerate")
JOINT_REQUIRED = "3 (goal 6)"  # times as fast as TRL
MEMORY_ALLOWED = "1.3"  # times the memory of one adapter alone
AGREEMENT = 0.01  # relative difference of two losses that still counts as equal

Results = dict[str, list[dict[str, float]]]


@dataclass
class Measurements:
    """Results of all sides, one for each repeat."""

    # one adapter alone, by side
    one: Results = field(default_factory=lambda: defaultdict(list))
    # all adapters, by side; TRL trains them one after another
    joint: Results = field(default_factory=lambda: defaultdict(list))
    # the rate of matrix products
    gemm: list[dict[str, float]] = field(default_factory=list)
    # validation losses of the last repeat, by adapter directory
    losses: dict[str, float] = field(default_factory=dict)

    @property
    def sides(self) -> list[str]:
        return [name for name in NAMES if name in self.one]


def report(spec: BenchmarkSpec, measurements: Measurements, hardware: Hardware) -> str:
    parts = [
        _machine(),
        _setting(spec, measurements, hardware),
        "\n".join(_single_adapter_table(spec, measurements, hardware)),
        "\n".join(_joint_table(spec, measurements)),
        "\n".join(_loss_table(spec, measurements)),
    ]
    return "\n\n".join(parts)


def _machine() -> str:
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    flags = ", ".join(f"{flag} {'yes' if flag in cpuinfo else 'no'}" for flag in FLAGS)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    return f"{machine_line()} Processor: {flags}. Versions: {versions}."


def _setting(spec: BenchmarkSpec, measurements: Measurements, hardware: Hardware) -> str:
    settings, adapters = spec.settings, list(spec.rows)
    rows = spec.rows[adapters[0]]
    return (
        f"Base: the embedded 135M; the engine computes in {hardware.dtype_name}. "
        f"{len(adapters)} adapters, each of {len(rows)} synthetic examples as long as the real "
        f"mailbox's (the first: "
        f"{tokens(spec, adapters[:1])} tokens, {sum(row.n_supervised for row in rows)} of them "
        f"supervised), once. For all sides the same: rows, LoRA (rank {settings.rank}, alpha "
        f"{settings.alpha}, all linear layers), its first weights, about {settings.batch_tokens} "
        f"tokens a step, learning rate {settings.learning_rate} and its schedule. Each run is a "
        f"process of its own; the sides take turns, {len(measurements.gemm)} times; medians. "
        "Tokens are those of the examples, without padding."
    )


def tokens(spec: BenchmarkSpec, adapters: Sequence[str]) -> int:
    """Tokens of a whole training of these adapters, without padding."""
    rows = (row for name in adapters for row in spec.rows[name])
    return spec.settings.epochs * sum(len(row.input_ids) for row in rows)


def _single_adapter_table(
    spec: BenchmarkSpec, measurements: Measurements, hardware: Hardware
) -> Iterator[str]:
    real = tokens(spec, list(spec.rows)[:1])
    rates = {name: real / _median(measurements.one[name], "seconds") for name in measurements.sides}
    required = _required()
    yield "## One adapter, loading not counted"
    yield ""
    yield "| side | tokens/s | of each | computed / real | peak memory | engine faster | bound |"
    yield "|---|---:|---|---:|---:|---:|---|"
    for name in measurements.sides:
        results = measurements.one[name]
        repeats = ", ".join(f"{real / result['seconds']:.0f}" for result in results)
        faster = f"{rates['engine'] / rates[name]:.1f} times" if name != "engine" else ""
        yield (
            f"| {NAMES[name]} | {rates[name]:.0f} | {repeats} "
            f"| {_median(results, 'computed') / real:.2f} | {_median(results, 'memory'):.0f} MB "
            f"| {faster} | {required.get(name, '')} |"
        )
    parameters = measurements.gemm[0]["parameters"]
    rate = _median(measurements.gemm, "rate")
    share = 4 * parameters * rates["engine"] / rate
    yield ""
    yield (
        f"Share of the roofline: {share:.1%} (bound {required['roofline']}): 4 FLOPs for each of "
        f"{parameters / 1e6:.1f}M parameters and token, over {rate / 1e9:.0f} GFLOP/s, the best "
        f"rate of a matrix product at this model's shapes in {hardware.dtype_name}, on the same "
        "cores, in the same run. The engine computes the head on supervised rows only, which this "
        "count does not deduct."
    )


def _required() -> dict[str, str]:
    """What is asked of the engine: its share of the roofline, and how much faster it must be."""
    amx = torch.cpu._is_amx_tile_supported()
    padded = "10 (goal 25)" if amx else "5 without AMX"
    return {"roofline": "18 %, goal 35 %", "padded": padded, "trl": "2.5 (goal 5)"}


def _joint_table(spec: BenchmarkSpec, measurements: Measurements) -> Iterator[str]:
    engine, trl = measurements.joint["engine"], measurements.joint["trl"]
    real = tokens(spec, list(spec.rows))
    yield f"## {len(spec.rows)} adapters: joint against runs of TRL one after another"
    yield ""
    yield "| | the engine, joint | TRL, one after another | the engine is faster | bound |"
    yield "|---|---:|---:|---:|---|"
    for label, key, bound in (
        ("seconds, loading included", "wall", JOINT_REQUIRED),
        ("seconds, training alone", "seconds", ""),
    ):
        ours, theirs = _median(engine, key), _median(trl, key)
        yield f"| {label} | {ours:.0f} | {theirs:.0f} | {theirs / ours:.1f} times | {bound} |"
    ours, theirs = real / _median(engine, "wall"), real / _median(trl, "wall")
    yield f"| tokens/s, loading included | {ours:.0f} | {theirs:.0f} | | |"
    ours, theirs = _median(engine, "memory"), _median(trl, "memory")
    yield f"| peak memory | {ours:.0f} MB | {theirs:.0f} MB | | |"
    alone = _median(measurements.one["engine"], "memory")
    yield ""
    yield f"Memory of the joint run against one adapter alone: {ours / alone:.2f} times"
    yield f"(bound {MEMORY_ALLOWED})."


def _loss_table(spec: BenchmarkSpec, measurements: Measurements) -> Iterator[str]:
    adapter = next(iter(spec.rows))
    yield "## Validation losses"
    yield ""
    yield "Mean over the supervised tokens of rows that no side saw, by transformers and peft. The"
    yield f"base alone: {measurements.losses['base']:.4f} ({adapter})."
    yield ""
    yield "| adapter | the engine | other side | differs by | within 1 % |"
    yield "|---|---:|---|---:|---|"
    pairs = [("one", name, adapter) for name in measurements.sides if name not in ("engine", "trl")]
    pairs += [("joint", "trl", name) for name in spec.rows]
    for scope, name, of in pairs:
        ours, theirs = (
            _loss(measurements, scope, "engine", of),
            _loss(measurements, scope, name, of),
        )
        yield _difference(f"{of}, {scope}", ours, name, theirs)
    ours, theirs = (
        mean(_loss(measurements, "joint", side, of) for of in spec.rows)
        for side in ("engine", "trl")
    )
    yield _difference(f"mean of {len(spec.rows)}", ours, "trl", theirs)


def _difference(label: str, ours: float, side: str, theirs: float) -> str:
    differs = ours / theirs - 1
    agrees = "yes" if abs(differs) <= AGREEMENT else "NO"
    return f"| {label} | {ours:.4f} | {NAMES[side]}: {theirs:.4f} | {differs:+.2%} | {agrees} |"


def _loss(measurements: Measurements, scope: str, side: str, adapter: str) -> float:
    """A validation loss. That of TRL's one adapter is among its joint results."""
    scope = "joint" if side == "trl" else scope
    return measurements.losses[f"{scope}/{side}/{adapter}"]


def _median(results: Sequence[dict[str, float]], key: str) -> float:
    return median(result[key] for result in results)
