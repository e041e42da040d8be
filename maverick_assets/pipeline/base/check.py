"""Whether a model can be a base: what preparing it asks, without preparing it."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from maverick_assets.base_model.architecture import check_architecture
from maverick_assets.base_model.identity import model_files, weight_files
from maverick_assets.base_model.llama_cpp.export_check import check_export
from maverick_assets.base_model.prepare import base_in
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.settings import Settings
from maverick_assets.training.model.kept_check import kept_lines


@dataclass(frozen=True)
class Fact:
    """One thing that is right about a base."""

    subject: str
    text: str


def check_base(settings: Settings, directory: Path, name: str) -> Iterator[Fact]:
    """The facts about the model in `directory`, which messages call `name`, one after the other.

    Its GGUF file is kept in the run home, where serving needs it. Raises `BadInput` with the remedy
    at the first thing that is not right.
    """
    base = base_in(directory)
    total = sum(path.stat().st_size for path in model_files(directory))
    yield Fact("identity", f"{base.digest[:12]}, {total / 1e9:.2f} GB in {directory}")
    check_architecture(directory, name)
    yield Fact("model", _model(directory))
    tokenizer = ChatTokenizer(directory, name)
    yield Fact("template", "; ".join(tokenizer.template_traits))
    tokenizer.check()
    stops = ", ".join(map(str, tokenizer.stop_ids))
    size = f"{tokenizer.vocabulary_size:,}"
    yield Fact("tokens", f"{size}, reproduce what is said; generation stops at {stops}")
    check_export(directory, base.digest, settings.base_dir, name)
    yield Fact("llama.cpp", "converts it, reads the same tokens, and answers with an adapter on it")
    checks = kept_lines(settings.engine_checks, base.digest)
    yield Fact(
        "arithmetic", "; ".join(checks) or "compared with transformers at its first training"
    )


def _model(directory: Path) -> str:
    """Architecture and number of parameters, from config.json and the headers of the weights."""
    from safetensors import safe_open

    config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    parameters = 0
    for path in weight_files(directory):
        with safe_open(path, "np") as weights:
            for key in weights.keys():  # noqa: SIM118
                parameters += math.prod(weights.get_slice(key).get_shape())
    layers = config.get("num_hidden_layers", "an unknown number of")
    return (
        f"{config.get('model_type')}, {parameters / 1e6:,.0f} million parameters, {layers} layers"
    )
