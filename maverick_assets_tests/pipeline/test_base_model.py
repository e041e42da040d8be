"""The base model of a run: a change of the user's own files is said before all is trained anew."""

import json
from pathlib import Path

import pytest

from maverick_assets.base_model.prepare import ensure_base
from maverick_assets.pipeline import base_model
from maverick_assets.pipeline.base_model import prepare_base
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.settings import Settings
from maverick_assets_tests.recording_log import RecordingLog


def test_another_template_of_an_own_base_is_named_and_gives_another_digest(
    tmp_path: Path, log: RecordingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "model.safetensors").write_bytes(b"weights")
    (own / "config.json").write_text(json.dumps({"model_type": "llama"}))
    (own / "chat_template.jinja").write_text("{{ messages }}")
    settings = Settings(home=tmp_path / "home", base_model=str(own))
    monkeypatch.setattr(base_model, "run_module", lambda *_, **__: ensure_base(settings))
    run = RunContext(settings, "run", log)
    before = prepare_base(run)
    assert prepare_base(run) == before
    assert log.of_level("warning") == []
    (own / "chat_template.jinja").write_text("{{ messages | trim }}")
    assert prepare_base(run).digest != before.digest
    [warning] = log.of_level("warning")
    assert warning.startswith("the base model's chat_template.jinja changed: it is another base")
