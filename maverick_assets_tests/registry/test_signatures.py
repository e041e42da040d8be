"""Signed versions: whoever can write to models/, but not to keys/, has nothing loaded that he made.

Each attack names the file that is not as the run home wrote it.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from maverick_assets.errors import MaverickError
from maverick_assets.files import sha256_of
from maverick_assets.records import GateDecision
from maverick_assets.registry.signing.signatures import MAX_MANIFEST
from maverick_assets.registry.store import Registry
from maverick_assets.registry.versions import Version
from maverick_assets_tests.registry.conftest import (
    PASSED,
    SCORES,
    AddVersion,
    MakeManifest,
    forget_signatures,
)
from maverick_assets_tests.registry.test_kill_points import kill_everywhere

REFUSED = GateDecision(passed=False, reasons=("worse",), decided_at=PASSED.decided_at)


@pytest.fixture
def models(registry: Registry, add_version: AddVersion, tmp_path: Path) -> Path:
    """Two personalities with two versions each; the second one is in service."""
    for personality in ("robbie", "gatekeeper"):
        for version in ("v1.0", "v1.1"):
            add_version(version, personality)
            page = tmp_path / f"Modelfile-{personality}-{version}"
            page.write_text(f"FROM base # {personality} {version}")
            registry.attach(personality, version, page, "Modelfile")
            registry.release(personality, version)
    return tmp_path / "models"


def signature(folder: Path) -> Path:
    [path] = folder.glob("manifest.*.sig")
    return path


def edited(folder: Path, **changes: object) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def refused(registry: Registry, name: str, version: str = "final") -> str:
    """The one message that refuses a version of robbie, wherever it is read; it names `name`."""
    messages = set()
    for read in (registry.usable, registry.verify):
        with pytest.raises(MaverickError) as caught:
            read("robbie", version)
        messages.add(str(caught.value))
    with pytest.raises(MaverickError):
        registry.weights("robbie", version, "adapter")
    [message] = messages
    assert name in message
    assert "\n" not in message
    return message


def test_a_version_is_signed_with_each_change_and_its_key_is_the_owners_alone(
    registry: Registry, models: Path
) -> None:
    registry.verify("robbie", "v1.0")
    keys = models.with_name("keys")
    assert (keys / "versions.pem").stat().st_mode & 0o777 == 0o600
    assert keys.stat().st_mode & 0o777 == 0o700
    before = signature(models / "robbie" / "v1.1")
    registry.record_evaluation("robbie", "v1.1", SCORES, REFUSED)
    assert signature(models / "robbie" / "v1.1") != before
    registry.verify("robbie", "v1.1")


def test_the_library_itself_verifies_a_manifest(models: Path) -> None:
    folder = models / "robbie" / "v1.1"
    command = [
        sys.executable,
        "-m",
        "model_signing",
        "verify",
        "key",
        str(folder / "manifest.json"),
    ]
    command += ["--signature", str(signature(folder))]
    command += ["--public_key", str(models.with_name("keys") / "versions.pub")]
    verified = subprocess.run(command, capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stderr
    edited(folder, fingerprint="another")
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def test_a_manifest_that_somebody_edited_is_refused_and_never_signed(
    registry: Registry, models: Path
) -> None:
    edited(models / "robbie" / "v1.1", kind="major")
    refused(registry, "robbie/v1.1/manifest.json is not the manifest that was written last")
    with pytest.raises(MaverickError, match="is not the manifest that was written last"):
        registry.record_evaluation("robbie", "v1.1", SCORES, PASSED)
    registry.rollback("robbie", "v1.0")  # the others stay in use
    registry.verify("robbie", "final")


def test_weights_swapped_together_with_their_digests_are_refused(
    registry: Registry, models: Path
) -> None:
    folder = models / "robbie" / "v1.1"
    weights = folder / "adapter" / "adapter_model.safetensors"
    weights.write_bytes(b"another model")
    files = json.loads((folder / "manifest.json").read_text())["files"]
    edited(folder, files=files | {"adapter/adapter_model.safetensors": sha256_of(weights)})
    refused(registry, "robbie/v1.1/manifest.json")


def test_a_deleted_signature_does_not_make_a_version_one_of_an_earlier_release(
    registry: Registry, models: Path
) -> None:
    path = signature(models / "robbie" / "v1.1")
    path.unlink()
    refused(registry, path.name)


def test_a_signature_of_another_version_or_personality_is_refused(
    registry: Registry, models: Path
) -> None:
    path = signature(models / "robbie" / "v1.1")
    for other in (models / "robbie" / "v1.0", models / "gatekeeper" / "v1.1"):
        shutil.copy(signature(other), path)
        refused(registry, f"{path.name} is not the signature of")


def test_two_versions_that_change_places_are_refused(registry: Registry, models: Path) -> None:
    robbie = models / "robbie"
    (robbie / "v1.0").rename(robbie / "aside")
    (robbie / "v1.1").rename(robbie / "v1.0")
    (robbie / "aside").rename(robbie / "v1.1")
    with pytest.raises(MaverickError, match=r"v1\.1/manifest\.json describes robbie v1\.0"):
        registry.get("robbie", "final")
    refused(registry, "v1.1/manifest.json")
    # Nor as it would be with the number put right: that edit is not signed.
    edited(robbie / "v1.1", version="v1.1")
    edited(robbie / "v1.0", version="v1.0")
    refused(registry, "v1.1/manifest.json is not the manifest that was written last")


def test_files_of_another_personality_are_refused(registry: Registry, models: Path) -> None:
    shutil.rmtree(models / "robbie" / "v1.1")
    shutil.copytree(models / "gatekeeper" / "v1.1", models / "robbie" / "v1.1")
    with pytest.raises(MaverickError, match=r"describes gatekeeper v1\.1"):
        registry.get("robbie", "final")
    refused(registry, "robbie/v1.1/manifest.json")


def test_a_manifest_from_before_a_revocation_is_refused(
    registry: Registry, models: Path, tmp_path: Path
) -> None:
    before = shutil.copytree(models / "robbie" / "v1.1", tmp_path / "before")
    registry.revoke("robbie", [Version(1, 1)], "it learned a secret")
    shutil.rmtree(models / "robbie" / "v1.1")
    shutil.copytree(before, models / "robbie" / "v1.1")  # signed, but not the last one
    refused(registry, "v1.1/manifest.json is not the manifest that was written last", "v1.1")


def test_final_moved_by_hand_is_refused_and_a_release_puts_it_right(
    registry: Registry, models: Path
) -> None:
    final = models / "robbie" / "final"
    final.unlink()
    final.symlink_to("v1.0")
    refused(registry, "robbie/final points at v1.0, and what was put in service last is v1.1")
    assert registry.release("robbie", "v1.1").state == "released"
    registry.verify("robbie", "final")


def test_final_moved_to_a_version_that_its_gate_refused_is_not_dated_as_a_release(
    registry: Registry, models: Path, add_version: AddVersion
) -> None:
    add_version("v1.2", gate=REFUSED)
    final = models / "robbie" / "final"
    final.unlink()
    final.symlink_to("v1.2")
    registry.record_evaluation("robbie", "v1.0", SCORES, PASSED)  # any change of the registry
    assert registry.get("robbie", "v1.2").released_at is None
    refused(registry, "final points at v1.2")


@pytest.mark.parametrize("name", ["adapter/adapter_model.bin", "code.py", "adapter.gguf"])
def test_a_file_that_was_added_is_refused(registry: Registry, models: Path, name: str) -> None:
    (models / "robbie" / "v1.1" / name).write_bytes(b"pickled")
    with pytest.raises(MaverickError, match=f"{name} is not of robbie v1.1"):
        registry.verify("robbie", "final")
    if name.startswith("adapter/"):
        with pytest.raises(MaverickError, match=f"{name} is not of robbie v1.1"):
            registry.weights("robbie", "final", "adapter")


@pytest.mark.parametrize("name", ["adapter/adapter_model.safetensors", "adapter", "Modelfile"])
def test_a_link_in_place_of_a_file_is_refused(
    registry: Registry, models: Path, tmp_path: Path, name: str
) -> None:
    path = models / "robbie" / "v1.1" / name
    path.rename(tmp_path / "moved")  # the content is the same, and may change later
    path.symlink_to(tmp_path / "moved")
    with pytest.raises(MaverickError, match=f"{name} is a link"):
        registry.verify("robbie", "final")


@pytest.mark.parametrize("name", ["manifest.json", "the signature", "the directory"])
def test_links_in_place_of_what_is_signed_are_refused(
    registry: Registry, models: Path, tmp_path: Path, name: str
) -> None:
    folder = models / "robbie" / "v1.1"
    named = {"the signature": signature(folder), "the directory": folder}
    path = named.get(name, folder / name)
    path.rename(tmp_path / path.name)
    path.symlink_to(tmp_path / path.name)
    message = refused(registry, path.name, "v1.1")
    assert "is a link" in message


@pytest.mark.parametrize("name", ["../v1.0/Modelfile", "/etc/passwd", "a//b", "a\\b", "x\n", ""])
def test_a_name_that_leads_elsewhere_makes_a_manifest_corrupt(
    registry: Registry, models: Path, name: str
) -> None:
    edited(models / "robbie" / "v1.1", files={name: "0" * 64})
    forget_signatures(models)  # even where nothing is signed yet
    refused(registry, "v1.1/manifest.json is missing or corrupt", "v1.1")


def test_a_huge_manifest_is_refused_before_it_is_read(registry: Registry, models: Path) -> None:
    path = models / "robbie" / "v1.1" / "manifest.json"
    os.truncate(path, MAX_MANIFEST + 1)
    refused(registry, f"v1.1/manifest.json has {MAX_MANIFEST + 1} bytes", "v1.1")


def test_a_named_pipe_in_place_of_a_manifest_holds_nobody_up(
    registry: Registry, models: Path
) -> None:
    path = models / "robbie" / "v1.1" / "manifest.json"
    path.unlink()
    os.mkfifo(path)
    refused(registry, "v1.1/manifest.json is no file", "v1.1")


def test_a_version_of_another_run_home_is_refused(
    registry: Registry, models: Path, tmp_path: Path, make_manifest: MakeManifest, adapter_dir: Path
) -> None:
    theirs = Registry(tmp_path / "theirs" / "models")
    theirs.add_candidate(make_manifest("v1.2"), adapter_dir)
    shutil.copytree(theirs.directory("robbie", "v1.2"), models / "robbie" / "v1.2")
    refused(registry, "v1.2/manifest.json was not written by this run home", "v1.2")
    theirs.add_candidate(make_manifest("v1.1"), adapter_dir)
    shutil.rmtree(models / "robbie" / "v1.1")
    shutil.copytree(theirs.directory("robbie", "v1.1"), models / "robbie" / "v1.1")
    refused(registry, "v1.1/manifest.json is not the manifest", "v1.1")


def test_a_signature_by_another_key_is_refused(
    registry: Registry, models: Path, tmp_path: Path
) -> None:
    """Even if the ledger were deceived: both halves are checked."""
    theirs = tmp_path / "theirs" / "models"
    shutil.copytree(models, theirs, symlinks=True)
    for path in theirs.glob("*/*/manifest.*.sig"):
        path.unlink()
    Registry(theirs).signatures.prepare()
    ledgers = models.with_name("keys") / "versions"
    shutil.copytree(theirs.with_name("keys") / "versions", ledgers, dirs_exist_ok=True)
    shutil.copy(signature(theirs / "robbie" / "v1.1"), signature(models / "robbie" / "v1.1"))
    refused(registry, "is no signature of")


def test_a_run_home_that_was_copied_with_its_keys_verifies_and_without_them_says_so(
    models: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(models, elsewhere / "models", symlinks=True)
    copied = Registry(elsewhere / "models")
    refused(copied, "versions.pem is missing; restore keys/")
    shutil.copytree(models.with_name("keys"), elsewhere / "keys")
    copied.verify("robbie", "final")
    copied.rollback("robbie")
    copied.verify("robbie", "final")


@pytest.mark.parametrize("lost", [("versions.pem",), ("versions.pem", "versions.pub")])
def test_a_lost_key_is_not_replaced_by_one_that_signs_whatever_lies_there(
    registry: Registry, models: Path, lost: tuple[str, ...]
) -> None:
    keys = models.with_name("keys")
    for name in lost:
        (keys / name).rename(keys / f"lost-{name}")
    edited(models / "robbie" / "v1.1", kind="major")
    refused(registry, "versions.pem is missing; restore keys/")
    assert not registry.signatures.exist
    with pytest.raises(MaverickError, match=r"versions\.pem is missing; restore keys/"):
        registry.rollback("robbie", "v1.0")
    assert not registry.signatures.exist
    for name in lost:
        (keys / f"lost-{name}").rename(keys / name)
    refused(registry, "is not the manifest that was written last")
    registry.verify("gatekeeper", "final")


@pytest.mark.parametrize("key", ["another", "damaged"])
def test_a_key_that_is_not_of_the_pair_changes_no_version(
    registry: Registry, models: Path, tmp_path: Path, key: str
) -> None:
    """What it signs would be refused from then on: the version in service, for one."""
    pem = models.with_name("keys") / "versions.pem"
    if key == "another":
        theirs = Registry(tmp_path / "theirs" / "models")
        theirs.signatures.prepare()
        shutil.copy(tmp_path / "theirs" / "keys" / "versions.pem", pem)
    else:
        pem.write_bytes(pem.read_bytes()[:100])
    with pytest.raises(MaverickError, match=r"versions\.pem signs nothing that .* restore keys/"):
        registry.record_evaluation("robbie", "v1.1", SCORES, REFUSED)
    registry.verify("robbie", "final")


def test_versions_of_an_earlier_release_load_unsigned_and_the_next_change_signs_all(
    registry: Registry, models: Path
) -> None:
    forget_signatures(models)
    registry.verify("gatekeeper", "final")
    assert registry.weights("robbie", "v1.0", "adapter").is_dir()
    assert not registry.signatures.exist  # reading changes nothing
    registry.record_evaluation("robbie", "v1.0", SCORES, PASSED)
    for personality in ("robbie", "gatekeeper"):
        for version in ("v1.0", "v1.1"):
            signature(models / personality / version)
            registry.verify(personality, version)
    shutil.copytree(models / "gatekeeper" / "v1.0", models / "gatekeeper" / "v1.2")
    path = models / "gatekeeper" / "v1.2" / "manifest.json"
    path.write_text(path.read_text().replace('"version": "v1.0"', '"version": "v1.2"'))
    signature(path.parent).unlink()
    with pytest.raises(MaverickError, match="was not written by this run home"):
        registry.usable("gatekeeper", "v1.2")  # an unsigned one comes too late


def test_signing_what_earlier_releases_left_can_be_killed_at_any_change(
    registry: Registry, models: Path
) -> None:
    forget_signatures(models)
    shutil.rmtree(models / "gatekeeper")

    def check() -> None:
        for version in ("v1.0", "v1.1"):
            registry.verify("robbie", version)

    assert kill_everywhere(models, registry.signatures.prepare, check) > 10


def _each_change(registry: Registry) -> dict[str, Callable[[], object]]:
    return {
        "evaluation": lambda: registry.record_evaluation("robbie", "v1.1", SCORES, REFUSED),
        "modelfile": lambda: registry.note_modelfile("robbie", "v1.1", "no template"),
        "rollback": lambda: registry.rollback("robbie", "v1.0"),
    }


@pytest.mark.parametrize("change", ["evaluation", "modelfile", "rollback"])
def test_a_change_killed_anywhere_leaves_versions_that_verify(
    registry: Registry, models: Path, change: str
) -> None:
    shutil.rmtree(models / "gatekeeper")

    def check() -> None:
        for version in ("v1.0", "v1.1", "final"):
            registry.verify("robbie", version)

    assert kill_everywhere(models, _each_change(registry)[change], check) > 3


def test_a_reader_beside_a_writer_never_sees_a_version_that_does_not_verify(
    registry: Registry, models: Path
) -> None:
    child = os.fork()
    if child == 0:
        for _ in range(30):
            registry.record_evaluation("robbie", "v1.1", SCORES, REFUSED)
            registry.record_evaluation("robbie", "v1.1", SCORES, PASSED)
        os._exit(0)
    reads = 0
    while os.waitpid(child, os.WNOHANG) == (0, 0):
        registry.verify("robbie", "v1.1")
        reads += 1
    assert reads > 10
