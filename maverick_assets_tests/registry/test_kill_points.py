"""A registry whose process is killed at any moment: the old state or the new, never between."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from maverick_assets.registry.store import Registry
from maverick_assets_tests.registry.conftest import AddVersion, MakeManifest

KILLED = 9
CHANGES = ("os.rename", "os.symlink", "os.mkdir", "os.remove", "os.rmdir", "os.chmod")


def run_and_die_before_change(n: int, action: Callable[[], object]) -> int:
    """Run `action` in a child that dies before its n-th change of the file system.

    Returns `KILLED`, or 0 when the action ended before.
    """
    child = os.fork()
    if child == 0:
        count = 0

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal count
            writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_CREAT
            if event in CHANGES or writes:
                count += 1
                if count == n:
                    os._exit(KILLED)

        sys.addaudithook(hook)
        try:
            action()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def save_state(models: Path) -> None:
    """Copy a registry, and the keys of its run home, for `restore_state`."""
    for folder in (models, models.with_name("keys")):
        if folder.exists():
            shutil.copytree(folder, folder.with_name(f"saved-{folder.name}"), symlinks=True)


def restore_state(models: Path) -> None:
    """What `save_state` copied, in place of what is there."""
    for folder in (models, models.with_name("keys")):
        shutil.rmtree(folder, ignore_errors=True)
        saved = folder.with_name(f"saved-{folder.name}")
        if saved.exists():
            shutil.copytree(saved, folder, symlinks=True)


def kill_everywhere(models: Path, action: Callable[[], object], check: Callable[[], None]) -> int:
    """From the same state, kill `action` before each of its changes in turn.

    `check` runs after each kill; then the action, repeated, must succeed. Returns the kills.
    """
    save_state(models)
    n = 1
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", lambda _: None)  # a kill, unlike a power cut, loses no write
        while (code := run_and_die_before_change(n, action)) == KILLED:
            check()
            action()
            check()
            restore_state(models)
            n += 1
    assert code == 0
    return n - 1


@pytest.fixture
def in_service(registry: Registry, add_version: AddVersion) -> Registry:
    for version in ("v1.0", "v1.1"):
        add_version(version)
    registry.release("robbie", "v1.0")
    return registry


def verify_all(registry: Registry) -> dict[str, str]:
    for manifest in registry.list("robbie"):
        registry.verify("robbie", manifest.version)
    return {str(m.version): m.state for m in registry.list("robbie")}


def test_adding_a_version_can_be_killed_at_any_change(
    in_service: Registry, make_manifest: MakeManifest, adapter_dir: Path, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    before = {"v1.0": "released", "v1.1": "candidate"}
    after = before | {"v1.2": "candidate"}

    def add_once() -> None:
        if in_service.find("robbie", "new") is None:
            in_service.add_candidate(make_manifest("v1.2", fingerprint="new"), adapter_dir)

    kills = kill_everywhere(
        models, add_once, lambda: _assert_in(verify_all(in_service), before, after)
    )
    assert kills > 5
    assert verify_all(in_service) == after
    assert [p.name for p in (models / "robbie").glob(".*")] == [".lock"]


def test_releasing_a_version_can_be_killed_at_any_change(
    in_service: Registry, tmp_path: Path
) -> None:
    old = {"v1.0": "released", "v1.1": "candidate"}
    new = {"v1.0": "archived", "v1.1": "released"}

    def check() -> None:
        _assert_in(verify_all(in_service), old, new)

    def release() -> None:
        in_service.release("robbie", "v1.1")
        assert in_service.get("robbie", "v1.1").released_at is not None

    assert kill_everywhere(tmp_path / "models", release, check) > 3
    in_service.rollback("robbie")
    assert verify_all(in_service) == {"v1.0": "released", "v1.1": "archived"}


def test_a_release_cut_short_can_be_rolled_back(in_service: Registry, tmp_path: Path) -> None:
    final = tmp_path / "models" / "robbie" / "final"
    n = 1
    while str(final.readlink()) == "v1.0":
        run_and_die_before_change(n, lambda: in_service.release("robbie", "v1.1"))
        n += 1
    assert in_service.get("robbie", "final").released_at is None
    in_service.rollback("robbie")
    assert verify_all(in_service) == {"v1.0": "released", "v1.1": "archived"}


def test_attaching_a_report_can_be_killed_at_any_change(
    in_service: Registry, tmp_path: Path
) -> None:
    report = tmp_path / "evaluated"
    report.mkdir()
    (report / "report.md").write_text("first")
    in_service.attach("robbie", "v1.1", report, "report")
    (report / "report.md").write_text("second")
    (report / "metrics.json").write_text("{}")
    kills = kill_everywhere(
        tmp_path / "models",
        lambda: in_service.attach("robbie", "v1.1", report, "report"),
        lambda: _assert_in(verify_all(in_service), {"v1.0": "released", "v1.1": "candidate"}),
    )
    assert kills > 5
    attached = in_service.get("robbie", "v1.1").files
    assert {"report/report.md", "report/metrics.json"} <= attached.keys()
    text = (in_service.directory("robbie", "v1.1") / "report" / "report.md").read_text()
    assert text == "second"


def _assert_in(found: dict[str, str], *allowed: dict[str, str]) -> None:
    assert found in allowed
