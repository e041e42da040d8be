"""What a version is on a node: files by their SHA-256, and what its Modelfile says beside them."""

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from maverick_assets.datasets.outgoing import outgoing_text
from maverick_assets.errors import MaverickError
from maverick_assets.files import sha256_of
from maverick_assets.registry.catalog import GGUF, MODELFILE, Catalog, label
from maverick_assets.registry.manifest import Manifest
from maverick_assets.serving.nodes.ollama_api import MOVING, model_name
from maverick_assets.serving.nodes.parity import OwnAnswer, own_answers
from maverick_assets.settings import Settings

_BLOCK = re.compile(r'^(TEMPLATE|SYSTEM) """(.*?)"""$', re.MULTILINE | re.DOTALL)
_PARAMETER = re.compile(r"^PARAMETER (\w+) (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Blob:
    """A file, and its SHA-256 in hex."""

    path: Path
    sha256: str


@dataclass(frozen=True)
class Package:
    """A version, ready to be brought to a node."""

    personality: str
    version: str
    base: Blob
    adapter: Blob
    template: str
    system: str
    parameters: Mapping[str, Any]  # as /api/create takes them
    # Base and adapter as one file, for an Ollama that takes no adapters; made when it is needed.
    merged: Callable[[], Blob]
    # What base and adapter (True) or the merged file say here to the prompts of the parity gate,
    # computed once it is needed. Nothing where an operator released it in spite of the gate.
    answers: Callable[[bool], Sequence[OwnAnswer]]
    clean: Callable[[str], str]  # makes texts such as reports may hold

    @property
    def name(self) -> str:
        """The version's own name on a node."""
        return model_name(self.personality, self.version)

    @property
    def moving_name(self) -> str:
        """The name of whichever version is in service."""
        return model_name(self.personality, MOVING)

    @property
    def stops(self) -> list[str]:
        """Texts at which an answer ends."""
        return list(self.parameters.get("stop", ()))


def package_of(settings: Settings, catalog: Catalog, manifest: Manifest, folder: Path) -> Package:
    """The package of a version. All files are compared with the manifest first.

    A file that holds base and adapter is made in `folder`, once a node asks for it. Raises
    `MaverickError` for a version that is not exported, has no Modelfile, or has a damaged file.
    """
    from maverick_assets.serving.export.base import base_model_of, ensure_base_gguf
    from maverick_assets.serving.nodes.merged import merged_gguf

    usable = catalog.usable(manifest.personality, manifest.version)
    if GGUF not in usable.files:
        raise MaverickError(f"{label(usable)} is not exported; release it again")
    if MODELFILE not in usable.files:
        why = usable.no_modelfile or "it was exported by an earlier release; release it again"
        raise MaverickError(f"{label(usable)} has no Modelfile: {why}")
    adapter = Blob(
        catalog.weights(usable.personality, usable.version, "adapter.gguf"), usable.files[GGUF]
    )
    modelfile = catalog.file(usable.personality, usable.version, MODELFILE)
    template, system, parameters = read_modelfile(modelfile.read_text(encoding="utf-8"))
    prepared = base_model_of(settings, usable)
    base = ensure_base_gguf(prepared, settings.base_dir)
    overridden = usable.parity is not None and usable.parity.override is not None

    lock = threading.Lock()  # several nodes may ask at once

    @cache
    def make_merged() -> Blob:
        path = merged_gguf(settings, catalog, usable, folder)
        return Blob(path, sha256_of(path))

    def merged() -> Blob:
        with lock:
            return make_merged()

    @cache
    def make_answers(with_adapter: bool) -> Sequence[OwnAnswer]:
        if overridden:
            return []
        gguf, lora = (base, adapter.path) if with_adapter else (make_merged().path, None)
        return own_answers(usable.recipe, prepared.directory, gguf, lora, folder)

    def answers(with_adapter: bool) -> Sequence[OwnAnswer]:
        with lock:
            return make_answers(with_adapter)

    return Package(
        usable.personality,
        str(usable.version),
        Blob(base, sha256_of(base)),
        adapter,
        template,
        system,
        {"num_ctx": settings.serving_context} | parameters,
        merged,
        answers,
        lambda text: outgoing_text(settings.lake, settings.owner_emails).clean(text),
    )


def read_modelfile(text: str) -> tuple[str, str, dict[str, Any]]:
    """Template, system prompt and parameters of a Modelfile of ours.

    Ollama's API has no field for a Modelfile. A system prompt may hold lines that look like its
    instructions, so what is quoted is taken out first.
    """
    blocks = dict(_BLOCK.findall(text))
    parameters: dict[str, Any] = {}
    for name, value in _PARAMETER.findall(_BLOCK.sub("", text)):
        parsed = json.loads(value)
        if name == "stop":
            parameters.setdefault(name, []).append(parsed)
        else:
            parameters[name] = parsed
    return blocks.get("TEMPLATE", ""), blocks.get("SYSTEM", ""), parameters
