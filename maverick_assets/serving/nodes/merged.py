"""Base and adapter as one file, for an Ollama that takes no adapters (0.34.1 and later)."""

import shutil
from pathlib import Path

from maverick_assets.base_model.isolated import run_isolated
from maverick_assets.base_model.llama_cpp.gguf_files import convert_model
from maverick_assets.base_model.load import verify_base
from maverick_assets.registry.catalog import Catalog
from maverick_assets.registry.manifest import Manifest
from maverick_assets.serving.export.base import base_model_of
from maverick_assets.serving.export.merged import merge
from maverick_assets.settings import Settings

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
            return catalog.file(personality, version, name)
    adapter = catalog.weights(personality, version, "adapter")
    base = base_model_of(settings, usable)
    directory, gguf = folder / "merged", folder / "merged-f16.gguf"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        run_isolated(_merge, base.directory, base.digest, adapter, directory)
        convert_model(directory, "f16", gguf)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return gguf


def _merge(base_dir: Path, digest: str, adapter: Path, out: Path) -> None:
    """The merged model in the layout of the base's directory."""
    verify_base(base_dir, digest)
    merge(base_dir, adapter, out)
