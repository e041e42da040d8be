"""Versions that learned from forgotten rows are found by content, and revoked with children."""

import shutil
from pathlib import Path

import pytest

from maverick_assets.errors import BadInput
from maverick_assets.pipeline.forget.history import purge_history
from maverick_assets.pipeline.forget.trace import revoke, trace
from maverick_assets.registry.store import Registry
from maverick_assets.registry.versions import Version
from maverick_assets_tests.pipeline.forget.versions import (
    DATA,
    nightly_versions,
    states,
    write_datasets,
)
from maverick_assets_tests.registry.conftest import MakeManifest


def test_versions_that_learned_from_a_row_are_revoked_and_their_children(
    trained: Registry, tmp_path: Path
) -> None:
    write_datasets(tmp_path, *DATA)
    traced = trace(tmp_path, trained, {"crm_emails": ["b"]})
    assert traced.datasets == {"robbie": [1]}
    assert [str(m.version) for m in traced.versions["robbie"]] == ["v1.1", "v1.1.1"]
    serving = revoke(trained, traced, "forgotten")["robbie"]
    assert serving is not None
    assert str(serving.version) == "v1.0"
    assert states(trained) == {"v1.0": "released", "v1.1": "revoked", "v1.1.1": "revoked"}
    assert revoke(trained, traced, "forgotten")["robbie"] == serving
    fingerprint = trained.get("robbie", "v1.1").fingerprint
    assert trained.find("robbie", fingerprint) is None
    for use in (trained.release, trained.rollback):
        with pytest.raises(BadInput, match=r"v1\.1 was revoked: forgotten"):
            use("robbie", "v1.1")


def test_where_every_version_is_revoked_none_is_in_service(
    trained: Registry, tmp_path: Path
) -> None:
    write_datasets(tmp_path, *DATA)
    traced = trace(tmp_path, trained, {"crm_emails": ["a"]})
    assert traced.datasets == {"robbie": [0, 1, 2]}
    assert revoke(trained, traced, "forgotten") == {"robbie": None}
    assert set(states(trained).values()) == {"revoked"}
    with pytest.raises(BadInput, match="no version of robbie is released"):
        trained.get("robbie", "final")


def test_versions_that_used_no_forgotten_row_are_left_alone(
    trained: Registry, tmp_path: Path
) -> None:
    write_datasets(tmp_path, *DATA)
    traced = trace(tmp_path, trained, {"crm_deals": ["a"], "crm_emails": ["z"]})
    assert (traced.datasets, traced.versions) == ({}, {})
    assert revoke(trained, traced, "forgotten") == {}
    assert states(trained)["v1.1.1"] == "released"


def test_a_crash_between_marking_and_moving_final_is_completed_by_the_next_change(
    trained: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Registry, "_point_final", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            trained.revoke("robbie", [trained.get("robbie", "final").version], "forgotten")
    trained.revoke("robbie", [], "forgotten")
    assert str(trained.get("robbie", "final").version) == "v1.1"


def test_versions_in_a_rebuilt_lake_are_identified_by_content_and_not_by_number(
    trained: Registry, tmp_path: Path
) -> None:
    write_datasets(tmp_path, DATA[2], DATA[0], ["z"], DATA[1])
    traced = trace(tmp_path, trained, {"crm_emails": ["z"]})
    assert (traced.datasets, traced.versions, traced.untraceable) == ({"robbie": [2]}, {}, {})
    traced = trace(tmp_path, trained, {"crm_emails": ["b"]})
    assert [str(m.version) for m in traced.versions["robbie"]] == ["v1.1", "v1.1.1"]
    assert traced.untraceable == {}


def test_a_version_is_revoked_when_what_it_was_trained_on_is_unknown(
    trained: Registry, tmp_path: Path
) -> None:
    write_datasets(tmp_path, DATA[0], ["z"])
    traced = trace(tmp_path, trained, {"crm_emails": ["nothing"]})
    assert [str(m.version) for m in traced.untraceable["robbie"]] == ["v1.1", "v1.1.1"]
    assert revoke(trained, traced, "forgotten")["robbie"] == trained.get("robbie", "v1.0")
    assert trace(tmp_path, trained, {"crm_emails": ["nothing"]}).versions == {}


def test_a_major_version_learned_what_the_version_did_that_it_was_made_from(
    trained: Registry, adapter_dir: Path, tmp_path: Path
) -> None:
    """A major version has the adapter and the fingerprint of one trained before."""
    write_datasets(tmp_path, *DATA)
    older = trained.get("robbie", "v1.1.1")
    update = {"version": Version(2, 0), "kind": "major", "parent": older.version}
    trained.add_candidate(older.model_copy(update=update), adapter_dir)
    assert trace(tmp_path, trained, {"crm_emails": ["z"]}).versions == {}
    learned = trace(tmp_path, trained, {"crm_emails": ["c"]}).versions["robbie"]
    assert {str(m.version) for m in learned} == {"v1.1.1", "v2.0"}


@pytest.mark.parametrize(
    ("row", "touched"), [("a", ["v1.0", "v1.0.2"]), ("b", ["v1.0.2"]), ("c", ["v1.0.2"]), ("z", [])]
)
def test_what_a_version_learned_through_a_deleted_one_counts(
    registry: Registry,
    make_manifest: MakeManifest,
    adapter_dir: Path,
    tmp_path: Path,
    row: str,
    touched: list[str],
) -> None:
    nightly_versions(registry, make_manifest, adapter_dir)
    shutil.rmtree(registry.directory("robbie", "v1.0.1"))
    write_datasets(tmp_path, *DATA)
    found = trace(tmp_path, registry, {"crm_emails": [row]})
    assert [str(m.version) for m in found.versions.get("robbie", ())] == touched
    assert found.untraceable == {}


def test_a_deleted_version_can_be_traced_after_something_else_was_forgotten(
    registry: Registry, make_manifest: MakeManifest, adapter_dir: Path, tmp_path: Path
) -> None:
    nightly_versions(registry, make_manifest, adapter_dir)
    shutil.rmtree(registry.directory("robbie", "v1.0.1"))
    write_datasets(tmp_path, *DATA, ["a", "d"], ["a"])
    rows = {"crm_emails": ["d"]}
    for _ in range(2):
        assert trace(tmp_path, registry, rows).versions == {}
        purge_history(tmp_path, registry, rows)
