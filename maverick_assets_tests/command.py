"""`maverick` as a user runs it: a process, an environment, a run home."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Maverick:
    """The command with a run home of its own."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    project: Path = PROJECT

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            cwd=self.project,
            env=self.full_environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def ok(self, *arguments: str) -> str:
        """Run a command that must succeed; returns its stdout."""
        done = self(*arguments)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "maverick_assets.cli", *arguments]

    @property
    def full_environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "MAVERICK_HOME": str(self.home),
            "PYTHONPATH": str(self.project),
            **self.environment,
        }


def import_rows(maverick: Maverick, rows: dict[str, list[dict[str, Any]]], folder: Path) -> None:
    """Import rows, by table; their files are written to `folder`."""
    flags = []
    for table, content in rows.items():
        path = folder / f"{table}.jsonl"
        path.write_text("".join(json.dumps(row, default=str) + "\n" for row in content))
        flags += ["--jsonl", f"{table}={path}"]
    maverick.ok("crm", "import", *flags)
