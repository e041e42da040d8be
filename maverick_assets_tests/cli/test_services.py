"""What child processes find in their environment while a command's services run."""

import os
from pathlib import Path

import pytest

from maverick_assets.cli.services import running_services
from maverick_assets.settings import load_settings


def test_paths_reach_child_processes_in_absolute_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models" / "tiny").mkdir(parents=True)
    relative = {
        "MAVERICK_BASE_MODEL": "models/tiny",
        "MAVERICK_HOME": "home",
        "MAVERICK_FLEET": "hosts.yaml",
        "MAVERICK_PERSONALITIES": "packaged,own",
        "MAVERICK_SOURCES": "sources.yaml",
    }
    kept = {
        "MAVERICK_CRM_URL": "postgresql://crm.example/crm",
        "MAVERICK_DAGSTER_URL": "postgresql://crm.example/dagster",
        "MAVERICK_ARTIFACTS": "",
        "DAGSTER_HOME": str(tmp_path),
    }
    for name, value in (relative | kept).items():  # so that they are as before after the test
        monkeypatch.setenv(name, value)
    (tmp_path / "sources.yaml").write_text("sources: []\n")
    with running_services(load_settings()):
        assert {name: os.environ[name] for name in relative} == {
            "MAVERICK_BASE_MODEL": f"{tmp_path}/models/tiny",  # not the hub's models/tiny
            "MAVERICK_HOME": f"{tmp_path}/home",
            "MAVERICK_FLEET": f"{tmp_path}/hosts.yaml",
            "MAVERICK_PERSONALITIES": f"packaged,{tmp_path}/own",
            "MAVERICK_SOURCES": f"{tmp_path}/sources.yaml",
        }
        assert load_settings().personality_folders[1] == tmp_path / "own"
