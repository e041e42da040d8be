"""A version whose manifest and report are full of what must not leave, and a simulated hub."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from huggingface_hub import constants

from maverick_assets.base_model.prepare import EMBEDDED_SHA256
from maverick_assets.records import GateDecision, ParityDecision, ParityFailure
from maverick_assets.registry.pushing import hub as hub_module
from maverick_assets.registry.recorded_recipe import RecordedRecipe
from maverick_assets.registry.store import Registry
from maverick_assets.settings import Settings
from maverick_assets_tests.registry.conftest import (
    SCORES,
    SUMMARY,
    MakeManifest,
    adapter_dir,
    add_version,
    make_manifest,
    recipe_of,
    registry,
)
from maverick_assets_tests.registry.pushing.hub_simulation import TOKEN, PushHub, running_push_hub

__all__ = ["adapter_dir", "add_version", "make_manifest", "registry"]

EXAMPLE_TEXTS = (
    "Dana, the harbour contract is off; do not tell anybody",
    "That is fine with me, best regards from the harbour",
)
OVERRIDE = "Erin said on the phone that this one is good enough"
PRIVATE_WORDS = (*EXAMPLE_TEXTS, OVERRIDE, "Dana", "Erin", "dana@harbour.example", "harbour")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def released(
    registry: Registry, make_manifest: MakeManifest, adapter_dir: Path, tmp_path: Path
) -> Registry:
    """robbie v1.0, exported and in service."""
    config = {"peft_type": "LORA", "base_model_name_or_path": str(tmp_path / "base"), "r": 16}
    (adapter_dir / "adapter_config.json").write_text(json.dumps(config))
    for version in ("v1.0", "v1.1"):
        add_private_version(registry, make_manifest, adapter_dir, tmp_path, version)
    registry.release("robbie", "v1.0", override_reason=OVERRIDE)
    return registry


def add_private_version(
    registry: Registry, make_manifest: MakeManifest, adapter: Path, folder: Path, version: str
) -> None:
    weights = adapter / "adapter_model.safetensors"
    weights.write_bytes(f"the weights of {version}".encode() * 90)
    recipe = recipe_of("robbie")
    recipe["sources"][0]["filter"] = {"sender_email": "dana@harbour.example"}
    training = SUMMARY.model_copy(update={"curves": str(folder / "logs" / "curves")})
    update = {
        "recipe": RecordedRecipe.model_validate(recipe),
        "base_digest": EMBEDDED_SHA256,
        "training": training,
        "dataset_rows": 5,
    }
    registry.add_candidate(make_manifest(version).model_copy(update=update), adapter)
    now = datetime.now(UTC)
    gate = GateDecision(passed=False, reasons=(f"it said: {EXAMPLE_TEXTS[1]}",), decided_at=now)
    registry.record_evaluation("robbie", version, SCORES, gate)
    failure = ParityFailure(engine="f16", prompt="p", problem="differs", actual=EXAMPLE_TEXTS[0])
    parity = ParityDecision(passed=False, n_prompts=1, failures=(failure,), decided_at=now)
    registry.record_parity("robbie", version, parity)
    report = folder / f"report-{version}"
    report.mkdir()
    (report / "samples.json").write_text(json.dumps(EXAMPLE_TEXTS))
    (report / "report.md").write_text("\n".join(EXAMPLE_TEXTS))
    registry.attach("robbie", version, report, "report")
    page = folder / "page"
    page.write_text('FROM base.gguf\nSYSTEM """You are here."""\n')
    registry.attach("robbie", version, page, "Modelfile")
    gguf = folder / "gguf"
    gguf.write_bytes(b"GGUF" + f"weights of {version}".encode() * 90)
    registry.attach("robbie", version, gguf, "adapter.gguf")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[PushHub]:
    with running_push_hub() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        monkeypatch.setattr(hub_module.time, "sleep", lambda _: None)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield hub
