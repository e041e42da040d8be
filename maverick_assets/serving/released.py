"""All versions in service on one base, loaded together into one llama.cpp."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from maverick_assets.base_model.prepare import PreparedBase, ensure_base
from maverick_assets.errors import MaverickError
from maverick_assets.registry.catalog import GGUF, Catalog, label
from maverick_assets.registry.manifest import Manifest
from maverick_assets.serving.export.base import ensure_base_gguf
from maverick_assets.serving.runtime import AdapterFile, PromptEncoder, Runtime, prompt_encoder
from maverick_assets.settings import Settings


@dataclass(frozen=True)
class Base:
    """The base model of the settings, verified."""

    digest: str
    gguf: Path
    encode_prompt: PromptEncoder | None


@dataclass(frozen=True)
class Released:
    """The versions in service that can be loaded, by personality, and why others cannot."""

    manifests: Mapping[str, Manifest]
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> Mapping[str, tuple[str, str]]:
        """What is to be loaded: version and digest of each adapter."""
        return {n: (str(m.version), m.files[GGUF]) for n, m in self.manifests.items()}


def open_base(settings: Settings) -> Base:
    """The base model, prepared first where the run home lacks it."""
    base: PreparedBase = ensure_base(settings)
    return Base(base.digest, ensure_base_gguf(base, settings.base_dir), prompt_encoder(base))


def released_versions(catalog: Catalog, base_digest: str) -> Released:
    """What the registry says is in service. Files are not opened."""
    manifests: dict[str, Manifest] = {}
    left_out: dict[str, str] = {}
    for name in catalog.personalities():
        try:
            manifest = catalog.in_service(name)
        except MaverickError as error:  # a corrupt manifest of one is no reason to stop the others
            left_out[name] = str(error)
            continue
        if manifest is None:
            left_out[name] = f"no version of {name} is released"
        elif problem := _not_loadable(manifest, base_digest):
            left_out[name] = f"{label(manifest)} {problem}"
        else:
            manifests[name] = manifest
    return Released(manifests, left_out)


def load(
    catalog: Catalog, base: Base, released: Released, before: Released, settings: Settings
) -> "Engine":
    """Start a llama.cpp with all versions that have sound files.

    A version that cannot be loaded leaves its place to the one that answered `before`, if any.
    Raises `MaverickError` when llama.cpp does not start.
    """
    manifests: dict[str, Manifest] = {}
    adapters: dict[str, AdapterFile] = {}
    left_out = dict(released.left_out)
    for name, manifest in released.manifests.items():
        try:
            adapters[name] = _adapter(catalog, manifest)
            manifests[name] = manifest
        except MaverickError as error:
            left_out[name] = str(error)
            with suppress(KeyError, MaverickError):
                adapters[name] = _adapter(catalog, before.manifests[name])
                manifests[name] = before.manifests[name]
    runtime = Runtime(
        base.gguf,
        adapters,
        context=settings.serving_context,
        threads=settings.serving_threads,
        slots=settings.serving_slots,
        encode_prompt=base.encode_prompt,
    )
    return Engine(runtime, Released(manifests, left_out), released.fingerprint)


def _adapter(catalog: Catalog, manifest: Manifest) -> AdapterFile:
    """Raises `MaverickError` unless the version is usable and its file sound."""
    return AdapterFile(catalog.weights(manifest.personality, manifest.version, "adapter.gguf"))


@dataclass(frozen=True)
class Engine:
    """A runtime, and the versions that it holds, under their personalities' names."""

    runtime: Runtime
    released: Released
    asked_for: Mapping[str, tuple[str, str]]  # fingerprint of what it was to load


def _not_loadable(manifest: Manifest, base_digest: str) -> str | None:
    if manifest.revoked is not None:
        return f"was revoked: {manifest.revoked.reason}"
    if GGUF not in manifest.files:
        return "is not exported; release it again"
    if manifest.base_digest != base_digest:
        return f"was trained on another base model ({manifest.base_digest[:12]}); retrain it"
    return None
