"""The engine as a person runs it, without Dagster."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file

from maverick_assets.base_model.prepare import PreparedBase

TRAIN = [("train", f"question {number}", f"answer {number}, gladly") for number in range(8)]


@pytest.fixture
def config(tiny_base: PreparedBase, tmp_path: Path, write_examples: Any) -> dict[str, Any]:
    write_examples(tmp_path / "dataset", TRAIN)
    return two_adapters(tiny_base)


def two_adapters(base: PreparedBase) -> dict[str, Any]:
    """A run file of two adapters, which lies beside their dataset."""
    adapters = [
        {"personality": name, "dataset": "dataset", "out": f"out/{name}"}
        for name in ("robbie", "gatekeeper")
    ]
    return {"base": str(base.directory), "adapters": adapters}


def write(folder: Path, config: Any, name: str = "run.yaml") -> Path:
    path = folder / name
    path.write_text(yaml.safe_dump(config))
    return path


def engine(config: Path) -> list[str]:
    return [sys.executable, "-m", "maverick_assets.training", "--config", str(config)]


@dataclass(frozen=True)
class FinishedRun:
    folder: Path  # of the run file
    stdout: str
    stderr: str


@pytest.fixture(scope="module")
def finished_run(
    tiny_base: PreparedBase, tmp_path_factory: pytest.TempPathFactory, write_examples: Any
) -> FinishedRun:
    """A run whose output went into a log."""
    folder = tmp_path_factory.mktemp("run")
    write_examples(folder / "dataset", TRAIN)
    command = engine(write(folder, two_adapters(tiny_base)))
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return FinishedRun(folder, done.stdout, done.stderr)


def test_a_file_is_enough_to_train(finished_run: FinishedRun) -> None:
    assert finished_run.stderr == ""
    lines = finished_run.stdout.splitlines()
    results = [json.loads(line) for line in lines if line.startswith("{")]
    assert [result["status"] for result in results] == ["trained", "trained"]
    adapter = finished_run.folder / "out" / "robbie" / "adapter"
    assert (adapter / "adapter_config.json").is_file()


def test_too_little_memory_is_reported_before_the_base_is_loaded(
    config: dict[str, Any], tmp_path: Path
) -> None:
    path = write(tmp_path, config | {"node": {"name": "tiny", "training_gb": 1_000_000}})
    done = subprocess.run(engine(path), capture_output=True, text=True)
    assert done.returncode == 1
    assert re.fullmatch(r"error: node tiny: .* lower training_gb\n", done.stderr)
    assert "loading base" not in done.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_run_saves_itself_and_resumes_to_the_same_adapter(
    number: signal.Signals, config: dict[str, Any], tmp_path: Path
) -> None:
    """In float32 the two are equal bit for bit; on this machine's bfloat16, too."""
    for adapter in config["adapters"]:
        adapter["training"] = {"epochs": 60}
    whole = write(tmp_path, config)
    subprocess.run(engine(whole), capture_output=True, check=True)
    expected = {n: adapter_of(tmp_path / "out" / n) for n in ("robbie", "gatekeeper")}
    for adapter in config["adapters"]:
        adapter["out"] = adapter["out"].replace("out", "resumed")
    path = write(tmp_path, config | {"checkpoints": "checkpoints"}, "resumed.yaml")
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        engine(path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout
        assert process.stderr
        assert any("step 1/" in line for line in process.stdout)
        process.send_signal(number)
        assert process.wait(timeout=60) == 75
        assert "run the same command again" in process.stderr.read()
    assert (tmp_path / "checkpoints").is_dir()
    subprocess.run(engine(path), capture_output=True, check=True)
    assert not (tmp_path / "checkpoints").exists()
    for name, weights in expected.items():
        resumed = adapter_of(tmp_path / "resumed" / name)
        assert all(torch.equal(weights[key], resumed[key]) for key in weights)


def test_a_log_gets_lines(finished_run: FinishedRun) -> None:
    status = (
        r"step 1/\d+, loss robbie .*; \d+ tokens/s, \d+% of roofline, \d+:\d\d:\d\d left, \d+ MB"
    )
    assert re.search(status, finished_run.stdout)
    assert "\x1b" not in finished_run.stdout
    assert "━" not in finished_run.stdout


def test_a_terminal_gets_bars(config: dict[str, Any], tmp_path: Path) -> None:
    reader, terminal = pty.openpty()
    environment = os.environ | {"COLUMNS": "80", "TERM": "xterm"}
    with subprocess.Popen(engine(write(tmp_path, config)), stdout=terminal, env=environment) as run:
        os.close(terminal)
        seen = read_all(reader).decode()
    assert run.returncode == 0
    shown = re.sub(r"\x1b\[[\d;?]*\w", "", seen)
    assert re.search(r"gatekeeper +━+ +\d+/\d+ loss \d+\.\d+", shown)
    assert re.search(r"\d+ tokens/s, \d+% of roofline, 0:00:00 left, \d+ MB", shown)
    assert shown.count('"status": "trained"') == 2


def read_all(terminal: int) -> bytes:
    content = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux: the other side is closed
            part = b""
        if not part:
            os.close(terminal)
            return content
        content += part


def adapter_of(out: Path) -> dict[str, torch.Tensor]:
    return load_file(out / "adapter" / "adapter_model.safetensors")
