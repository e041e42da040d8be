"""Two commands at once in one run home."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from maverick_assets.base_model import prepare
from maverick_assets.base_model.prepare import PreparedBase, ensure_base
from maverick_assets.crm.sample import sample_crm
from maverick_assets.settings import Settings
from maverick_assets_tests.command import Maverick, import_rows
from maverick_assets_tests.training.conftest import tiny_base

__all__ = ["tiny_base"]


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


def test_status_answers_while_a_run_is_under_way(base: PreparedBase, tmp_path: Path) -> None:
    maverick = Maverick(tmp_path / "home")
    maverick.home.mkdir()
    (maverick.home / "base").symlink_to(base.directory.parent)
    samples = [row for row in sample_crm()["personality_samples"] if row["personality"] == "robbie"]
    import_rows(maverick, {"personality_samples": samples[:40]}, tmp_path)
    run = subprocess.Popen(
        maverick.command("run", "ingest", "--personality", "robbie"),
        env=maverick.full_environment,
        cwd=maverick.project,
        text=True,
        stderr=subprocess.PIPE,
    )
    looks = []
    while run.poll() is None:
        looks.append(maverick("status"))
    assert run.returncode == 0, run.communicate()[1]
    assert looks
    assert [look.returncode for look in looks] == [0] * len(looks), looks[-1].stderr
    assert not (maverick.home / "postgres" / "postmaster.pid").exists()


def test_a_base_that_two_want_is_unpacked_once(
    tmp_path: Path, tiny_base: PreparedBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has its own descriptor of the lock, as two processes have."""
    unpacked = []

    def unpack(gguf: Path, target: Path) -> None:
        unpacked.append(target)
        for path in tiny_base.directory.iterdir():
            (target / path.name).write_bytes(path.read_bytes())

    monkeypatch.setattr(prepare, "_unpack", unpack)
    settings = Settings(home=tmp_path, base_model=None)
    with ThreadPoolExecutor(3) as pool:
        bases = list(pool.map(lambda _: ensure_base(settings), range(3)))
    assert len(unpacked) == 1
    assert bases == [bases[0]] * 3
