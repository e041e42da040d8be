"""What of a version leaves the run home: adapter, GGUF, Modelfile, card and a manifest for others.

What leaves is listed here; all else stays: reports and their samples, reasons and overrides, which
are free text, paths, addresses, and the recipe's filters. The recipe's own words (title,
description, system prompt) leave, and are looked through for secrets and contacts first; all files
for addresses and paths of this machine. One finding stops the push.
"""

import json
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maverick_assets.base_model.prepare import EMBEDDED_SHA256
from maverick_assets.base_model.record import RECORD_FILE, BaseRecord
from maverick_assets.datasets.outgoing import outgoing_text
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.registry.catalog import ADAPTER, GGUF, MODELFILE, Catalog, label
from maverick_assets.registry.comparing.figure_list import figure_as_json, figures_of
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.pushing.card import model_card
from maverick_assets.settings import Settings

WEIGHTS_FILE = "adapter_model.safetensors"
SIGNATURE, PUBLIC_KEY = "model.sig", "versions.pub"

_CONFIG_FILE = "adapter_config.json"
_EMBEDDED_NAME = "HuggingFaceTB/SmolLM2-135M-Instruct"
_TEMPLATE = re.compile(r'TEMPLATE """.*?"""', re.DOTALL)
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_TRAINING = (
    "mode n_examples n_tokens n_supervised learning_rate epochs steps seconds seed dtype device"
)


@dataclass(frozen=True)
class Contents:
    """The files of a pushed version, by the name that they get."""

    personality: str
    version: str
    title: str  # of the commit; the same for the same weights
    files: Mapping[str, bytes]


def contents_of(
    settings: Settings, personality: str, version: str, *, unreleased: bool = False
) -> Contents:
    """All that leaves of a version, verified and signed for those who get it.

    Raises `BadInput` for a version that was never in service, unless `unreleased` says that it may
    leave all the same, and `MaverickError` where a text holds what must not leave. Raises what
    `Catalog.usable` and `Catalog.verify` raise.
    """
    catalog = Catalog(settings.models)
    manifest = catalog.usable(personality, version)
    if manifest.released_at is None and not unreleased:
        raise BadInput(
            f"{label(manifest)} was never in service; release it first, or push it with "
            "--unreleased"
        )
    if GGUF not in manifest.files:
        raise BadInput(f"{label(manifest)} is not exported; release it again")
    adapter = catalog.weights(personality, manifest.version, "adapter")
    base = _hub_name(settings, manifest.base_digest)
    files = {
        _CONFIG_FILE: _config(adapter / _CONFIG_FILE, base),
        WEIGHTS_FILE: (adapter / WEIGHTS_FILE).read_bytes(),
        GGUF: catalog.weights(personality, manifest.version, "adapter.gguf").read_bytes(),
    }
    if MODELFILE in manifest.files:
        files[MODELFILE] = catalog.file(personality, manifest.version, MODELFILE).read_bytes()
    has_modelfile = MODELFILE in files
    files["README.md"] = model_card(manifest, base, has_modelfile=has_modelfile).encode()
    files["manifest.json"] = _json(_public_manifest(manifest, base))
    _refuse_private(settings, manifest, files)
    if catalog.signatures.exist:
        files |= _signed(catalog, label(manifest).replace(" ", "-"), files)
    digest = manifest.files[f"{ADAPTER}/{WEIGHTS_FILE}"]
    title = f"{label(manifest)}, adapter sha256 {digest[:16]}"
    return Contents(personality, str(manifest.version), title, files)


def _public_manifest(manifest: Manifest, base: str | None) -> dict[str, Any]:
    recipe, training = manifest.recipe, manifest.training
    figures = figures_of(manifest.metrics).items()
    return {
        "personality": manifest.personality,
        "version": str(manifest.version),
        "kind": manifest.kind,
        "created_at": manifest.created_at.isoformat(),
        "base": {"name": base, "digest": manifest.base_digest},
        "dataset": {"version": manifest.dataset_version, "rows": manifest.dataset_rows},
        "parents": [str(link.version) for link in manifest.ancestors],
        "recipe": {
            "title": recipe.title,
            "description": recipe.description,
            "system_prompt": recipe.system_prompt,
            "training": recipe.training.model_dump(mode="json"),
        },
        "training": training and training.model_dump(mode="json", include=set(_TRAINING.split())),
        "split": manifest.metrics and manifest.metrics.split,
        "figures": {name: figure_as_json(each) for name, each in figures},
        "gate": manifest.gate and {"passed": manifest.gate.passed},
        "parity": manifest.parity and {"passed": manifest.parity.passed},
    }


def _config(path: Path, base: str | None) -> bytes:
    """PEFT's own file with the base's public name, in place of a folder of this machine."""
    config = json.loads(path.read_bytes())
    return _json(config | {"base_model_name_or_path": base, "revision": None})


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _hub_name(settings: Settings, digest: str) -> str | None:
    """The name of a base on the Hub; None for one of the user's own."""
    if digest == EMBEDDED_SHA256:
        return _EMBEDDED_NAME
    for path in settings.base_dir.glob(f"*/{RECORD_FILE}"):
        with suppress(OSError, ValueError, KeyError, TypeError):  # of another base, and damaged
            record = BaseRecord.read(path.parent)
            if record.digest == digest and record.hub:
                return record.hub.split("@")[0]
    return None


def _refuse_private(settings: Settings, manifest: Manifest, files: Mapping[str, bytes]) -> None:
    """Raise `MaverickError` that names a file which holds what must not leave, and what it is."""
    recipe = manifest.recipe
    page = _TEMPLATE.sub("", files.get(MODELFILE, b"").decode())
    words = {MODELFILE: page, "README.md": f"{recipe.title}\n{recipe.description}"}
    words["manifest.json"] = recipe.system_prompt
    outgoing = outgoing_text(settings.lake, settings.owner_emails)
    for name, content in files.items():
        # Of weights what comes before the numbers, which may look like anything.
        is_weights = name in (WEIGHTS_FILE, GGUF)
        text = _header(content) if is_weights else content.decode()
        problem = _place(settings, text) or outgoing.problem(words.get(name, ""))
        if problem:
            raise MaverickError(f"{name} is not pushed: it holds {problem}")


def _place(settings: Settings, text: str) -> str | None:
    """What in a text leads to this machine or to somebody; None when nothing does."""
    if str(settings.home) in text or str(Path.home()) in text:
        return "a path of this machine"
    return "an address" if _ADDRESS.search(text) else None


def _header(content: bytes) -> str:
    """What the beginning of a file of weights says: its metadata, before the numbers."""
    return content[: 1 << 16].decode("latin-1")


def _signed(catalog: Catalog, name: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """A signature of all files as a folder, and the key that verifies it."""
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / name  # the signature names the folder
        folder.mkdir()
        for each, content in files.items():
            (folder / each).write_bytes(content)
        signature = catalog.signatures.sign_folder(folder)
    return {SIGNATURE: signature, PUBLIC_KEY: catalog.signatures.public_key.read_bytes()}
