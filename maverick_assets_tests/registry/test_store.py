"""The registry: adding, finding, releasing and rolling back versions; damage is named."""

import json
import multiprocessing
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.records import GateDecision
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.registry.versions import Version
from maverick_assets_tests.registry.conftest import AddVersion, MakeManifest, parity

REFUSED = GateDecision.model_validate(
    {
        "passed": False,
        "reasons": ["perplexity 40.1 > 35.0", "2 examples < 3"],
        "decided_at": "2026-11-01T00:00:00Z",
    }
)


def states(registry: Registry, personality: str = "robbie") -> dict[str, str]:
    return {str(m.version): m.state for m in registry.list(personality)}


def test_a_candidate_holds_the_adapter_and_its_digests(
    registry: Registry, add_version: AddVersion, adapter_dir: Path
) -> None:
    added = add_version("v1.0")
    weights = registry.directory("robbie", "v1.0") / "adapter" / "adapter_model.safetensors"
    assert weights.read_bytes() == (adapter_dir / "adapter_model.safetensors").read_bytes()
    assert sorted(added.files) == [
        "adapter/adapter_config.json",
        "adapter/adapter_model.safetensors",
    ]
    assert added.state == "candidate"
    assert registry.get("robbie", "v1.0") == added
    registry.verify("robbie", "v1.0")


def test_the_manifest_on_disk_names_what_the_version_was_made_from(
    registry: Registry, add_version: AddVersion
) -> None:
    add_version("v1.0")
    stored = json.loads((registry.directory("robbie", "v1.0") / "manifest.json").read_text())
    assert stored["version"] == "v1.0"
    assert stored["dataset_version"] == 1
    assert stored["gate"]["passed"] is True
    assert "state" not in stored


def test_versions_are_listed_in_the_order_of_their_numbers(
    registry: Registry, add_version: AddVersion
) -> None:
    for version in ("v1.10", "v1.9", "v1.9.1", "v2.0"):
        add_version(version)
    add_version("v1.0", personality="gatekeeper")
    assert list(states(registry)) == ["v1.9", "v1.9.1", "v1.10", "v2.0"]
    assert [m.personality for m in registry.list()] == ["gatekeeper"] + ["robbie"] * 4


def test_an_empty_registry_lists_nothing_and_finds_nothing(registry: Registry) -> None:
    assert list(registry.list()) == []
    assert registry.find("robbie", "f") is None


def test_a_version_is_found_by_what_it_was_trained_from(
    registry: Registry, make_manifest: MakeManifest, adapter_dir: Path
) -> None:
    registry.add_candidate(make_manifest("v1.0", fingerprint="one"), adapter_dir)
    registry.add_candidate(make_manifest("v1.1", fingerprint="two"), adapter_dir)
    found = registry.find("robbie", "one")
    assert found is not None
    assert str(found.version) == "v1.0"
    assert registry.find("robbie", "three") is None


def test_a_taken_number_and_an_empty_adapter_are_refused(
    registry: Registry, add_version: AddVersion, make_manifest: MakeManifest, tmp_path: Path
) -> None:
    add_version("v1.0")
    with pytest.raises(BadInput, match=r"v1\.0 exists; take the next free version"):
        add_version("v1.0")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="holds no adapter"):
        registry.add_candidate(make_manifest("v1.1"), tmp_path / "empty")
    assert list(states(registry)) == ["v1.0"]


def test_unknown_names_are_answered_with_those_that_exist(
    registry: Registry, add_version: AddVersion
) -> None:
    add_version("v1.0")
    add_version("v1.1")
    with pytest.raises(BadInput, match="no personality 'rob' has a version; those that do: robbie"):
        registry.get("rob", "v1.0")
    with pytest.raises(BadInput, match=r"robbie has no version v3\.0; it has: v1\.0, v1\.1"):
        registry.get("robbie", "v3.0")
    with pytest.raises(BadInput, match=r"no version of robbie is released yet; .*v1\.0, v1\.1"):
        registry.get("robbie", "final")
    with pytest.raises(BadInput, match=r"no personality '\.\./robbie'"):
        registry.release("../robbie", "v1.0")


def test_a_release_moves_final_and_archives_the_version_before(
    registry: Registry, add_version: AddVersion, tmp_path: Path
) -> None:
    add_version("v1.0")
    add_version("v1.1")
    add_version("v1.2")
    registry.release("robbie", "v1.0")
    assert registry.release("robbie", "v1.1").state == "released"
    assert states(registry) == {"v1.0": "archived", "v1.1": "released", "v1.2": "candidate"}
    final = tmp_path / "models" / "robbie" / "final"
    assert final.is_symlink()
    assert final.resolve().name == "v1.1"
    assert str(registry.get("robbie", "final").version) == "v1.1"


def test_releasing_the_version_in_service_changes_nothing(
    registry: Registry, add_version: AddVersion
) -> None:
    add_version("v1.0")
    released = registry.release("robbie", "v1.0")
    assert registry.release("robbie", "v1.0") == released


def test_a_version_that_was_refused_is_not_released_and_the_reasons_are_given(
    registry: Registry, add_version: AddVersion
) -> None:
    add_version("v1.0")
    registry.release("robbie", "v1.0")
    add_version("v1.1", gate=REFUSED)
    with pytest.raises(MaverickError, match=r"perplexity 40\.1 > 35\.0; 2 examples < 3"):
        registry.release("robbie", "v1.1")
    assert states(registry) == {"v1.0": "released", "v1.1": "candidate"}


def test_a_version_without_evaluation_is_not_released(
    registry: Registry, add_version: AddVersion
) -> None:
    add_version("v1.0", gate=None)
    with pytest.raises(MaverickError, match="it was never evaluated"):
        registry.release("robbie", "v1.0")


@pytest.mark.parametrize("gate", [REFUSED, None])
def test_an_operator_overrides_the_gate_with_a_reason_that_is_kept(
    registry: Registry, add_version: AddVersion, gate: GateDecision | None
) -> None:
    add_version("v1.0", gate=gate)
    with pytest.raises(BadInput, match="an override needs a reason"):
        registry.release("robbie", "v1.0", override_reason=" ")
    registry.release("robbie", "v1.0", override_reason="the test set is outdated")
    stored = registry.get("robbie", "final").gate
    assert stored is not None
    assert (stored.passed, stored.override) == (False, "the test set is outdated")
    assert stored.reasons


def test_an_export_that_answers_otherwise_is_released_for_a_reason_alone(
    registry: Registry, add_version: AddVersion
) -> None:
    add_version("v1.0")
    registry.record_parity("robbie", "v1.0", parity(False))
    with pytest.raises(MaverickError, match=r"answers otherwise than what was trained: 2 of 20"):
        registry.release("robbie", "v1.0")
    with pytest.raises(BadInput, match="an override needs a reason"):
        registry.release("robbie", "v1.0", override_reason=" ")
    assert states(registry) == {"v1.0": "candidate"}
    released = registry.release("robbie", "v1.0", override_reason="a known difference")
    assert released.parity == parity(False).model_copy(update={"override": "a known difference"})


def test_rolling_back_goes_one_release_further_each_time(
    registry: Registry, add_version: AddVersion
) -> None:
    for version in ("v1.0", "v1.1", "v1.2"):
        add_version(version)
        registry.release("robbie", version)
    assert str(registry.rollback("robbie").version) == "v1.1"
    assert str(registry.rollback("robbie").version) == "v1.0"
    assert states(registry) == {"v1.0": "released", "v1.1": "archived", "v1.2": "archived"}
    with pytest.raises(BadInput, match=r"robbie v1\.0 is the first release"):
        registry.rollback("robbie")
    assert str(registry.rollback("robbie", "v1.2").version) == "v1.2"
    assert str(registry.get("robbie", "final").version) == "v1.2"


def test_rolling_back_to_a_candidate_is_refused(
    registry: Registry, add_version: AddVersion
) -> None:
    add_version("v1.0")
    add_version("v1.1")
    registry.release("robbie", "v1.0")
    with pytest.raises(BadInput, match=r"v1\.1 was never released; release it instead"):
        registry.rollback("robbie", "v1.1")


def test_what_is_attached_is_recorded_and_what_it_replaces_is_gone(
    registry: Registry, add_version: AddVersion, tmp_path: Path
) -> None:
    add_version("v1.0")
    report = tmp_path / "evaluated"
    report.mkdir()
    (report / "report.md").write_text("first")
    (report / "loss.png").write_bytes(b"png")
    registry.attach("robbie", "v1.0", report, "report")
    (report / "loss.png").unlink()
    (report / "report.md").write_text("second")
    attached = registry.attach("robbie", "v1.0", report, "report")
    (tmp_path / "x.gguf").write_bytes(b"GGUF")
    attached = registry.attach("robbie", "v1.0", tmp_path / "x.gguf", "adapter.gguf")
    assert sorted(attached.files)[2:] == ["adapter/adapter_model.safetensors", "report/report.md"]
    directory = registry.directory("robbie", "v1.0")
    names = sorted(p.name for p in directory.iterdir() if p.suffix != ".sig")
    assert names == ["adapter", "adapter.gguf", "manifest.json", "report"]
    assert (directory / "report" / "report.md").read_text() == "second"
    registry.verify("robbie", "v1.0")


def test_only_known_names_and_existing_sources_are_attached(
    registry: Registry, add_version: AddVersion, tmp_path: Path
) -> None:
    add_version("v1.0")
    with pytest.raises(BadInput, match=r"cannot attach 'manifest\.json'; attach one of: report"):
        registry.attach("robbie", "v1.0", tmp_path, "manifest.json")
    with pytest.raises(BadInput, match="does not exist; nothing to attach as Modelfile"):
        registry.attach("robbie", "v1.0", tmp_path / "nowhere", "Modelfile")


def test_a_flipped_bit_is_named_and_keeps_a_version_out_of_service(
    registry: Registry, add_version: AddVersion
) -> None:
    add_version("v1.0")
    weights = registry.directory("robbie", "v1.0") / "adapter" / "adapter_model.safetensors"
    damaged = bytearray(weights.read_bytes())
    damaged[100] ^= 1
    weights.write_bytes(damaged)
    with pytest.raises(MaverickError, match=r"adapter_model\.safetensors is corrupt: sha256"):
        registry.verify("robbie", "v1.0")
    with pytest.raises(MaverickError, match="is corrupt"):
        registry.release("robbie", "v1.0")
    weights.unlink()
    with pytest.raises(MaverickError, match=r"adapter_model\.safetensors is missing"):
        registry.verify("robbie", "v1.0")
    assert states(registry) == {"v1.0": "candidate"}


@pytest.mark.parametrize("content", ["", "{", '{"personality": "robbie"}', '{"version": "x"}'])
def test_a_corrupt_manifest_is_one_line(
    registry: Registry, add_version: AddVersion, content: str
) -> None:
    add_version("v1.0")
    path = registry.directory("robbie", "v1.0") / "manifest.json"
    path.write_text(content)
    with pytest.raises(MaverickError, match=r"manifest\.json is missing or corrupt; ") as caught:
        registry.get("robbie", "v1.0")
    assert "\n" not in str(caught.value)


def test_corrupt_manifests_hinder_no_rollback_and_those_of_others_no_service(
    registry: Registry, add_version: AddVersion
) -> None:
    for version in ("v1.0", "v1.1", "v1.2"):
        add_version(version)
        registry.release("robbie", version)
    add_version("v1.3")
    for version in ("v1.1", "v1.2", "v1.3"):
        (registry.directory("robbie", version) / "manifest.json").write_text("{")
    assert str(registry.rollback("robbie").version) == "v1.0"
    in_service = registry.in_service("robbie")
    assert in_service is not None
    assert str(in_service.version) == "v1.0"


def test_a_manifest_of_another_version_is_refused(
    registry: Registry, add_version: AddVersion
) -> None:
    add_version("v1.0")
    add_version("v1.1")
    other = (registry.directory("robbie", "v1.1") / "manifest.json").read_text()
    (registry.directory("robbie", "v1.0") / "manifest.json").write_text(other)
    with pytest.raises(MaverickError, match=r"v1\.0/manifest\.json describes robbie v1\.1"):
        registry.get("robbie", "v1.0")


def test_unfinished_stages_are_no_versions_and_the_next_change_removes_them(
    registry: Registry, add_version: AddVersion, tmp_path: Path
) -> None:
    add_version("v1.0")
    stage = tmp_path / "models" / "robbie" / ".v1.1.abc"
    stage.mkdir()
    (stage / "adapter_model.safetensors").write_bytes(b"half")
    assert list(states(registry)) == ["v1.0"]
    registry.release("robbie", "v1.0")
    assert not stage.exists()


def test_a_link_in_place_of_a_version_costs_no_file_of_the_folder_that_it_leads_to(
    registry: Registry, add_version: AddVersion, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / ".ssh").mkdir(parents=True)
    (elsewhere / ".profile").write_text("mine")
    (elsewhere / "manifest.abc.sig").write_text("mine, too")
    add_version("v1.0")
    (tmp_path / "models" / "robbie" / "v1.1").symlink_to(elsewhere)
    registry.release("robbie", "v1.0")
    names = {path.name for path in elsewhere.iterdir()}
    assert names == {".ssh", ".profile", "manifest.abc.sig"}


def test_a_final_that_points_nowhere_is_reported_and_repaired_by_a_release(
    registry: Registry, add_version: AddVersion, tmp_path: Path
) -> None:
    add_version("v1.0")
    (tmp_path / "models" / "robbie" / "final").symlink_to("v9.9")
    with pytest.raises(BadInput, match=r"robbie has no version v9\.9; it has: v1\.0"):
        registry.get("robbie", "final")
    registry.release("robbie", "v1.0")
    assert str(registry.get("robbie", "final").version) == "v1.0"


def _add_one(models: Path, manifest: Manifest, adapter: Path) -> str:
    try:
        Registry(models).add_candidate(manifest, adapter)
    except BadInput:
        return "taken"
    return "added"


def test_of_processes_that_add_the_same_version_one_wins(
    registry: Registry, make_manifest: MakeManifest, adapter_dir: Path, tmp_path: Path
) -> None:
    jobs = [(tmp_path / "models", make_manifest("v1.0"), adapter_dir)] * 4
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        results = pool.starmap(_add_one, jobs)
    assert sorted(results) == ["added", "taken", "taken", "taken"]
    registry.verify("robbie", "v1.0")


def test_a_clock_that_was_set_back_changes_no_order(
    registry: Registry, add_version: AddVersion
) -> None:
    for day, version in ((20, "v1.0"), (10, "v1.1"), (1, "v1.1.1")):
        add_version(version)
        released = registry.release("robbie", version)
        moment = datetime(2026, 11, day, tzinfo=UTC)
        registry._save(released.model_copy(update={"created_at": moment, "released_at": moment}))
    newest = registry.newest("robbie")
    assert newest is not None
    assert str(newest.version) == "v1.1.1"
    assert str(registry.rollback("robbie").version) == "v1.1"
    assert str(registry.rollback("robbie").version) == "v1.0"


def test_a_revoked_version_is_not_replaced_by_one_that_was_rolled_back_from(
    registry: Registry, add_version: AddVersion
) -> None:
    for version in ("v1.0", "v1.1"):
        add_version(version)
        registry.release("robbie", version)
    registry.rollback("robbie")
    assert registry.revoke("robbie", [Version(1, 0)], "it holds a secret") is None
    assert registry.in_service("robbie") is None


def test_a_copied_registry_is_the_same_whatever_its_dates_and_its_place(
    registry: Registry, add_version: AddVersion, tmp_path: Path
) -> None:
    for version in ("v1.0", "v1.1", "v1.0.1"):
        add_version(version)
    registry.release("robbie", "v1.1")
    copy = tmp_path / "elsewhere"
    shutil.copytree(tmp_path / "models", copy, symlinks=True)
    for path in copy.rglob("*"):
        if not path.is_symlink():
            os.utime(path, (1, 1))
    copied = Registry(copy)
    assert copied.list() == registry.list()
    assert copied.newest("robbie") == registry.newest("robbie")
    copied.verify("robbie", "final")
