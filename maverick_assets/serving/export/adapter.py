"""A PEFT LoRA adapter as a GGUF file for llama.cpp and Ollama."""

import json
from pathlib import Path

from maverick_assets.base_model.llama_cpp.gguf_files import convert_adapter
from maverick_assets.errors import BadInput

# Fields of adapter_config.json that convert_lora_to_gguf.py ignores: the adapter that it writes
# would compute something other than what was trained. Each with its name in messages.
_UNSUPPORTED = {
    "use_rslora": "rsLoRA",
    "use_dora": "DoRA",
    "modules_to_save": "modules_to_save",
    "rank_pattern": "rank_pattern",
    "alpha_pattern": "alpha_pattern",
}


def export_adapter(adapter_dir: Path, base_dir: Path, out_file: Path) -> None:
    """Convert a PEFT LoRA adapter to an f16 GGUF adapter; the file is complete or absent.

    Only config.json is read from `base_dir`. Raises `BadInput` for an adapter that llama.cpp cannot
    express, and `MaverickError` with the converter's last line when it fails.
    """
    refuse_unsupported(adapter_dir)
    if not (base_dir / "config.json").is_file():
        raise BadInput(f"{base_dir} has no config.json; name the base model's directory")
    convert_adapter(adapter_dir, base_dir, out_file)


def refuse_unsupported(adapter_dir: Path) -> None:
    """Raise `BadInput` unless the adapter is plain LoRA."""
    path = adapter_dir / "adapter_config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"{path} is missing; {adapter_dir} is not a PEFT adapter") from error
    except ValueError as error:
        raise BadInput(f"{path} is not JSON: {error}; restore it or retrain") from error
    if config.get("peft_type") != "LORA":
        raise BadInput(f"{path}: peft_type {config.get('peft_type')!r}; only LORA can be exported")
    for key, name in _UNSUPPORTED.items():
        if config.get(key):
            raise BadInput(f"{path}: {name} cannot be exported to GGUF; train without it")
