"""Base and adapter as one file, for an Ollama that takes no adapters (0.34.1 and later)."""

import shutil
from pathlib import Path

from maverick_assets.base_model.gguf_files import convert_base
from maverick_assets.base_model.isolated import run_isolated
from maverick_assets.base_model.load import load_base_model
from maverick_assets.base_model.record import RECORD_FILE
from maverick_assets.files import verify_sha256
from maverick_assets.registry.catalog import Catalog
from maverick_assets.registry.manifest import Manifest
from maverick_assets.serving.export.base import base_model_of
from maverick_assets.settings import Settings

_WEIGHTS = (".safetensors", ".bin", ".gguf", ".index.json")
_EXPORTED = ("merged-q8_0.gguf", "merged-f16.gguf")  # the smaller one first


def merged_gguf(settings: Settings, catalog: Catalog, manifest: Manifest, folder: Path) -> Path:
    """A version as one GGUF file: one that was exported with it, or f16 made in `folder`.

    What is made is not kept: it would be a file of the size of the base for each version. Raises
    `MaverickError` for a corrupt file, and when merging or converting fails.
    """
    personality, version = manifest.personality, manifest.version
    usable = catalog.usable(personality, version)
    for name in _EXPORTED:
        if name in usable.files:
            path = catalog.directory(personality, version) / name
            verify_sha256(path, usable.files[name])
            return path
    catalog.verify(personality, version)
    adapter = catalog.weights(personality, version, "adapter")
    base = base_model_of(settings, usable)
    directory = folder / "merged"
    directory.mkdir(mode=0o700, parents=True)
    try:
        run_isolated(_merge, base.directory, base.digest, adapter, directory)
        return convert_base(directory, usable.files["adapter.gguf"], folder)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _merge(base_dir: Path, digest: str, adapter: Path, out: Path) -> None:
    """Write the merged model in the layout of the base's directory."""
    import torch
    from peft import PeftModel

    model = load_base_model(base_dir, digest, torch.float32)
    merged = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload()
    merged.half().save_pretrained(out)
    for path in base_dir.iterdir():
        is_weights = path.name.endswith(_WEIGHTS) or path.name == RECORD_FILE
        if path.is_file() and not is_weights and not (out / path.name).exists():
            shutil.copy(path, out)
