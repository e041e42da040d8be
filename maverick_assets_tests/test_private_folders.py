"""Private folders: the same in every process, and nobody else's."""

from pathlib import Path

import pytest

from maverick_assets import private_folders
from maverick_assets.private_folders import private_folder


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(private_folders, "_parents", lambda: [tmp_path])
    monkeypatch.setattr(private_folders, "_PLAIN_PATH", private_folders.re.compile(".*"))
    return tmp_path


def test_an_identity_has_one_folder_that_only_its_user_enters() -> None:
    folder = private_folder("a")
    assert folder == private_folder("a") != private_folder("b")
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_enter_or_lead_elsewhere_is_not_taken(tmp_path: Path) -> None:
    first = private_folder("a")
    first.chmod(0o755)
    second = private_folder("a")
    second.rmdir()
    second.symlink_to(tmp_path / "trap")
    assert len({first, second, private_folder("a")}) == 3
