"""Versions are published in one process; each by itself, whatever happens to the others."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.errors import BadInput
from maverick_assets.records import ParityDecision
from maverick_assets.registry.store import Registry
from maverick_assets.serving.asked import NamesStay, asked, trial
from maverick_assets.serving.export import base as base_module
from maverick_assets.serving.export import gate, parity_prompts
from maverick_assets.serving.export import publish as publishing
from maverick_assets.serving.export.ollama_format import OllamaFormat
from maverick_assets.serving.export.publish import Published, publish
from maverick_assets.serving.runtime import AdapterFile, Runtime, trial_answer
from maverick_assets.settings import Settings
from maverick_assets_tests.registry.conftest import (
    MakeManifest,
    adapter_dir,
    make_manifest,
    registry,
)
from maverick_assets_tests.serving.conftest import Adapter, make_adapter

__all__ = ["adapter_dir", "make_manifest", "registry"]


AGREES = ParityDecision(passed=True, n_prompts=20, decided_at=datetime(2026, 11, 1, tzinfo=UTC))


@pytest.fixture
def settings(
    base: PreparedBase, f16_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """With the base in float16 at hand, and three short answers to compare: it is a large model."""
    monkeypatch.setattr(base_module, "ensure_base", lambda _settings: base)
    monkeypatch.setattr(parity_prompts, "N_PROMPTS", 3)
    monkeypatch.setattr(gate, "MAX_TOKENS", 4)
    settings = Settings(home=tmp_path)
    settings.base_dir.mkdir()
    for path in (f16_base, f16_base.with_suffix(".sha256")):
        (settings.base_dir / path.name).symlink_to(path)
    return settings


@pytest.fixture
def versions(
    base: PreparedBase,
    registry: Registry,
    make_manifest: MakeManifest,
    adapters: dict[str, Adapter],
    tmp_path: Path,
) -> list[tuple[str, str]]:
    """Four versions: of the second a file is corrupt, and the third has no effect."""
    make_adapter(base, tmp_path / "untrained", seed=0, scale=0.0)
    folders = {
        "allan": adapters["allan"].directory,
        "corrupt": adapters["allan"].directory,
        "idle": tmp_path / "untrained",
        "robbie": adapters["robbie"].directory,
    }
    for name, folder in folders.items():
        manifest = make_manifest("v1.0", name).model_copy(update={"base_digest": base.digest})
        registry.add_candidate(manifest, folder)
    (registry.directory("corrupt", "v1.0") / "adapter" / "adapter_config.json").write_text("{")
    return [(name, "v1.0") for name in folders]


def test_versions_are_published_and_one_that_fails_stops_no_other(
    base: PreparedBase, settings: Settings, registry: Registry, versions: list[tuple[str, str]]
) -> None:
    published = {each.personality: each for each in publish(settings, versions)}
    assert "is corrupt" in str(published["corrupt"].problem)
    assert "idle v1.0 does not change the base model's answers" in str(published["idle"].problem)
    for name in ("corrupt", "idle"):
        assert "adapter.gguf" not in registry.get(name, "v1.0").files
    assert base.gguf is not None
    for name in ("allan", "robbie"):
        manifest = registry.get(name, "v1.0")
        assert {"adapter.gguf", "Modelfile"} <= manifest.files.keys()
        registry.verify(name, "v1.0")
        gguf = AdapterFile(registry.directory(name, "v1.0") / "adapter.gguf")
        question = asked(
            manifest.recipe, trial(manifest.recipe, publishing.TRIAL_QUESTION), NamesStay()
        )
        answer = trial_answer(Runtime(base.gguf, {name: gguf}), name, question)
        assert published[name] == Published(name, answer)
        assert manifest.parity is not None
        assert manifest.parity.passed
        names = [engine.engine for engine in manifest.parity.engines]
        assert names == ["llama.cpp, float16", "llama.cpp, as served"]


def test_without_a_common_runtime_each_adapter_gets_its_own(
    settings: Settings, versions: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "_common_runtime", lambda _exports: None)
    published = {each.personality: each for each in publish(settings, versions)}
    assert [name for name, each in published.items() if each.problem is None] == ["allan", "robbie"]


def test_a_second_export_without_a_modelfile_removes_the_first_ones(
    base: PreparedBase,
    registry: Registry,
    make_manifest: MakeManifest,
    adapter_dir: Path,
    tmp_path: Path,
) -> None:
    manifest = registry.add_candidate(make_manifest("v1.0"), adapter_dir)
    gguf = tmp_path / "adapter.gguf"
    gguf.write_bytes(b"GGUF")
    export = publishing.Export(manifest, base, tmp_path / "base.gguf", gguf)
    modelfile = registry.directory("robbie", "v1.0") / "Modelfile"
    publishing._attach(registry, export, OllamaFormat(), AGREES)
    assert modelfile.is_file()
    publishing._attach(registry, export, OllamaFormat(problem="it asks for tools"), AGREES)
    assert not modelfile.exists()
    manifest = registry.get("robbie", "v1.0")
    assert "Modelfile" not in manifest.files
    assert "adapter.gguf" in manifest.files
    assert manifest.no_modelfile == "it asks for tools"
    registry.verify("robbie", "v1.0")
    publishing._attach(registry, export, OllamaFormat(), AGREES)
    assert modelfile.is_file()
    assert registry.get("robbie", "v1.0").no_modelfile is None


def test_nothing_is_attached_to_a_version_whose_modelfile_cannot_be_written(
    base: PreparedBase,
    registry: Registry,
    make_manifest: MakeManifest,
    adapter_dir: Path,
    tmp_path: Path,
) -> None:
    manifest = make_manifest("v1.0")
    recipe = manifest.recipe.model_copy(update={"system_prompt": 'You say """so""".'})
    manifest = registry.add_candidate(manifest.model_copy(update={"recipe": recipe}), adapter_dir)
    gguf = tmp_path / "adapter.gguf"
    gguf.write_bytes(b"GGUF")
    export = publishing.Export(manifest, base, tmp_path / "base.gguf", gguf)
    with pytest.raises(BadInput, match="system prompt cannot contain"):
        publishing._attach(registry, export, OllamaFormat(), AGREES)
    assert "adapter.gguf" not in registry.get("robbie", "v1.0").files
