"""The run home is one account's alone, and each way into the program keeps it so."""

import ast
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import maverick_assets
from maverick_assets.errors import BadInput
from maverick_assets.private.run_home import open_run_home
from maverick_assets_tests.command import PROJECT, Maverick
from maverick_assets_tests.processes import eventually
from maverick_assets_tests.strangers import needs_another_account, stranger_uid

PACKAGE = Path(maverick_assets.__file__).parent


def test_a_new_run_home_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert open_run_home(tmp_path / "new" / "home") is None
    finally:
        os.umask(before)
    assert not [path for path in (tmp_path / "new").rglob("*") if path.stat().st_mode & 0o077]


def test_an_open_one_is_closed_once_and_links_are_not_followed(tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    (home / "lake" / "turns").mkdir(parents=True)
    for path in (elsewhere, home / "lake" / "rows", home / "lake" / "turns" / "tool"):
        path.write_text("")
        path.chmod(0o755)
    (home / "link").symlink_to(elsewhere)
    home.chmod(0o755)
    line = open_run_home(home)
    assert line == f"{home} was open to other accounts: 4 files and folders in it are private now"
    assert stat.S_IMODE((home / "lake" / "turns" / "tool").stat().st_mode) == 0o700
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o755
    assert open_run_home(home) is None
    # Closed by its owner, it is looked through only where no release did it before.
    (home / "lake" / "rows").chmod(0o644)
    assert open_run_home(home) is None
    home.chmod(0o711)
    assert "1 files" in str(open_run_home(home))


def test_a_run_home_behind_a_link_is_closed_too(tmp_path: Path) -> None:
    (tmp_path / "disk" / "lake").mkdir(parents=True)
    (tmp_path / "disk").chmod(0o755)
    (tmp_path / "disk" / "lake").chmod(0o755)
    (tmp_path / "home").symlink_to("disk")
    assert "1 files and folders" in str(open_run_home(tmp_path / "home"))
    assert not [path for path in (tmp_path / "disk").rglob("*") if path.stat().st_mode & 0o077]


BUSY = """
import os, sys
os.chdir(sys.argv[1])
while True:
    for number in range(40): os.close(os.open(str(number), os.O_CREAT, 0o644))
    for number in range(40): os.unlink(str(number))
"""


def test_files_that_come_and_go_meanwhile_are_no_failure(tmp_path: Path) -> None:
    """Those of a server or of a run, say."""
    (tmp_path / "lake").mkdir()
    command = [sys.executable, "-c", BUSY, str(tmp_path / "lake")]
    with subprocess.Popen(command, umask=0o022) as busy:
        try:
            eventually(lambda: next((tmp_path / "lake").iterdir()))
            for _ in range(1000):
                tmp_path.chmod(0o755)
                open_run_home(tmp_path)
        finally:
            busy.kill()


def test_a_folder_of_something_else_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    page = tmp_path / "site" / "index.html"
    page.write_text("")
    for path in (tmp_path, page.parent, page):
        path.chmod(0o755)
    with pytest.raises(BadInput, match=f"{tmp_path} is not a run home and not empty; name"):
        open_run_home(tmp_path)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path, page.parent, page)} == {0o755}
    assert list(tmp_path.iterdir()) == [page.parent]
    done = Maverick(tmp_path)("status")
    assert done.returncode == 2
    assert "is not a run home and not empty" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == [page.parent]


@pytest.mark.parametrize(
    "name", ["postgres/PG_VERSION", "lake", "models", "keys", "base", ".private", "lost+found"]
)
def test_what_maverick_or_a_new_disk_leaves_in_one_is_no_reason(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.touch() if path.name in ("PG_VERSION", ".private") else path.mkdir()
    tmp_path.chmod(0o755)
    open_run_home(tmp_path)
    assert not [path for path in (tmp_path, *tmp_path.rglob("*")) if path.stat().st_mode & 0o077]


@needs_another_account
def test_another_accounts_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, stranger_uid(), -1)
    with pytest.raises(BadInput, match=r"belongs to .*; run Maverick as its owner"):
        open_run_home(tmp_path)


def test_each_module_that_is_started_as_a_process_keeps_its_files_private() -> None:
    """Both ends of that are tested: `run_main` and the command set the umask, and all call them."""
    entries = {}
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if '__name__ == "__main__"' in text:
            calls = {
                node.func.id
                for node in ast.walk(ast.parse(text))
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            }
            entries[str(path.relative_to(PACKAGE))] = bool(
                calls & {"run_main", "keep_files_private"}
            )
    assert entries.pop("cli/__main__.py") is False
    # These write no file, and become a command under the umask of the process that started them.
    for program in ("crm/embedded/enter_namespace.py", "ui/end_with_parent.py"):
        assert entries.pop(program) is False
    assert len(entries) >= 8
    assert all(entries.values()), entries


UMASK = "; print(oct(os.umask(0)))"


@pytest.mark.parametrize(
    "entry",
    [
        "from maverick_assets.processes import run_main; run_main(lambda _: None)",
        "import maverick_assets.definitions",
        "from maverick_assets.cli.app import main; sys.argv[1:] = ['--help']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "0",
    ],
    ids=["heavy children and ranks", "Dagster's code server", "commands"],
)
def test_an_entry_keeps_what_it_creates_private(entry: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import os, sys; {entry}{UMASK}"],
        umask=0o022,
        cwd=PROJECT,
        env=os.environ | {"MAVERICK_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-1:] == ["0o77"], done.stderr
