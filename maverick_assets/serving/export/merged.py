"""A version as one model: the adapter's update added to the weights of its base, as a GGUF file.

`python -m maverick_assets.serving.export.merged PERSONALITY VERSION f16|q8_0` does it in a process
of its own. Programs that load no adapters take such a file.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast

from maverick_assets.base_model.identity import weight_files
from maverick_assets.base_model.llama_cpp.gguf_files import convert_model
from maverick_assets.base_model.llama_cpp.llama_server import LlamaServer
from maverick_assets.base_model.load import verify_base
from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.record import RECORD_FILE
from maverick_assets.datasets.outgoing import outgoing_text
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.processes import run_main
from maverick_assets.records import ParityDecision
from maverick_assets.registry.catalog import label
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.serving.export.adapter import refuse_unsupported
from maverick_assets.serving.export.base import base_model_of
from maverick_assets.serving.export.engines import LlamaEngine
from maverick_assets.serving.export.gate import CONTEXT, SLOTS
from maverick_assets.serving.export.parity import MAX_TOKENS, decide, explain, judge
from maverick_assets.serving.export.parity_prompts import parity_prompts
from maverick_assets.serving.export.reference import Reference
from maverick_assets.settings import Settings, load_settings

Kind = Literal["f16", "q8_0"]
# Bytes for a weight. Q8_0 has a scale of two bytes for 32 weights of a byte each.
_BYTES: Mapping[Kind, float] = {"f16": 2.0, "q8_0": 34 / 32}
_F16_MAX = 65504.0
_PREFIX = "base_model.model."  # of peft's names


def export_merged(settings: Settings, personality: str, version: str, kind: Kind) -> Manifest:
    """Merge a version into its base, compare its answers, and attach `merged-<kind>.gguf` to it.

    Says first how large the file will be. Raises `BadInput` where the disk has no room for it,
    `MaverickError` when it answers otherwise than what was trained; then nothing is attached.
    """
    registry = Registry(settings.models)
    manifest = registry.usable(personality, version)
    base = base_model_of(settings, manifest)
    adapter = registry.weights(personality, manifest.version, "adapter")
    _require_room(settings.models, base.directory, kind, label(manifest))
    settings.runs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.runs) as folder:
        model, gguf = Path(folder) / "model", Path(folder) / f"merged-{kind}.gguf"
        verify_base(base.directory, base.digest)
        merge(base.directory, adapter, model)
        convert_model(model, kind, gguf)
        shutil.rmtree(model)  # before the base is loaded: there may be no room for both
        parity = _compare(settings, manifest, base, gguf, kind)
        if not parity.passed:
            raise MaverickError(
                f"{label(manifest)} merged answers otherwise than what was trained: "
                f"{explain(parity)}"
            )
        print(f"{label(manifest)}: {parity.reasons[0]}")
        return registry.attach(personality, manifest.version, gguf, gguf.name)


def merge(base_dir: Path, adapter_dir: Path, out: Path) -> None:
    """Write the base with W + alpha / r * B A in place of W for each matrix that has an update.

    The sum is made in float32 and kept in float16, one file of weights at a time, so that no more
    than that is in memory. Raises `BadInput` for an adapter that is more than plain LoRA, and
    `MaverickError` for one that does not fit, or where the disk is full.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file, save_file

    refuse_unsupported(adapter_dir)
    config = json.loads((adapter_dir / "adapter_config.json").read_text(encoding="utf-8"))
    if config.get("fan_in_fan_out"):
        raise BadInput(
            f"{adapter_dir}: weights that lie transposed (fan_in_fan_out) are not merged"
        )
    scale = float(config["lora_alpha"]) / int(config["r"])
    try:
        updates = load_file(adapter_dir / "adapter_model.safetensors")
        names = {n.removesuffix(".lora_A.weight") for n in updates if n.endswith(".lora_A.weight")}
        out.mkdir(parents=True)
        for path in base_dir.iterdir():
            if path.is_file() and path.suffix != ".safetensors" and path.name != RECORD_FILE:
                shutil.copy(path, out)
        for path in weight_files(base_dir):
            tensors = load_file(path)
            for name, weight in tensors.items():
                module = _PREFIX + name.removesuffix(".weight")
                update = None
                if module in names:
                    names.remove(module)
                    up, down = (updates[f"{module}.lora_{part}.weight"] for part in "BA")
                    update = scale * (up.float() @ down.float())
                tensors[name] = _merged(weight, update, f"{base_dir}: {name}")
            save_file(tensors, out / path.name, metadata={"format": "pt"})
    except (OSError, SafetensorError, KeyError, RuntimeError) as error:
        raise MaverickError(f"{adapter_dir} cannot be merged into {base_dir}: {error}") from error
    if names:
        raise MaverickError(
            f"{adapter_dir} cannot be merged: {base_dir} has no {sorted(names)[0]}; "
            "it was trained on another base"
        )


def _merged(weight: Any, update: Any, name: str) -> Any:
    """A weight with its update. Vectors stay in float32, as llama.cpp keeps them."""
    merged = weight.float() if update is None else weight.float() + update
    if merged.dim() < 2:
        return merged
    if merged.abs().max() > _F16_MAX:
        raise MaverickError(f"{name} has values that float16 does not hold; serve the adapter")
    return merged.half()


def _require_room(models: Path, base_dir: Path, kind: Kind, name: str) -> None:
    """Say how large the file will be. Raises `BadInput` where the disk has no room."""
    from safetensors import safe_open

    n_weights = 0
    for path in weight_files(base_dir):
        with safe_open(path, framework="np") as stream:
            shapes = [stream.get_slice(key).get_shape() for key in stream.keys()]  # noqa: SIM118
        for shape in shapes:
            size = 1
            for length in shape:
                size *= length
            n_weights += size
    final, meanwhile = (n_weights * each / 1e6 for each in (_BYTES[kind], 2.0))
    free = shutil.disk_usage(models).free / 1e6
    print(
        f"{name}: merged-{kind}.gguf will take {final:,.0f} MB, and {meanwhile:,.0f} MB more while "
        f"it is made; {free:,.0f} MB are free"
    )
    if free < final + meanwhile:
        raise BadInput(
            f"{models} has {free:,.0f} MB free, and {final + meanwhile:,.0f} are needed; make room"
        )


def _compare(
    settings: Settings, manifest: Manifest, base: PreparedBase, gguf: Path, kind: Kind
) -> ParityDecision:
    """The parity gate's decision on a merged file."""
    clean = outgoing_text(settings.lake, settings.owner_emails).clean
    reference = Reference(base)
    prompts = parity_prompts(manifest.recipe, reference.tokenizer)
    engine = LlamaEngine(f"merged, {kind}", LlamaServer(gguf, [], CONTEXT, 1, SLOTS), None, 0)
    precision: Literal["float16", "quantised"] = "float16" if kind == "f16" else "quantised"
    replies = engine.answers(prompts, MAX_TOKENS if kind == "f16" else 1)
    adapter = Registry(settings.models).weights(manifest.personality, manifest.version, "adapter")
    with reference.adapter(adapter):
        judged = judge(engine, precision, prompts, replies, reference)
    return decide([judged], [], len(prompts), clean)


def main(arguments: Sequence[str]) -> None:
    """Merge a version; what the command above runs."""
    if len(arguments) != 3 or arguments[2] not in _BYTES:
        raise BadInput(
            "usage: python -m maverick_assets.serving.export.merged PERSONALITY VERSION f16|q8_0"
        )
    personality, version, kind = arguments
    export_merged(load_settings(), personality, version, cast("Kind", kind))


if __name__ == "__main__":
    sys.exit(run_main(main))
