"""What `maverick ui` starts ends with it, however it ends."""

import os
import subprocess
import sys

import psutil

from maverick_assets.ui import end_with_parent
from maverick_assets_tests.processes import wait_for

PROGRAM = [sys.executable, "-I", "-S", end_with_parent.__file__]
# Starts the program as its child, says its number, and waits.
PARENT = """
import os, subprocess, sys
child = subprocess.Popen([*sys.argv[1:], str(os.getpid()), "sleep", "600"], start_new_session=True)
print(child.pid, flush=True)
child.wait()
"""


def test_a_command_is_killed_when_its_parent_is() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, *PROGRAM], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        wait_for(lambda: child.cmdline()[:1] == ["sleep"])
        parent.kill()
    wait_for(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_a_command_whose_parent_has_ended_already_does_not_start() -> None:
    other = str(os.getppid())  # not the one that starts it
    done = subprocess.run([*PROGRAM, other, "echo", "started"], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")


def test_a_command_gets_its_arguments_and_its_standard_input() -> None:
    own = str(os.getpid())
    done = subprocess.run([*PROGRAM, own, "cat", "-"], input=b"x", capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"x")
