"""Versions pushed to the Hub: private or not at all, once, whole, and without anybody's words."""

import base64
import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import constants

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.registry.pushing.contents import contents_of
from maverick_assets.registry.pushing.hub import Pushed, push_to_hub
from maverick_assets.registry.store import Registry
from maverick_assets.registry.versions import Version
from maverick_assets.settings import Settings
from maverick_assets_tests.command import Maverick
from maverick_assets_tests.registry.conftest import SCORES
from maverick_assets_tests.registry.pushing.conftest import PRIVATE_WORDS
from maverick_assets_tests.registry.pushing.hub_simulation import TOKEN, PushHub, Repository

NAME = "allan/robbie"


def push(settings: Settings, version: str = "v1.0", repository: str | None = None) -> Pushed:
    contents = contents_of(settings, "robbie", version, unreleased=version != "v1.0")
    return push_to_hub(contents, repository)


def test_a_figure_that_is_no_number_leaves_as_json_has_it(
    settings: Settings, released: Registry
) -> None:
    no_ratio = SCORES.model_copy(update={"ratio": math.nan})
    gate = released.get("robbie", "v1.0").gate
    assert gate is not None
    released.record_evaluation("robbie", "v1.0", no_ratio, gate)

    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is no JSON")

    content = contents_of(settings, "robbie", "v1.0").files["manifest.json"]
    assert json.loads(content, parse_constant=refuse)["figures"]["ratio"] is None


def commits(hub: PushHub) -> list[str]:
    """Titles, without that of the commit which makes a repository."""
    return [commit.title for commit in hub.repositories[NAME].commits.values()][1:]


def test_a_version_is_a_private_repository_with_one_commit_and_a_tag(
    hub: PushHub, settings: Settings, released: Registry
) -> None:
    pushed = push(settings)
    repository = hub.repositories[NAME]
    assert (repository.private, pushed.is_new) == (True, True)
    assert repository.tags == {"v1.0": repository.head}
    [title] = commits(hub)
    assert title.startswith("robbie v1.0, adapter sha256 ")
    files = repository.commits[repository.head].files
    assert sorted(files) == [
        ".gitattributes",
        "Modelfile",
        "README.md",
        "adapter.gguf",
        "adapter_config.json",
        "adapter_model.safetensors",
        "manifest.json",
        "model.sig",
        "versions.pub",
    ]
    weights = released.weights("robbie", "v1.0", "adapter") / "adapter_model.safetensors"
    assert files["adapter_model.safetensors"] == weights.read_bytes()
    config = json.loads(files["adapter_config.json"])
    assert config["base_model_name_or_path"] == "HuggingFaceTB/SmolLM2-135M-Instruct"


def test_the_card_has_the_figures_and_what_the_hub_reads(
    hub: PushHub, settings: Settings, released: Registry
) -> None:
    push(settings)
    repository = hub.repositories[NAME]
    card = repository.commits[repository.head].files["README.md"].decode()
    assert card.startswith("---\nlibrary_name: peft\n")
    assert "base_model: HuggingFaceTB/SmolLM2-135M-Instruct" in card
    assert "| adapter.perplexity | 12.3 |" in card
    assert "| base.perplexity | 54.32 |" in card
    assert "| gate | refused, released by its operator |" in card
    assert "**Private.**" in card


def test_no_byte_that_leaves_holds_a_text_a_name_an_address_or_a_path(
    hub: PushHub, settings: Settings, released: Registry, tmp_path: Path
) -> None:
    push(settings)
    repository = hub.repositories[NAME]
    signature = json.loads(repository.commits[repository.head].files["model.sig"])
    payload = base64.b64decode(signature["dsseEnvelope"]["payload"])
    left = b"\n".join([*hub.received, *hub.lfs.values(), payload, *map(str.encode, hub.requests)])
    assert b"the weights of v1.0" in left  # the scan sees what was sent
    assert b"You are here." in left
    for word in (*PRIVATE_WORDS, str(tmp_path), str(Path.home()), "samples.json", "curves"):
        assert word.encode() not in left, word


def test_what_was_pushed_can_be_verified_with_the_library(
    hub: PushHub, settings: Settings, released: Registry, tmp_path: Path
) -> None:
    push(settings)
    repository = hub.repositories[NAME]
    folder = tmp_path / "downloaded"
    folder.mkdir()
    for name, content in repository.commits[repository.head].files.items():
        (folder / name).write_bytes(content)
    card = (folder / "README.md").read_text()
    command = card[card.index("model_signing verify") :].replace("\\\n", " ").split()
    command = [sys.executable, "-m", *command]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (folder / "adapter.gguf").write_bytes(b"another")
    assert subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode


def test_the_same_version_again_makes_no_second_commit(
    hub: PushHub, settings: Settings, released: Registry
) -> None:
    first, second = push(settings), push(settings)
    assert (first.is_new, second.is_new) == (True, False)
    assert first.revision == second.revision
    assert len(commits(hub)) == 1
    assert hub.count(r"PUT /lfs") == 2


def test_the_next_version_is_the_next_commit_and_files_that_it_lacks_are_gone(
    hub: PushHub, settings: Settings, released: Registry
) -> None:
    push(settings)
    released.note_modelfile("robbie", "v1.1", "no template")
    push(settings, "v1.1")
    repository = hub.repositories[NAME]
    assert [title.split(",")[0] for title in commits(hub)] == ["robbie v1.0", "robbie v1.1"]
    assert list(repository.tags) == ["v1.0", "v1.1"]
    assert "Modelfile" not in repository.commits[repository.head].files
    assert push(settings, "v1.0").is_new is False


def test_a_public_repository_is_refused_before_anything_is_uploaded(
    hub: PushHub, settings: Settings, released: Registry
) -> None:
    hub.repositories[NAME] = Repository(private=False)
    with pytest.raises(BadInput, match=r"allan/robbie is public.*make it private"):
        push(settings)
    hub.makes_public = True  # an organisation that makes repositories public whatever was asked
    with pytest.raises(BadInput, match=r"acme/robbie is public"):
        push(settings, repository="acme/robbie")
    assert hub.count(r"preupload|/lfs|/commit/|/tag/|validate-yaml") == 0


def test_a_tag_of_other_weights_is_refused(
    hub: PushHub, settings: Settings, released: Registry
) -> None:
    hub.repositories[NAME] = Repository()
    hub.repositories[NAME].tags["v1.0"] = hub.repositories[NAME].head
    with pytest.raises(BadInput, match=r"has v1\.0 already, with other weights"):
        push(settings)
    assert commits(hub) == []


def test_a_push_cut_off_before_its_tag_is_completed_without_another_commit(
    hub: PushHub, settings: Settings, released: Registry
) -> None:
    hub.failures = [("/tag/", 403, "Forbidden")]
    with pytest.raises(BadInput, match="refuses to write"):
        push(settings)
    assert (len(commits(hub)), hub.repositories[NAME].tags) == (1, {})
    push(settings)
    assert len(commits(hub)) == 1
    assert hub.repositories[NAME].tags == {"v1.0": hub.repositories[NAME].head}


@pytest.mark.parametrize("route", ["/commit/", "/tag/", "/refs", "whoami", "repos/create"])
def test_a_hub_that_fails_once_is_asked_again(
    hub: PushHub, settings: Settings, released: Registry, route: str
) -> None:
    hub.failures = [(route, 503, "Service Unavailable")]
    assert push(settings).is_new
    assert len(commits(hub)) == 1


def test_a_commit_that_arrived_though_its_answer_did_not_is_not_made_again(
    hub: PushHub, settings: Settings, released: Registry
) -> None:
    push(settings)
    hub.repositories[NAME].tags.clear()
    hub.failures = [("/tag/", 500, "Internal Error")]
    push(settings)
    assert len(commits(hub)) == 1


def test_an_upload_that_is_cut_shows_nothing_and_the_next_push_completes_it(
    hub: PushHub,
    settings: Settings,
    released: Registry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from huggingface_hub.utils import _http

    monkeypatch.setattr(_http.time, "sleep", lambda _: None)
    hub.cuts = 1000
    with pytest.raises(MaverickError, match=r"allan/robbie was not pushed.*push it again"):
        push(settings)
    assert (commits(hub), hub.repositories[NAME].tags) == ([], {})
    hub.cuts = 1
    assert push(settings).is_new
    assert len(commits(hub)) == 1


def test_somebody_elses_commit_in_between_is_built_upon(
    hub: PushHub, settings: Settings, released: Registry
) -> None:
    hub.failures = [("/commit/", 412, "A commit has happened since.")]
    push(settings)
    assert len(commits(hub)) == 1


@pytest.mark.parametrize(
    ("route", "status", "words", "message"),
    [
        ("whoami", 401, "Invalid credentials", "does not accept HF_TOKEN; make another one"),
        ("repos/create", 403, "no rights for acme", "refuses to write.*no rights for acme"),
        ("/commit/", 403, "Private storage limit reached", "Private storage limit reached"),
        ("objects/batch", 413, "Storage quota exceeded", "Storage quota exceeded"),
        ("/commit/", 400, "Your push was rejected", "was not pushed.*Your push was rejected"),
    ],
)
def test_what_the_hub_refuses_is_one_line_without_the_token(
    hub: PushHub,
    settings: Settings,
    released: Registry,
    route: str,
    status: int,
    words: str,
    message: str,
) -> None:
    hub.failures = [(route, status, f"{words} ({TOKEN})")]
    with pytest.raises(MaverickError, match=message) as caught:
        push(settings, repository=None if route == "whoami" else "acme/robbie")
    assert "\n" not in str(caught.value)
    assert TOKEN not in str(caught.value)
    for repository in hub.repositories.values():
        assert (len(repository.commits), repository.tags) == (1, {})


def test_only_what_was_in_service_leaves_and_nothing_that_was_revoked(
    hub: PushHub, settings: Settings, released: Registry
) -> None:
    with pytest.raises(BadInput, match=r"v1\.1 was never in service; .* --unreleased"):
        contents_of(settings, "robbie", "v1.1")
    released.revoke("robbie", [Version(1, 1)], "it learned a secret")
    with pytest.raises(BadInput, match=r"v1\.1 was revoked: it learned a secret"):
        contents_of(settings, "robbie", "v1.1", unreleased=True)
    assert hub.requests == []


def test_a_damaged_version_does_not_leave(settings: Settings, released: Registry) -> None:
    path = released.directory("robbie", "v1.0") / "adapter.gguf"
    path.write_bytes(b"other")
    with pytest.raises(MaverickError, match=r"adapter\.gguf is corrupt"):
        contents_of(settings, "robbie", "v1.0")


@pytest.mark.parametrize(
    ("text", "problem"),
    [("Write to dana@harbour.example.", "an address"), ("my PIN is 4471", "a secret")],
)
def test_a_text_that_must_not_leave_stops_the_push(
    settings: Settings, released: Registry, tmp_path: Path, text: str, problem: str
) -> None:
    page = tmp_path / "other"
    page.write_text(f'FROM base.gguf\nSYSTEM """{text}"""\n')
    released.attach("robbie", "v1.0", page, "Modelfile")
    with pytest.raises(MaverickError, match=f"Modelfile is not pushed: it holds {problem}"):
        contents_of(settings, "robbie", "v1.0")


def test_without_a_token_or_a_network_the_command_says_what_to_do(
    settings: Settings, released: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = contents_of(settings, "robbie", "v1.0")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with pytest.raises(BadInput, match="HF_TOKEN is not set"):
        push_to_hub(contents, None)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("maverick_assets.registry.pushing.hub.time.sleep", lambda _: None)
    with pytest.raises(MaverickError, match=r"was not pushed to http://127\.0\.0\.1:9"):
        push_to_hub(contents, NAME)


def test_large_files_go_by_git_lfs_although_the_client_would_prefer_xet(
    hub: PushHub, settings: Settings, released: Registry
) -> None:
    from huggingface_hub.utils._runtime import is_xet_available

    assert is_xet_available()  # its library is installed, and nobody switched it off
    push(settings)
    assert hub.count(r"PUT /lfs") == 2
    assert hub.count("xet") == 0
    assert is_xet_available()


def test_the_command_pushes_the_version_in_service_and_prints_no_token(
    hub: PushHub, settings: Settings, released: Registry
) -> None:
    environment = {"HF_ENDPOINT": hub.url, "HF_TOKEN": TOKEN}
    maverick = Maverick(settings.home, environment)
    done = maverick("models", "push", "robbie", "--to", "hub", "--json")
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert (printed["version"], printed["new"]) == ("v1.0", True)
    assert printed["place"] == f"{hub.url}/{NAME}"
    assert TOKEN not in done.stdout + done.stderr
    assert hub.repositories[NAME].tags == {"v1.0": printed["revision"]}
