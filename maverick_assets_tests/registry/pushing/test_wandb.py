"""Versions as artifacts of W&B: the client itself, in front of a simulation of the service."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.registry.pushing.contents import contents_of
from maverick_assets.registry.pushing.hub import Pushed
from maverick_assets.registry.pushing.wandb import push_to_wandb
from maverick_assets.registry.store import Registry
from maverick_assets.settings import Settings
from maverick_assets_tests.command import Maverick
from maverick_assets_tests.registry.pushing.conftest import PRIVATE_WORDS
from maverick_assets_tests.registry.pushing.wandb_simulation import (
    ENTITY,
    KEY,
    StoredArtifact,
    Wandb,
    running_wandb,
)

NAME = f"{ENTITY}/maverick/robbie"
FILES = [
    "Modelfile",
    "README.md",
    "adapter.gguf",
    "adapter_config.json",
    "adapter_model.safetensors",
    "manifest.json",
    "versions.pub",
]


@pytest.fixture(autouse=True)
def wandb_leaves_nothing() -> Iterator[None]:
    """The library makes folders for temporary files as it is imported, here to read its files."""
    yield
    from wandb.sdk.artifacts.artifact import Artifact
    from wandb.sdk.data_types._private import MEDIA_TMP

    MEDIA_TMP.cleanup()
    Artifact._TMP_DIR.cleanup()


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Wandb]:
    """The simulation, which the client of this process talks to as a program of some machine."""
    import wandb

    with running_wandb() as service:
        for name, value in environment(service, tmp_path).items():
            monkeypatch.setenv(name, value)
        for name in ("WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR"):
            monkeypatch.setenv(name, str(tmp_path))  # which a push sets: put back afterwards
        monkeypatch.setenv("WANDB_SILENT", "true")
        monkeypatch.setattr(socket, "gethostname", lambda: "allans-own-machine")
        wandb.teardown()  # it remembers the service of an earlier test
        yield service
        wandb.teardown()


def environment(service: Wandb, folder: Path) -> dict[str, str]:
    home = folder / "elsewhere"  # of the process: nothing of a version goes there
    home.mkdir(exist_ok=True)
    return {"WANDB_BASE_URL": service.url, "WANDB_API_KEY": KEY, "HOME": str(home)}


def push(settings: Settings, version: str = "v1.0") -> Pushed:
    contents = contents_of(settings, "robbie", version, unreleased=version != "v1.0")
    return push_to_wandb(settings, contents)


def assert_holds_robbie(artifact: StoredArtifact, released: Registry) -> None:
    """The files of robbie v1.0, its alias and its figures, and nothing besides."""
    assert sorted(artifact.files) == FILES
    weights = released.weights("robbie", "v1.0", "adapter") / "adapter_model.safetensors"
    assert artifact.files["adapter_model.safetensors"] == weights.read_bytes()
    assert artifact.aliases == ["latest", "v1.0"]
    assert artifact.wanted["artifactTypeName"] == "model"
    assert artifact.metadata["figures"]["adapter.perplexity"] == pytest.approx(12.3)
    assert artifact.metadata["title"].startswith("robbie v1.0, adapter sha256 ")
    assert "recipe" not in artifact.metadata


def test_a_version_is_an_artifact_with_its_number_as_alias_and_its_figures(
    service: Wandb, settings: Settings, released: Registry
) -> None:
    pushed = push(settings)
    assert pushed == Pushed(f"{NAME}:v1.0", "v0", is_new=True)
    [artifact] = service.committed("robbie")
    assert_holds_robbie(artifact, released)
    assert [path for path in (settings.home / "wandb" / "files").rglob("*") if path.is_file()] == []


def test_no_byte_that_reaches_the_service_holds_a_text_a_name_an_address_or_a_path(
    service: Wandb,
    settings: Settings,
    released: Registry,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script = "/home/allan/scripts/push_tonight.py"
    monkeypatch.setattr(sys, "argv", [script])
    push(settings)
    left = b"\n".join(service.received)
    assert b"the weights of v1.0" in left  # the scan sees what was sent
    assert b"You are here." in left
    machine = ("allans-own-machine", str(tmp_path), str(Path.home()), script)
    for word in (*PRIVATE_WORDS, *machine, "samples.json", "curves"):
        assert word.encode() not in left, word
    assert [path for path in (tmp_path / "elsewhere").rglob("*") if path.is_file()] == []


def test_the_same_version_again_is_found_and_sends_nothing(
    service: Wandb, settings: Settings, released: Registry
) -> None:
    push(settings)
    n_runs, n_sent = len(service.runs), len(service.store)
    assert push(settings) == Pushed(f"{NAME}:v1.0", "v0", is_new=False)
    assert (len(service.artifacts), len(service.runs), len(service.store)) == (1, n_runs, n_sent)


def test_the_next_version_is_the_next_artifact(
    service: Wandb, settings: Settings, released: Registry
) -> None:
    push(settings)
    assert push(settings, "v1.1") == Pushed(f"{NAME}:v1.1", "v1", is_new=True)
    assert [each.aliases[-1] for each in service.committed("robbie")] == ["v1.0", "v1.1"]


def test_a_version_of_other_weights_keeps_its_alias(
    service: Wandb, settings: Settings, released: Registry
) -> None:
    push(settings)
    [artifact] = service.artifacts
    artifact.wanted["metadata"] = json.dumps({"title": "robbie v1.0, adapter sha256 of another"})
    with pytest.raises(BadInput, match=r"robbie:v1\.0 is there already, with other weights"):
        push(settings)
    assert len(service.artifacts) == 1


def test_files_that_arrive_damaged_make_no_artifact(
    service: Wandb, settings: Settings, released: Registry
) -> None:
    service.damages_uploads = True
    with pytest.raises(MaverickError, match=r"was not pushed to W&B: .*has not arrived"):
        push(settings)
    assert service.committed("robbie") == []
    service.damages_uploads = False
    assert push(settings).is_new
    assert len(service.committed("robbie")) == 1


def test_what_the_service_refuses_is_one_line_without_the_key(
    service: Wandb, settings: Settings, released: Registry
) -> None:
    service.failures = {"CreateArtifact": (200, f"storage limit reached ({KEY})")}
    with pytest.raises(MaverickError, match=r"was not pushed to W&B: .*storage limit") as refused:
        push(settings)
    assert "\n" not in str(refused.value)
    assert KEY not in str(refused.value)
    assert service.artifacts == []


def test_a_key_that_is_not_accepted_is_one_line_without_the_key(
    service: Wandb, settings: Settings, released: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "beef" * 10)
    with pytest.raises(MaverickError, match="was not pushed to W&B") as refused:
        push(settings)
    assert "beef" not in str(refused.value)
    assert (service.artifacts, service.store) == ([], {})


def test_the_command_pushes_and_prints_no_key(
    service: Wandb, settings: Settings, released: Registry, tmp_path: Path
) -> None:
    maverick = Maverick(settings.home, environment(service, tmp_path))
    done = maverick("models", "push", "robbie", "--to", "wandb", "--json")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert (printed["place"], printed["version"], printed["new"]) == (f"{NAME}:v1.0", "v1.0", True)
    assert KEY not in done.stdout + done.stderr
    assert len(service.committed("robbie")) == 1


def test_an_offline_push_is_uploaded_by_wandb_sync(
    service: Wandb, settings: Settings, released: Registry, tmp_path: Path
) -> None:
    surroundings = environment(service, tmp_path)
    maverick = Maverick(settings.home, surroundings | {"WANDB_MODE": "offline"})
    done = maverick("models", "push", "robbie", "--to", "wandb", "--json")
    assert (done.returncode, service.received) == (0, []), done.stderr
    run = Path(json.loads(done.stdout)["place"])
    assert run.is_relative_to(settings.home)
    [log] = run.glob("run-*.wandb")
    assert not any(word.encode() in log.read_bytes() for word in PRIVATE_WORDS)
    command = [sys.executable, "-m", "wandb", "sync", str(run)]
    synced = subprocess.run(
        command,
        env=maverick.full_environment | surroundings,
        cwd=tmp_path,  # where the client leaves logs of its own
        capture_output=True,
        text=True,
        check=False,
    )
    assert synced.returncode == 0, synced.stderr
    [artifact] = service.committed("robbie")
    assert_holds_robbie(artifact, released)
    left = b"\n".join(service.received)
    assert not any(word.encode() in left for word in PRIVATE_WORDS)


def test_without_a_key_the_command_says_what_to_do(
    settings: Settings, released: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WANDB_API_KEY", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(BadInput, match="WANDB_API_KEY is not set; set it, or set WANDB_MODE"):
        push_to_wandb(settings, contents_of(settings, "robbie", "v1.0"))
