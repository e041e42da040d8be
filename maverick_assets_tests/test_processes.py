import os
import subprocess
import sys

import psutil

from maverick_assets.processes import PARENT_PID
from maverick_assets_tests.processes import lives, wait_for

CHILD = (
    "import sys, time; from maverick_assets.processes import run_main; "
    "sys.exit(run_main(lambda _: (print('trains', flush=True), time.sleep(600))))"
)
WORKER = (
    "import subprocess, sys, time; from maverick_assets.defs.process import worker_environment; "
    "child = subprocess.Popen([sys.executable, '-c', sys.argv[1]], env=worker_environment(), "
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
    wait_for(lambda: not lives(child))


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
