"""The disk of a simulated Ollama: files by their digest, and models as manifests of them."""

import hashlib
import json
import re
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")
_DIGEST = re.compile(r"sha256[:-][0-9a-f]{64}")
LAYER_TYPES = {
    "files": "application/vnd.ollama.image.model",
    "adapters": "application/vnd.ollama.image.adapter",
    "template": "application/vnd.ollama.image.template",
    "system": "application/vnd.ollama.image.system",
    "parameters": "application/vnd.ollama.image.params",
}


class Refused(Exception):
    """An error with a status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Model:
    """What a manifest leads to."""

    digest: str
    base: Path
    adapter: Path | None
    template: str
    system: str
    parameters: dict[str, Any]


class Store:
    """Blobs and manifests on the disk, as Ollama lays them out."""

    def __init__(self, folder: Path) -> None:
        self.blobs = folder / "blobs"
        self.manifests = folder / "manifests"
        for path in (self.blobs, self.manifests):
            path.mkdir(parents=True, exist_ok=True)
        self.lock = threading.RLock()

    def blob(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise Refused(400, "invalid digest format")
        return self.blobs / digest.replace(":", "-")

    def keep(self, content: bytes) -> str:
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        write(self.blob(digest), content)
        return digest

    def manifest(self, name: str) -> Path:
        model, _, tag = name.partition(":")
        tag = tag or "latest"
        if not _NAME.fullmatch(model) or not _NAME.fullmatch(tag):
            raise Refused(400, "invalid model name")
        return self.manifests / model / tag

    def names(self) -> dict[str, Path]:
        return {
            f"{path.parent.name}:{path.name}": path
            for path in sorted(self.manifests.glob("*/*"))
            if not path.name.startswith(".")
        }

    def model(self, name: str) -> Model:
        path = self.manifest(name)
        if not path.is_file():
            raise Refused(404, f"model '{name}' not found")
        content = path.read_bytes()
        layers = {layer["mediaType"]: layer["digest"] for layer in json.loads(content)["layers"]}

        def text(field: str) -> str:
            digest = layers.get(LAYER_TYPES[field])
            return self.blob(digest).read_text() if digest else ""

        adapter = layers.get(LAYER_TYPES["adapters"])
        return Model(
            hashlib.sha256(content).hexdigest(),
            self.blob(layers[LAYER_TYPES["files"]]),
            self.blob(adapter) if adapter else None,
            text("template"),
            text("system"),
            json.loads(text("parameters") or "{}"),
        )

    def set_manifest(self, name: str, content: bytes | None) -> None:
        """Replace a manifest, or remove it; the files that it alone needed go with it."""
        path = self.manifest(name)
        with self.lock:
            before = _digests(path) if path.is_file() else set()
            if content is None:
                path.unlink()
            else:
                write(path, content)
            self._remove(before)

    def prune(self) -> None:
        """Remove all files that no model needs."""
        self._remove({path.name for path in self.blobs.iterdir()})

    def _remove(self, candidates: set[str]) -> None:
        needed = {digest for path in self.names().values() for digest in _digests(path)}
        for name in candidates - needed:
            (self.blobs / name).unlink(missing_ok=True)


def _digests(manifest: Path) -> set[str]:
    """Names of the files that a manifest needs."""
    layers = json.loads(manifest.read_bytes())["layers"]
    return {layer["digest"].replace(":", "-") for layer in layers}


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".partial", delete=False) as stream:
        stream.write(content)
    Path(stream.name).rename(path)
