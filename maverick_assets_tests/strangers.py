"""Another account of this machine, which tries what it may not."""

import json
import os
import pwd
import subprocess
import sys
from typing import Any

import pytest

NAME = "maverick-stranger"  # `.ci/run` creates it

needs_another_account = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can become another account"
)

# The interpreter may lie where only root can read: it imports first, and becomes the stranger then.
_AS_STRANGER = """
import json, os, socket, stat, subprocess, sys
from pathlib import Path
import encodings.idna, psycopg, psycopg2
os.setgroups([])
os.setgid(int(sys.argv[1]))
os.setuid(int(sys.argv[1]))
arguments = json.loads(sys.argv[2])
def attempt(action):
    try:
        return {"done": str(action())[:200]}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
"""


def stranger_uid() -> int:
    """The stranger's id: of the account where it is there, else one that nobody has."""
    try:
        return pwd.getpwnam(NAME).pw_uid
    except KeyError:
        return 64_123


def as_stranger(code: str, arguments: Any = None) -> Any:
    """What `code`, run as the stranger, prints last, in JSON; it finds its `arguments`."""
    done = subprocess.run(
        [sys.executable, "-c", _AS_STRANGER + code, str(stranger_uid()), json.dumps(arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
