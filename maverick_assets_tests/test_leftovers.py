"""The check at the end of a test session finds what it is there for."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from maverick_assets.crm.embedded.cluster import Cluster
from maverick_assets.private.folders import short_path
from maverick_assets_tests import leftovers
from maverick_assets_tests.command import PROJECT
from maverick_assets_tests.leftovers import MARKER, SessionTraces


@pytest.fixture
def traces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SessionTraces]:
    """A session inside this one."""
    for name in (MARKER, "TMPDIR"):
        monkeypatch.setenv(name, os.environ[name])
    monkeypatch.setattr(leftovers, "_ENDING_SECONDS", 0.5)
    yield SessionTraces.begin(tmp_path)
    monkeypatch.undo()
    tempfile.tempdir = None


def test_a_session_that_cleaned_up_leaves_nothing(traces: SessionTraces) -> None:
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    with tempfile.TemporaryDirectory():
        pass
    assert traces.leftovers() == []


def test_processes_and_files_of_this_session_alone_are_named(traces: SessionTraces) -> None:
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    with (
        subprocess.Popen(sleep) as own,
        subprocess.Popen(sleep, env=os.environ | {MARKER: "another"}) as other,
    ):
        try:
            folder = tempfile.mkdtemp()
            assert [line.split(":")[0] for line in traces.leftovers()] == [
                f"process {own.pid}",
                f"temporary file {folder}",
            ]
            traces.clear()
            own.wait(60)
            assert not Path(folder).exists()
            assert other.poll() is None
        finally:
            own.kill()
            other.kill()


def test_a_server_and_the_way_to_its_socket_are_named(traces: SessionTraces) -> None:
    cluster = Cluster(traces.base / "a folder" / "postgres")
    cluster.pgdata.parent.mkdir()
    cluster.create("password")
    server = cluster.start()
    way = short_path(cluster.socket_folder)
    lines = traces.leftovers()
    assert any(line.startswith(f"process {server.pid}:") for line in lines)
    assert f"socket folder {way.parent}" in lines
    cluster.stop()
    assert traces.leftovers() == []


LEAVING = "import tempfile\n\ndef test_leaves():\n    tempfile.mkdtemp(prefix='left-')\n"


@pytest.mark.parametrize("workers", [0, 1])
def test_what_tests_leave_fails_their_session_and_is_named_last(
    tmp_path: Path, workers: int
) -> None:
    (tmp_path / "test_leaving.py").write_text(LEAVING)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "maverick_assets_tests.conftest"]
    command.append(f"-n{workers}")
    places = ["-c", os.devnull, f"--rootdir={tmp_path}", f"--basetemp={tmp_path / 'base'}"]
    done = subprocess.run(
        [*command, *places, str(tmp_path / "test_leaving.py")],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    *_, passed, headline, left = done.stdout.splitlines()
    assert passed.startswith("1 passed")
    assert headline == "the tests left behind:"
    assert "/left-" in left
    assert not list((tmp_path / "base").glob("**/left-*"))
