"""One section of `benchmarks.gpu` in a process of its own.

    python -m benchmarks.card.sections SECTION SETTING.json

It prints the section's rows of its table in one line, as JSON.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from benchmarks.card.candidates import compiled_block, grouped_lora, liger_norm
from benchmarks.card.setting import ADAPTERS, CardSetting, prepare_bases, random_rows
from benchmarks.train.sides import SIDES, BenchmarkSpec
from maverick_assets.base_model.load import load_base_model
from maverick_assets.errors import BadInput, MaverickError, first_line
from maverick_assets.fleets import Node
from maverick_assets.processes import run_main
from maverick_assets.training.device.hardware import Hardware, detect_hardware, prepare_process
from maverick_assets.training.device.memory import prepare_memory
from maverick_assets.training.loop.adapter_job import AdapterJob
from maverick_assets.training.loop.adapters import attached_lora
from maverick_assets.training.loop.engine import train
from maverick_assets.training.loop.stepper import local_stepper
from maverick_assets.training.model.self_check import self_check
from maverick_assets.training.spec import read_json

GB = 2**30
Rows = list[dict[str, Any]]

# Families whose attention differs: plain, windows, soft caps, norms of queries and keys.
FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {},
    "mistral": {"sliding_window": 64},
    "qwen2": {},
    "qwen3": {},
    "gemma2": {"sliding_window": 64, "query_pre_attn_scalar": 16},
    "gemma3_text": {"sliding_window": 64, "query_pre_attn_scalar": 16},
    "phi3": {"pad_token_id": 0},
    "granite": {},
}


def equality(setting: CardSetting, hardware: Hardware) -> Rows:
    """The engine against transformers and peft, in float32 and in the device's dtype."""
    torch.backends.cuda.matmul.allow_tf32 = False  # a float32 of 10 bits would hide differences
    names = list(FAMILIES)[:2] if setting.tiny else FAMILIES
    dtypes = dict.fromkeys([torch.float32, hardware.dtype])
    return [
        _equality_row(name, Hardware(hardware.device, dtype)) for name in names for dtype in dtypes
    ]


def _equality_row(name: str, hardware: Hardware) -> dict[str, Any]:
    from transformers import AutoConfig, AutoModelForCausalLM

    shape = {
        "vocab_size": 512,
        "hidden_size": 128,
        "intermediate_size": 192,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 32,
        "initializer_range": 0.1,
    }
    torch.manual_seed(0)
    config = AutoConfig.for_model(name, **shape, **FAMILIES[name])
    model = AutoModelForCausalLM.from_config(config).to(hardware.device, hardware.dtype).eval()
    row = {"family": name, "dtype": hardware.dtype_name}
    try:
        result = self_check(model, random_rows(config.vocab_size), hardware)
    except MaverickError as error:
        return row | {"paths off": f"refused: {error}"}
    chosen = result.chosen
    return row | {
        "loss differs": f"{chosen.difference.loss:.1e}",
        "gradients differ": f"{chosen.difference.gradient:.1e}",
        "allowed": f"{result.limit.loss:.1e}, {result.limit.gradient:.1e}",
        "paths off": ", ".join(chosen.paths.switched_off) or "none",
    }


def bases(setting: CardSetting, hardware: Hardware) -> Rows:
    """Write the bases; no table of its own."""
    specs = prepare_bases(setting, hardware)
    return [{"base": name, "digest": base.digest[:12]} for name, base in specs.items()]


def side(name: str, adapters: Sequence[str] = ADAPTERS[:1], quantize: str = "none") -> "Section":
    """One side of the table, timed without loading."""

    def run(setting: CardSetting, hardware: Hardware) -> Rows:
        spec = _spec(setting, setting.table_base[0])
        spec = spec.model_copy(update={"quantize": quantize})
        out = Path(tempfile.mkdtemp(dir=setting.folder))
        result = SIDES[name](spec, adapters, out)
        return [_speed_row(spec, adapters, result, hardware)]

    return run


def _speed_row(
    spec: BenchmarkSpec, adapters: Sequence[str], result: dict[str, Any], hardware: Hardware
) -> dict[str, Any]:
    real = sum(len(row.input_ids) for name in adapters for row in spec.rows[name])
    row = {
        "tokens/s": f"{real / result['seconds']:.0f}",
        "computed / real": f"{result['computed'] / real:.2f}",
        "peak memory": f"{result['memory'] / 1024:.1f} GB",
    }
    if hardware.device == "cuda":
        row["reserved"] = f"{torch.cuda.max_memory_reserved() / GB:.1f} GB"
    return row


def roofline(setting: CardSetting, hardware: Hardware) -> Rows:
    """What the card's own rate of products allows for LoRA on the table's base."""
    result = SIDES["gemm"](_spec(setting, setting.table_base[0]), [], setting.folder)
    allowed = result["rate"] / (4 * result["parameters"])
    rate = f"{result['rate'] / 1e12:.2f} TFLOP/s in {hardware.dtype_name}"
    return [{"tokens/s": f"{allowed:.0f}", "computed / real": rate}]


def limited(setting: CardSetting, hardware: Hardware) -> Rows:
    """Six adapters on a base in 4 bits, in no more memory than a node of the fleet gives."""
    spec = _spec(setting, setting.limited_base[0])
    lines: list[str] = []
    prepare_memory(Node(name="card", training_gb=setting.limit_gb), hardware, lines.append)
    base = spec.base
    model = load_base_model(base.directory, base.digest, hardware.dtype, "nf4")
    model.to(hardware.device)
    loaded = torch.cuda.memory_allocated() / GB if hardware.device == "cuda" else 0.0
    jobs = [AdapterJob(name, rows, spec.settings) for name, rows in spec.rows.items()]
    with attached_lora(model, jobs, 0) as lora:
        result = train(
            lora,
            jobs,
            hardware,
            0,
            lambda _: None,
            make_stepper=partial(local_stepper, log=lines.append),
        )
    if result.failures:
        raise MaverickError("; ".join(result.failures.values()))
    reserved = torch.cuda.max_memory_reserved() / GB if hardware.device == "cuda" else 0.0
    return [
        {
            "base": setting.limited_base[0],
            "limit": f"{setting.limit_gb:g} GB",
            "base alone": f"{loaded:.1f} GB",
            "peak memory": f"{hardware.peak_memory_mb() / 1024:.1f} GB",
            "reserved": f"{reserved:.1f} GB",
            "tokens/s": f"{result.tokens_per_second:.0f}",
            "log": "; ".join(lines) or "nothing",
        }
    ]


def repeated(setting: CardSetting, hardware: Hardware) -> Rows:
    """The same training twice: whether its weights are the same, as they are on a CPU."""
    spec = _spec(setting, setting.table_base[0])
    before = torch.are_deterministic_algorithms_enabled()
    try:
        return [_repeated_row(setting, spec, hardware, wanted) for wanted in (False, True)]
    finally:
        torch.use_deterministic_algorithms(before)


def _repeated_row(
    setting: CardSetting, spec: BenchmarkSpec, hardware: Hardware, deterministic: bool
) -> dict[str, Any]:
    torch.use_deterministic_algorithms(deterministic, warn_only=True)
    name = ADAPTERS[0]
    weights, seconds = [], []
    for attempt in range(2):
        out = setting.folder / f"repeated-{deterministic}-{attempt}"
        seconds.append(SIDES["engine"](spec, [name], out)["seconds"])
        weights.append(load_file(out / name / "adapter_model.safetensors"))
    apart = max((weights[0][key] - weights[1][key]).abs().max().item() for key in weights[0])
    tokens = sum(len(row.input_ids) for row in spec.rows[name])
    return {
        "device": hardware.device,
        "deterministic algorithms": "yes" if deterministic else "no",
        "largest difference of weights": f"{apart:.1e}",
        "tokens/s": f"{tokens / min(seconds):.0f}",
    }


def _spec(setting: CardSetting, base: str) -> BenchmarkSpec:
    return read_json(setting.folder / f"{base}.json", BenchmarkSpec)


Section = Callable[[CardSetting, Hardware], Rows]
SECTIONS: dict[str, Section] = {
    "equality": equality,
    "bases": bases,
    "roofline": roofline,
    "engine": side("engine"),
    "trl": side("trl"),
    "limited": limited,
    "engine-nf4": side("engine", quantize="nf4"),
    "padded": side("padded"),
    "engine-joint": side("engine", ADAPTERS),
    "unsloth": side("unsloth"),
    "expandable-segments": side("engine", ADAPTERS),
    "repeated": repeated,
    "grouped-lora": grouped_lora,
    "compiled-block": compiled_block,
    "liger-norm": liger_norm,
}


def main(arguments: Sequence[str]) -> None:
    name, path = arguments
    setting = read_json(Path(path), CardSetting)
    prepare_process()
    hardware = detect_hardware()
    if hardware.device != setting.device:
        raise BadInput(f"this process computes on {hardware.device}, not on {setting.device}")
    try:
        rows = SECTIONS[name](setting, hardware)
    except MaverickError:
        raise
    except Exception as error:  # it quotes no row of anybody, and the page shows what it says
        raise MaverickError(f"{type(error).__name__}: {first_line(error)}") from error
    print(json.dumps(rows), flush=True)


if __name__ == "__main__":
    sys.exit(run_main(main))
