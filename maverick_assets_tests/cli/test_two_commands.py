"""Two commands at once in a run home that is new to both."""

import os
import subprocess
import sys
from pathlib import Path


def test_two_first_commands_both_work(tmp_path: Path) -> None:
    environment = os.environ | {"MAVERICK_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "maverick_assets.cli", "status"]
    commands = [
        subprocess.Popen(
            command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        for _ in range(2)
    ]
    outputs = [command.communicate()[0] for command in commands]
    assert [command.returncode for command in commands] == [0, 0], outputs
