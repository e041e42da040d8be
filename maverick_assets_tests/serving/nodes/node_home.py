"""Run homes whose versions have Modelfiles, and whose fleet has nodes with Ollama."""

from dataclasses import dataclass
from pathlib import Path

from maverick_assets.base_model.llama_cpp.llama_server import LlamaServer
from maverick_assets.base_model.prepare import PreparedBase, ensure_base
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.registry.manifest import Manifest
from maverick_assets.serving.export.base import ensure_base_gguf
from maverick_assets.serving.export.modelfile import modelfile
from maverick_assets.serving.export.ollama_format import OllamaFormat, ollama_format
from maverick_assets.settings import Settings
from maverick_assets_tests.recording_log import RecordingLog
from maverick_assets_tests.serving.released_homes import ReleasedHome


@dataclass(frozen=True)
class NodeHome:
    """A run home whose fleet has nodes with Ollama."""

    home: ReleasedHome
    chat_format: OllamaFormat

    @property
    def settings(self) -> Settings:
        return self.home.settings

    def release(self, personality: str, version: str, adapter: str, **recipe: object) -> Manifest:
        """A version in service, with a Modelfile. `recipe`: fields that differ."""
        manifest = self.home.release(personality, version, adapter, **recipe)
        text = modelfile("base.gguf", manifest.recipe.system_prompt, self.chat_format, 512)
        path = self.settings.home / "Modelfile"
        path.write_text(text)
        self.home.registry.attach(personality, version, path, "Modelfile")
        return manifest

    def run(self) -> RunContext:
        return RunContext(self.settings, "deploy", RecordingLog())


def base_gguf_of(base: PreparedBase, prepared: Path) -> Path:
    """The base as GGUF. `prepared` is the folder `base` of a run home that has it."""
    settings = Settings(home=prepared.parent, base_model=str(base.directory))
    return ensure_base_gguf(ensure_base(settings), prepared)


def ollama_format_of(base: PreparedBase, prepared: Path, folder: Path) -> OllamaFormat:
    """How Ollama is to speak with a base."""
    server = LlamaServer(base_gguf_of(base, prepared), [], 512, threads=1)
    return ollama_format(base, folder, server)
