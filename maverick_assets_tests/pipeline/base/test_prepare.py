"""The base model of a run: a change of the user's own files is said before all is trained anew."""

import shutil
from pathlib import Path

import pytest

from maverick_assets.base_model import prepare
from maverick_assets.base_model.prepare import PreparedBase, ensure_base
from maverick_assets.pipeline.base import prepare as base_model
from maverick_assets.pipeline.base.prepare import prepare_base
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.settings import Settings
from maverick_assets_tests.recording_log import RecordingLog


def test_another_template_of_an_own_base_is_named_and_gives_another_digest(
    tiny_base: PreparedBase, tmp_path: Path, log: RecordingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    shutil.copytree(tiny_base.directory, own)
    template = own / "chat_template.jinja"
    settings = Settings(home=tmp_path / "home", base_model=str(own))
    monkeypatch.setattr(prepare, "check_export", lambda *_: None)  # has tests of its own
    monkeypatch.setattr(base_model, "run_module", lambda *_, **__: ensure_base(settings))
    run = RunContext(settings, "run", log)
    before = prepare_base(run)
    assert prepare_base(run) == before
    assert log.of_level("warning") == []
    template.write_text(template.read_text() + "{# edited #}")
    assert prepare_base(run).digest != before.digest
    [warning] = log.of_level("warning")
    assert warning.startswith("the base model's chat_template.jinja changed: it is another base")
