"""`maverick ui` outlives what befalls it: its server, its sockets, its processes."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from maverick_assets.crm.embedded.cluster import Cluster, RunningServer
from maverick_assets_tests.command import Maverick
from maverick_assets_tests.end_to_end.dagster_ui import DagsterUI, ask, start_ui
from maverick_assets_tests.processes import eventually, is_alive, processes_with, wait_for

RUNS = "{ runsOrError { __typename } }"
LOCATION = """{ workspaceOrError { ... on Workspace {
  locationEntries { locationOrLoadError { __typename } } } } }"""
PATIENCE = 90  # seconds


@pytest.fixture(scope="module")
def maverick(tmp_path_factory: pytest.TempPathFactory) -> Maverick:
    folder = tmp_path_factory.mktemp("ui")
    (folder / "tmp").mkdir()
    # Processes that are killed leave files in the temporary folder.
    return Maverick(folder / "home", {"TMPDIR": str(folder / "tmp")})


@pytest.fixture(scope="module")
def ui(maverick: Maverick) -> Iterator[DagsterUI]:
    """One `maverick ui`, which must be the same process after every test."""
    ui = start_ui(maverick)
    yield ui
    if ui.process.poll() is None:
        ui.process.send_signal(signal.SIGINT)
        ui.process.wait(60)


def server(maverick: Maverick) -> RunningServer:
    running = Cluster(maverick.home / "postgres").running()
    assert running
    return running


def database_answers(ui: DagsterUI) -> None:
    assert ask(ui, RUNS)["runsOrError"]["__typename"] == "Runs"


def code_is_loaded(ui: DagsterUI) -> bool:
    [entry] = ask(ui, LOCATION)["workspaceOrError"]["locationEntries"]
    return bool(entry["locationOrLoadError"]["__typename"] == "RepositoryLocation")


def part(ui: DagsterUI, *words: str) -> psutil.Process:
    tree = psutil.Process(ui.process.pid).children(recursive=True)
    [match] = [process for process in processes_with(*words) if process in tree]
    return match


def test_a_killed_server_is_started_again_and_no_connection_to_it_is_kept(
    maverick: Maverick, ui: DagsterUI
) -> None:
    eventually(lambda: database_answers(ui), PATIENCE)
    webserver = part(ui, "maverick_assets.ui.webserver")
    os.kill(server(maverick).pid, signal.SIGKILL)
    wait_for(lambda: not is_alive(webserver), PATIENCE)  # it has open connections, all dead
    eventually(lambda: database_answers(ui), PATIENCE)
    for _ in range(5):
        database_answers(ui)
    assert ui.process.poll() is None


def test_sockets_that_somebody_cleaned_away_come_back(maverick: Maverick, ui: DagsterUI) -> None:
    eventually(lambda: database_answers(ui), PATIENCE)
    shutil.rmtree(server(maverick).socket_folder)
    wait_for(lambda: socket_is_there(maverick), PATIENCE)
    eventually(lambda: database_answers(ui), PATIENCE)
    shutil.rmtree(ui_folder(maverick))
    eventually(lambda: wait_for(lambda: code_is_loaded(ui), 5), PATIENCE)
    wait_for(lambda: (ui_folder(maverick) / "code-server").exists(), PATIENCE)
    assert ui.process.poll() is None


def socket_is_there(maverick: Maverick) -> bool:
    running = Cluster(maverick.home / "postgres").running()
    return running is not None and running.ready and running.reachable


def ui_folder(maverick: Maverick) -> Path:
    """The folder that daemon and webserver are led to."""
    [daemon] = processes_with("dagster._daemon", str(maverick.home))
    words = daemon.cmdline()
    return Path(words[words.index("--workspace") + 1]).parent


PARTS = (
    ("dagster", "api", "grpc", "--socket"),
    ("dagster._daemon", "run"),
    ("maverick_assets.ui.webserver",),
)


def test_all_its_processes_come_back_when_all_are_killed_and_the_server_was_stopped(
    maverick: Maverick, ui: DagsterUI
) -> None:
    killed = [part(ui, *words) for words in PARTS]
    os.kill(server(maverick).pid, signal.SIGINT)  # as an administrator stops it
    (maverick.home / "postgres" / "log").unlink()
    for process in killed:
        process.kill()
    wait_for(lambda: not any(is_alive(process) for process in killed))
    for words in PARTS:
        eventually(lambda words=words: part(ui, *words), PATIENCE)
    eventually(lambda: wait_for(lambda: code_is_loaded(ui), 5), PATIENCE)
    eventually(lambda: database_answers(ui), PATIENCE)
    assert ui.process.poll() is None


def test_a_stopped_ui_leaves_no_process_and_no_socket(maverick: Maverick, ui: DagsterUI) -> None:
    processes = psutil.Process(ui.process.pid).children(recursive=True)
    folders = [ui_folder(maverick), server(maverick).socket_folder]
    ui.process.send_signal(signal.SIGTERM)
    assert ui.process.wait(60) == 0
    assert not [process for process in processes if is_alive(process)]
    assert not folders[0].exists()
    assert not any(folders[1].iterdir())
    assert not (maverick.home / "postgres" / "postmaster.pid").exists()
