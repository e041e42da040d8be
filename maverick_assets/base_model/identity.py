"""Which files make up a base model, and the digest of what they say.

Another tokenizer, chat template or configuration makes another model of the same weights, so all of
them count. Other files in the folder, such as a licence, do not.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from maverick_assets.errors import BadInput
from maverick_assets.files import sha256_of

_WEIGHTS = "model*.safetensors"
_PARTS = (
    _WEIGHTS,
    "model.safetensors.index.json",
    "config.json",
    "generation_config.json",
    "tokenizer*.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "chat_template*",
    "*.jinja",
    "vocab.*",
    "merges.txt",
    "*.model",  # SentencePiece
)
# transformers loads an adapter that it finds beside a model, without a word.
_ADAPTERS = ("adapter_config.json", "adapter_model*")


def weight_files(directory: Path) -> list[Path]:
    return sorted(directory.glob(_WEIGHTS))


def model_files(directory: Path) -> list[Path]:
    """The files that make up the model in a directory."""
    found = {path for pattern in _PARTS for path in directory.glob(pattern) if path.is_file()}
    return sorted(found)


def is_part(name: str) -> bool:
    """Whether a file of this name is part of the model."""
    return any(Path(name).match(pattern) for pattern in _PARTS)


def file_digests(directory: Path) -> dict[str, str]:
    """SHA-256 of each file of the model, by name. Reads all of them."""
    return {path.name: sha256_of(path) for path in model_files(directory)}


def identity_of(digests: Mapping[str, str]) -> str:
    """The digest of a base model with these files."""
    lines = sorted(f"{name} {digest}" for name, digest in digests.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def weights_identity_of(digests: Mapping[str, str]) -> str:
    """The digest that earlier releases gave a base model: of its weights alone."""
    weights = sorted(name for name in digests if Path(name).match(_WEIGHTS))
    return hashlib.sha256("".join(digests[name] for name in weights).encode()).hexdigest()


def check_model_directory(directory: Path) -> None:
    """Raise `BadInput` for a directory that holds no model, or an adapter beside one."""
    if not (directory / "config.json").is_file():
        raise BadInput(f"base model {directory} has no config.json; give a Hugging Face directory")
    if not weight_files(directory):
        raise BadInput(f"base model {directory} has no weights (model*.safetensors)")
    for pattern in _ADAPTERS:
        for adapter in sorted(directory.glob(pattern)):
            raise BadInput(
                f"base model {directory} holds an adapter ({adapter.name}), which would change "
                "every answer; merge it into the weights, or move it elsewhere"
            )
