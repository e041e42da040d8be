"""Bases of the hub: pinned to a commit, resumed, verified; what cannot be had is one line."""

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from huggingface_hub import constants

from maverick_assets.base_model import hub as hub_module
from maverick_assets.base_model import prepare
from maverick_assets.base_model.hub import HubName, find_pulled, pull
from maverick_assets.base_model.prepare import PreparedBase, ensure_base, find_base
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.settings import Settings
from maverick_assets_tests.base_model.hub_simulation import Hub, running_hub

MODEL = "someone/tiny"
NAME = HubName(MODEL)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with running_hub() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        monkeypatch.setattr(
            constants,
            "HUGGINGFACE_CO_URL_TEMPLATE",
            hub.url + "/{repo_id}/resolve/{revision}/{filename}",
        )
        monkeypatch.delenv("HF_TOKEN", raising=False)
        monkeypatch.setattr(hub_module.time, "sleep", lambda _: None)
        yield hub


@pytest.fixture
def files(tiny_base: PreparedBase) -> dict[str, bytes]:
    """The files of a real, tiny model, and what else lies in a repository."""
    model = {path.name: path.read_bytes() for path in tiny_base.directory.iterdir()}
    others = {"README.md": b"#", "LICENSE.txt": b"Do what you like.", "pytorch_model.bin": b"old"}
    return model | others | {"consolidated.safetensors": b"twice", "original/params.json": b"{}"}


def silent(_there: int, _total: int) -> None:
    pass


def test_a_pull_has_the_model_and_its_licence_and_nothing_else(
    hub: Hub, files: dict[str, bytes], tmp_path: Path
) -> None:
    commit = hub.publish(MODEL, files)
    seen: list[tuple[int, int]] = []
    pulled = pull(tmp_path, NAME, lambda there, total: seen.append((there, total)))
    assert (pulled.commit, pulled.directory.name) == (commit, commit)
    names = {path.name for path in pulled.directory.iterdir()}
    assert {"model.safetensors", "config.json", "tokenizer.json", "LICENSE.txt"} <= names
    assert not names & {"README.md", "pytorch_model.bin", "consolidated.safetensors", "original"}
    assert seen[0][0] == 0
    assert seen[-1][0] == seen[-1][1] == sum(file.size for file in pulled.files)


def test_a_pulled_model_needs_no_hub(hub: Hub, files: dict[str, bytes], tmp_path: Path) -> None:
    hub.publish(MODEL, files)
    pulled = pull(tmp_path, NAME, silent)
    asked = len(hub.requests)
    assert pull(tmp_path, NAME, silent) == pulled == find_pulled(tmp_path, NAME)
    assert len(hub.requests) == asked


def test_a_name_keeps_its_commit_when_the_hub_has_another(
    hub: Hub, files: dict[str, bytes], tmp_path: Path
) -> None:
    first = hub.publish(MODEL, files)
    pull(tmp_path, NAME, silent)
    second = hub.publish(MODEL, files | {"generation_config.json": b"{}"})
    assert pull(tmp_path, NAME, silent).commit == first
    assert pull(tmp_path, NAME, silent, renew=True).commit == second
    kept = find_pulled(tmp_path, NAME)
    assert kept and kept.commit == first
    named = pull(tmp_path, HubName(MODEL, second), silent)
    assert named.commit == second


@pytest.mark.parametrize("ignores_ranges", [False, True])
def test_a_broken_connection_resumes_where_it_stopped(
    hub: Hub, files: dict[str, bytes], tmp_path: Path, ignores_ranges: bool
) -> None:
    hub.publish(MODEL, files)
    hub.ignores_ranges = ignores_ranges
    hub.breaks_after = len(files["model.safetensors"]) - 100
    seen: list[int] = []
    pulled = pull(tmp_path, NAME, lambda there, _: seen.append(there))
    assert pulled.changed_files() == []
    assert any("bytes=" in request for request in hub.requests)
    assert (seen == sorted(seen)) != ignores_ranges  # bytes that come twice are not counted twice
    assert seen[-1] == sum(file.size for file in pulled.files)


def test_an_interrupted_pull_resumes(hub: Hub, files: dict[str, bytes], tmp_path: Path) -> None:
    hub.publish(MODEL, files)

    def interrupt(there: int, _total: int) -> None:
        if there > 10_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull(tmp_path, NAME, interrupt)
    assert find_pulled(tmp_path, NAME) is None
    seen: list[int] = []
    pull(tmp_path, NAME, lambda there, _: seen.append(there))
    assert seen[0] > 10_000


def test_two_that_pull_the_same_fetch_it_once(
    hub: Hub, files: dict[str, bytes], tmp_path: Path
) -> None:
    hub.publish(MODEL, files)
    with ThreadPoolExecutor(3) as pool:
        pulled = list(pool.map(lambda _: pull(tmp_path, NAME, silent), range(3)))
    assert pulled == [pulled[0]] * 3
    assert sum("/resolve/" in request for request in hub.requests) == len(pulled[0].files)


def test_a_damaged_file_is_not_taken(hub: Hub, files: dict[str, bytes], tmp_path: Path) -> None:
    hub.publish(MODEL, files)
    hub.damages = "model.safetensors"
    with pytest.raises(MaverickError, match=r"model\.safetensors of someone/tiny arrived damaged"):
        pull(tmp_path, NAME, silent)
    assert find_pulled(tmp_path, NAME) is None
    hub.damages = None
    assert pull(tmp_path, NAME, silent).changed_files() == []


def test_a_pulled_file_that_somebody_changed_is_named(
    hub: Hub, files: dict[str, bytes], tmp_path: Path
) -> None:
    hub.publish(MODEL, files)
    template = pull(tmp_path, NAME, silent).directory / "chat_template.jinja"
    template.write_text(template.read_text() + " ")
    with pytest.raises(MaverickError, match=r"chat_template\.jinja changed; delete the directory"):
        pull(tmp_path, NAME, silent)


def test_a_disk_that_is_too_small_is_named_before_anything_is_fetched(
    hub: Hub, files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.publish(MODEL, files)
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(hub_module.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(MaverickError, match=r"someone/tiny needs 0\.0 GB more, and .* has 0\.0 GB"):
        pull(tmp_path, NAME, silent)
    assert not any("/resolve/" in request for request in hub.requests)


def test_what_the_hub_does_not_give_is_one_line_with_a_remedy(
    hub: Hub, files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.publish(MODEL, files)
    hub.publish(
        "someone/adapter", {"adapter_config.json": b"{}", "adapter_model.safetensors": b"a"}
    )
    for name, reason in (
        ("no/model", "the hub has no model no/model, or a private one"),
        ("someone/tiny@v9", "someone/tiny has no revision v9 on the hub"),
        ("someone/adapter", r"has no config\.json with model\*\.safetensors"),
    ):
        hub_name = HubName.parse(name)
        assert hub_name
        with pytest.raises(BadInput, match=reason):
            pull(tmp_path, hub_name, silent)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(
        BadInput, match=r"127\.0\.0\.1:9 cannot be reached .*; pull it where"
    ) as error:
        pull(tmp_path, NAME, silent)
    assert "\n" not in str(error.value)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(BadInput, match="HF_HUB_OFFLINE is set; unset it"):
        pull(tmp_path, NAME, silent)


def test_a_gated_model_says_how_to_get_it(
    hub: Hub, files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.publish(MODEL, files)
    hub.gated.add(MODEL)
    accept = f"is gated: accept its licence at {hub.url}/{MODEL}; "
    with pytest.raises(BadInput, match=accept + "then set HF_TOKEN"):
        pull(tmp_path, NAME, silent)
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    with pytest.raises(BadInput, match=accept + "the account of HF_TOKEN has no access"):
        pull(tmp_path, NAME, silent)
    monkeypatch.setenv("HF_TOKEN", hub.token)
    assert pull(tmp_path, NAME, silent).changed_files() == []


def test_a_base_that_a_hub_id_names_is_pulled_once_and_goes_with_a_copy_of_the_run_home(
    hub: Hub, files: dict[str, bytes], tmp_path: Path
) -> None:
    commit = hub.publish(MODEL, files)
    base = ensure_base(Settings(home=tmp_path / "home", base_model=MODEL))
    assert base.directory.name == commit
    asked = len(hub.requests)
    assert find_base(Settings(home=tmp_path / "home", base_model=MODEL)) == base
    shutil.copytree(tmp_path / "home", tmp_path / "copy")
    shutil.rmtree(tmp_path / "home")
    copy = find_base(Settings(home=tmp_path / "copy", base_model=MODEL))
    assert copy and copy.digest == base.digest
    assert copy.directory.is_relative_to(tmp_path / "copy")
    assert len(hub.requests) == asked


def test_a_base_that_an_earlier_release_pulled_is_used_as_it_lies(
    files: dict[str, bytes], tiny_base: PreparedBase, tmp_path: Path
) -> None:
    """It had no commit, and lay beside its record."""
    settings = Settings(home=tmp_path, base_model=MODEL)
    home = prepare._record_home(settings)
    shutil.copytree(tiny_base.directory, home)
    prepare._write_record(home, PreparedBase(home, "a" * 64, None), model_inside=True)
    record = json.loads((home / "base.json").read_text())
    del record["hub"]
    (home / "base.json").write_text(json.dumps(record))
    assert find_base(settings) == PreparedBase(home, "a" * 64, None)


@pytest.mark.parametrize("kind", ["unreachable", "offline"])
def test_a_name_that_is_neither_says_that_both_were_tried(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    if kind == "offline":
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    else:
        monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(BadInput, match=r"no directory of that name; as a hub id: .*models/tiny"):
        ensure_base(Settings(home=tmp_path, base_model="models/tiny"))


def test_a_path_with_a_typo_is_no_hub_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    settings = Settings(home=tmp_path, base_model="models/tinny")
    assert settings.base_model == str(tmp_path / "models" / "tinny")
    with pytest.raises(BadInput, match="models/tinny is no model directory"):
        ensure_base(settings)


def test_a_revision_leads_to_no_folder_but_a_commit_s(tmp_path: Path) -> None:
    """Such as one that somebody else may write to."""
    record = {"model": "someone/tiny", "commit": "main", "files": []}
    (tmp_path / "pulled.json").write_text(json.dumps(record))
    (tmp_path / "home" / "hub" / "someone--tiny").mkdir(parents=True)
    for revision in ("../../..", str(tmp_path)):
        assert find_pulled(tmp_path / "home", HubName("someone/tiny", revision)) is None
