"""The base model that a version was trained on, in its directory and as a GGUF file."""

from pathlib import Path

from maverick_assets.base_model.llama_cpp.gguf_files import convert_base
from maverick_assets.base_model.prepare import PreparedBase, ensure_base
from maverick_assets.errors import MaverickError
from maverick_assets.files import verify_sha256
from maverick_assets.registry.catalog import label
from maverick_assets.registry.manifest import Manifest
from maverick_assets.settings import Settings


def base_model_of(settings: Settings, manifest: Manifest) -> PreparedBase:
    """The base model that a version was trained on, prepared first where a copied home lacks it.

    Raises `MaverickError` when the settings name another one.
    """
    base = ensure_base(settings)
    if base.digest != manifest.base_digest:
        raise MaverickError(
            f"{label(manifest)} was trained on another base model "
            f"({manifest.base_digest[:12]}); set MAVERICK_BASE_MODEL to it, or retrain"
        )
    return base


def ensure_base_gguf(base: PreparedBase, folder: Path) -> Path:
    """The base model as GGUF: its own file, or one converted to f16 once and kept in `folder`.

    The whole file is read and compared with its digest, since what it holds is what answers. Raises
    `MaverickError` for a file of another content.
    """
    if base.gguf is None:
        return convert_base(base.directory, base.digest, folder)
    verify_sha256(base.gguf, base.digest)  # the embedded base's digest is that of its GGUF
    return base.gguf
