"""Base and adapter as one model, for an Ollama that takes no adapters (0.34.1 and later).

Nothing of it is kept: it would be a file of the size of the base for each version, in a place where
a revocation would have to look for it.
"""

import shutil
from pathlib import Path

from maverick_assets.base_model.gguf_files import convert_base
from maverick_assets.base_model.isolated import run_isolated
from maverick_assets.base_model.load import load_base_model
from maverick_assets.base_model.record import RECORD_FILE
from maverick_assets.registry.catalog import Catalog
from maverick_assets.registry.manifest import Manifest
from maverick_assets.serving.export.adapter import require_plain_lora
from maverick_assets.serving.export.base import base_model_of
from maverick_assets.settings import Settings

_WEIGHTS = (".safetensors", ".bin", ".gguf", ".index.json")


def merged_gguf(settings: Settings, catalog: Catalog, manifest: Manifest, folder: Path) -> Path:
    """A version as one f16 GGUF file in `folder`, beside which nothing is left.

    Its weights are added in float32, so it takes four bytes of memory for each parameter of the
    base. Raises `MaverickError` for a corrupt file, and when merging or converting fails.
    """
    catalog.verify(manifest.personality, manifest.version)
    adapter = catalog.weights(manifest.personality, manifest.version, "adapter")
    require_plain_lora(adapter)
    base = base_model_of(settings, manifest)
    directory = folder / "merged"
    directory.mkdir(mode=0o700, parents=True)
    try:
        run_isolated(_merge, base.directory, base.digest, adapter, directory)
        return convert_base(directory, manifest.files["adapter.gguf"], folder)
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
