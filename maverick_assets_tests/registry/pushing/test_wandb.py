"""Versions as artifacts of W&B, whose service cannot be reached: what it would get is looked at."""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from maverick_assets.errors import BadInput
from maverick_assets.registry.pushing.contents import contents_of
from maverick_assets.registry.pushing.wandb import push_to_wandb
from maverick_assets.registry.store import Registry
from maverick_assets.settings import Settings
from maverick_assets_tests.command import Maverick
from maverick_assets_tests.registry.pushing.conftest import PRIVATE_WORDS


@pytest.fixture(autouse=True)
def wandb_leaves_nothing() -> Iterator[None]:
    """The library makes folders for temporary files as it is imported, here to read its files."""
    yield
    from wandb.sdk.artifacts.artifact import Artifact
    from wandb.sdk.data_types._private import MEDIA_TMP

    MEDIA_TMP.cleanup()
    Artifact._TMP_DIR.cleanup()


def artifact_records(run: Path) -> list[Any]:
    """What an offline run tells `wandb sync` to upload."""
    from wandb.proto import wandb_internal_pb2
    from wandb.sdk.internal.datastore import DataStore

    [path] = run.glob("run-*.wandb")
    store = DataStore()
    store.open_for_scan(str(path))
    records = []
    while (data := store.scan_data()) is not None:
        record = wandb_internal_pb2.Record()
        record.ParseFromString(data)
        if record.WhichOneof("record_type") == "artifact":
            records.append(record.artifact)
    return records


def test_an_offline_push_leaves_an_artifact_that_can_be_uploaded_and_holds_nobodys_words(
    settings: Settings, released: Registry, tmp_path: Path
) -> None:
    home = tmp_path / "elsewhere"  # of the process: nothing of a version goes there
    home.mkdir()
    maverick = Maverick(settings.home, {"WANDB_MODE": "offline", "HOME": str(home)})
    done = maverick("models", "push", "robbie", "--to", "wandb", "--json")
    assert done.returncode == 0, done.stderr
    run = Path(json.loads(done.stdout)["place"])
    assert run.is_relative_to(settings.home)
    [artifact] = artifact_records(run)
    assert (artifact.name, artifact.type) == ("robbie", "model")
    assert "v1.0" in artifact.aliases
    uploaded = {entry.path: Path(entry.local_path) for entry in artifact.manifest.contents}
    assert {"README.md", "adapter.gguf", "adapter_model.safetensors"} <= uploaded.keys()
    for entry in artifact.manifest.contents:
        content = uploaded[entry.path].read_bytes()
        md5 = hashlib.md5(content, usedforsecurity=False).digest()
        assert entry.digest == base64.b64encode(md5).decode()
        for word in (*PRIVATE_WORDS, str(tmp_path)):
            assert word.encode() not in content
    [log] = run.glob("run-*.wandb")
    assert not any(word.encode() in log.read_bytes() for word in PRIVATE_WORDS)
    assert [path for path in home.rglob("*") if path.is_file()] == []


def test_without_a_key_the_command_says_what_to_do(
    settings: Settings, released: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WANDB_API_KEY", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(BadInput, match="WANDB_API_KEY is not set; set it, or set WANDB_MODE"):
        push_to_wandb(settings, contents_of(settings, "robbie", "v1.0"))
