"""Whether a model can be a base, found out in seconds: the probe of `prepare_base` alone."""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from maverick_assets.base_model.identity import (
    check_model_directory,
    file_digests,
    identity_of,
    model_files,
    weight_files,
)
from maverick_assets.base_model.tokenizer import ChatTokenizer


@dataclass(frozen=True)
class Fact:
    """One thing that is right about a base."""

    subject: str
    text: str

    def to_dict(self) -> dict[str, str]:
        return asdict(self)


def check_base(directory: Path, name: str) -> Iterator[Fact]:
    """The facts about the model in `directory`, which messages call `name`, one after the other.

    Raises `BadInput` with the remedy at the first thing that is not right.
    """
    check_model_directory(directory)
    digest = identity_of(file_digests(directory))
    total = sum(path.stat().st_size for path in model_files(directory))
    yield Fact("identity", f"{digest[:12]}, {total / 1e9:.2f} GB in {directory}")
    yield Fact("model", _model(directory))
    tokenizer = ChatTokenizer(directory, name)
    yield Fact("template", "; ".join(tokenizer.template_traits))
    tokenizer.check()
    stops = ", ".join(map(str, tokenizer.stop_ids))
    yield Fact(
        "tokens",
        f"{tokenizer.vocabulary_size:,}, reproduce what is said; generation stops at {stops}",
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
