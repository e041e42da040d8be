"""An answer of a version that is not in service: loaded for this one answer, beside what serves."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.registry.catalog import Catalog
from maverick_assets.registry.manifest import Manifest
from maverick_assets.serving.export.adapter import export_adapter
from maverick_assets.serving.export.base import base_model_of, ensure_base_gguf
from maverick_assets.serving.runtime import (
    AdapterFile,
    Answer,
    Runtime,
    Sampling,
    prompt_encoder,
)
from maverick_assets.settings import Settings

_NAME = "candidate"


def newest_candidate(catalog: Catalog, personality: str) -> Manifest | None:
    """The highest version that was never in service and is not revoked, above the one that is."""
    newest = catalog.newest(personality)
    return newest if newest is not None and newest.state == "candidate" else None


def candidate_answer(
    settings: Settings, manifest: Manifest, messages: Sequence[Message], sampling: Sampling
) -> Answer:
    """The answer of a candidate, whose adapter is converted for it and thrown away again.

    Raises `MaverickError` for damaged files, and what `Runtime.answer` raises.
    """
    catalog = Catalog(settings.models)
    base = base_model_of(settings, manifest)
    settings.runs.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.runs, prefix="candidate-") as folder:
        gguf = Path(folder) / "adapter.gguf"
        adapter = catalog.weights(manifest.personality, manifest.version, "adapter")
        export_adapter(adapter, base.directory, gguf)
        runtime = Runtime(
            ensure_base_gguf(base, settings.base_dir),
            {_NAME: AdapterFile(gguf)},
            context=settings.serving_context,
            threads=settings.serving_threads,
            encode_prompt=prompt_encoder(base),
        )
        return runtime.answer(messages, _NAME, sampling)
