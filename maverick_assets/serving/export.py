"""Export for llama.cpp and Ollama: adapters and base models as GGUF files, and a Modelfile."""

import json
from pathlib import Path

from maverick_assets.base_model.gguf_files import convert_adapter, convert_base
from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.errors import BadInput
from maverick_assets.files import verify_sha256
from maverick_assets.serving.ollama_format import OllamaFormat

# A 135M model falls into loops without a penalty. The embedded runtime and Ollama use the same one.
REPEAT_PENALTY = 1.1

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
    _refuse_unsupported(adapter_dir)
    if not (base_dir / "config.json").is_file():
        raise BadInput(f"{base_dir} has no config.json; name the base model's directory")
    convert_adapter(adapter_dir, base_dir, out_file)


def ensure_base_gguf(base: PreparedBase, folder: Path) -> Path:
    """The base model as GGUF: its own file, or one converted to f16 once and kept in `folder`.

    The whole file is read and compared with its digest, since what it holds is what answers. Raises
    `MaverickError` for a file of another content.
    """
    if base.gguf is None:
        return convert_base(base.directory, base.digest, folder)
    verify_sha256(base.gguf, base.digest)  # the embedded base's digest is that of its GGUF
    return base.gguf


def modelfile(base_gguf: str, system_prompt: str, chat_format: OllamaFormat) -> str:
    """An Ollama Modelfile for the `adapter.gguf` beside it, on the base in the file `base_gguf`.

    Template and stop words are written out, so that nothing depends on what Ollama guesses. Raises
    `BadInput` for a system prompt with triple quotes.
    """
    if '"""' in system_prompt:
        raise BadInput('a system prompt cannot contain """ in a Modelfile; use other quotes')
    stops = "".join(f"PARAMETER stop {json.dumps(stop)}\n" for stop in chat_format.stops)
    return f'''FROM {base_gguf}
ADAPTER ./adapter.gguf
TEMPLATE """{chat_format.template}"""
SYSTEM """{system_prompt}"""
{stops}PARAMETER repeat_penalty {REPEAT_PENALTY}
'''


def _refuse_unsupported(adapter_dir: Path) -> None:
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
