"""Private folders: nobody else's. Short paths: the same in every process, and theirs alone too."""

import os
from pathlib import Path

import pytest

from maverick_assets.errors import MaverickError
from maverick_assets.private.folders import private_folder, remove_short_path, short_path


def test_a_private_folder_is_made_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o777)
    try:
        folder = private_folder(tmp_path / "folder")
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert private_folder(folder) == folder


def test_a_folder_that_others_may_enter_or_lead_elsewhere_is_refused(tmp_path: Path) -> None:
    folder = private_folder(tmp_path / "folder")
    folder.chmod(0o750)
    with pytest.raises(MaverickError, match=r"folder is open to other accounts; run: chmod 700"):
        private_folder(folder)
    folder.rmdir()
    folder.symlink_to(private_folder(tmp_path / "elsewhere"))
    with pytest.raises(MaverickError, match="folder is no folder"):
        private_folder(folder)


def test_a_short_plain_path_is_its_own(tmp_path: Path) -> None:
    assert short_path(tmp_path) == tmp_path


@pytest.mark.parametrize("name", ["My Projects", "Größe", "long/" * 30, "a,b:c"])
def test_any_other_path_has_a_short_one_that_leads_there(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name / "socket"
    folder.mkdir(parents=True)
    link = short_path(folder)
    assert len(str(link)) <= 90
    assert link.resolve() == folder.resolve()
    assert short_path(folder) == link
    remove_short_path(folder)
    assert not link.parent.exists()


def test_a_link_that_leads_elsewhere_is_put_right(tmp_path: Path) -> None:
    folder = tmp_path / "a b"
    folder.mkdir()
    link = short_path(folder)
    link.unlink()
    link.symlink_to("/nowhere")
    assert short_path(folder).resolve() == folder
    remove_short_path(folder)
