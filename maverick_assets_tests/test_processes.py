"""A heavy child never outlives the process that started it, and its failure is one line."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from maverick_assets import processes
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.processes import PARENT_PID, child_environment, run_module, thread_limit
from maverick_assets_tests.command import PROJECT
from maverick_assets_tests.processes import is_alive, wait_for
from maverick_assets_tests.recording_log import RecordingLog

CHILD = (
    "import sys, time; from maverick_assets.processes import run_main; "
    "sys.exit(run_main(lambda _: (print('trains', flush=True), time.sleep(600))))"
)
WORKER = (
    "import subprocess, sys, time; from maverick_assets.processes import child_environment; "
    "child = subprocess.Popen([sys.executable, '-c', sys.argv[1]], env=child_environment(), "
    "stdout=subprocess.PIPE, start_new_session=True); "
    "child.stdout.readline(); print(child.pid, flush=True); time.sleep(600)"
)


def test_a_training_process_dies_with_its_killed_worker() -> None:
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, CHILD], stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    child = psutil.Process(int(worker.stdout.readline()))
    worker.kill()
    worker.communicate()
    wait_for(lambda: not is_alive(child))


def test_a_training_process_whose_worker_died_before_it_started_ends_at_once() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        env=os.environ | {PARENT_PID: "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "error: process 1, which started this one, has ended\n"


def test_the_last_line_of_a_failed_child_is_the_error_of_its_parent() -> None:
    log = RecordingLog()
    with pytest.raises(BadInput, match=r"^usage: .* \(no arguments\)$"):
        run_module("maverick_assets.base_model.prepare", "too", "many", log=log)
    assert [line.startswith("error: usage: ") for line in log.of_level("info")] == [True]


@pytest.mark.parametrize(("asked", "threads"), [("1", 1), ("3,2", 3)])
def test_a_thread_limit_of_the_user_holds_in_children(
    monkeypatch: pytest.MonkeyPatch, asked: str, threads: int
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert thread_limit() == threads
    assert child_environment()["OMP_NUM_THREADS"] == str(threads)


def test_a_containers_share_of_time_limits_the_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert thread_limit() <= len(os.sched_getaffinity(0))
    (tmp_path / "cpu.max").write_text("150000 100000\n", encoding="ascii")
    assert processes._granted_cores(tmp_path)[-1] == 2
    (tmp_path / "cpu.max").write_text("max 100000\n", encoding="ascii")
    assert processes._granted_cores(tmp_path) == [sys.maxsize]
    monkeypatch.setattr(processes, "_granted_cores", lambda: [1])
    assert thread_limit() == 1


def test_what_a_child_did_not_foresee_reaches_the_log_without_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "failing_child.py"
    module.write_text(
        "import sys\n"
        "from maverick_assets.processes import run_main\n"
        "sys.exit(run_main(lambda arguments: int('Dear Dana')))\n"
    )
    spec = tmp_path / "run" / "spec.json"
    spec.parent.mkdir()
    spec.touch()
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{PROJECT}")
    log = RecordingLog()
    with pytest.raises(MaverickError, match=r"ValueError in failing_child\.py:3; what it says"):
        run_module("failing_child", str(spec), log=log)
    assert "Dear Dana" not in str(log.lines)
    [words] = spec.parent.glob("error-*.txt")
    assert "Dear Dana" in words.read_text()
