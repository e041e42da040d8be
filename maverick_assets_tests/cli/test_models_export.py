"""`maverick models export`: a version as one file, for programs without adapters."""

import json

import pytest
from gguf import GGUFReader
from typer.testing import CliRunner, Result

from maverick_assets.base_model.llama_cpp.llama_server import LlamaServer
from maverick_assets.base_model.prepare import ensure_base
from maverick_assets.cli.app import app
from maverick_assets.errors import BadInput
from maverick_assets.files import sha256_of
from maverick_assets.serving.export.base import ensure_base_gguf
from maverick_assets_tests.serving.conftest import (
    make_released_home,
    prepared_tiny_base,
    released_home,
    tiny_adapters,
    tiny_base,
)
from maverick_assets_tests.serving.released_homes import ReleasedHome

__all__ = [
    "make_released_home",
    "prepared_tiny_base",
    "released_home",
    "tiny_adapters",
    "tiny_base",
]
F16 = 1  # of general.file_type


@pytest.fixture
def home(released_home: ReleasedHome, monkeypatch: pytest.MonkeyPatch) -> ReleasedHome:
    released_home.release("robbie", "v1.0", "adapter-0")
    monkeypatch.setenv("MAVERICK_HOME", str(released_home.settings.home))
    monkeypatch.setenv("MAVERICK_BASE_MODEL", str(released_home.settings.base_model))
    return released_home


def export(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["models", "export", "robbie", *arguments])


def test_base_and_adapter_become_one_file_of_f16_that_answers_as_both(home: ReleasedHome) -> None:
    done = export("--merged", "f16", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    path = home.settings.models / "robbie" / "v1.0" / "merged-f16.gguf"
    assert (told["personality"], told["version"], told["file"]) == ("robbie", "v1.0", str(path))
    assert told["sha256"] == sha256_of(path) == home.registry.get("robbie", "v1.0").files[path.name]
    assert told["bytes"] == path.stat().st_size
    assert GGUFReader(path).fields["general.file_type"].contents() == F16
    request = {"prompt": "Shall we meet?", "max_tokens": 16, "temperature": 0}
    base = ensure_base_gguf(ensure_base(home.settings), home.settings.base_dir)
    answers = []
    for gguf, adapters in ((path, []), (base, [home.adapters["adapter-0"][1]])):
        server = LlamaServer(gguf, adapters, 256, threads=1)
        lora = [{"id": 0, "scale": 1.0}] if adapters else []
        answers.append(server.complete(request | {"lora": lora})["choices"][0]["text"])
    assert answers[0] == answers[1] != ""
    # The text for people names the file, too; a second time it is made anew.
    again = export("v1.0", "--merged", "f16")
    assert again.exit_code == 0, again.output
    assert again.stdout.splitlines() == [str(path), f"sha256 {told['sha256']}"]


def test_a_precision_that_is_none_is_named(home: ReleasedHome) -> None:
    done = export("--merged", "f32")
    assert done.exit_code == 2
    assert "'f32' is not one of" in done.output
    missing = export("v9.9", "--merged", "f16")
    assert isinstance(missing.exception, BadInput)
    assert "robbie has no version v9.9; it has: v1.0" in str(missing.exception)
