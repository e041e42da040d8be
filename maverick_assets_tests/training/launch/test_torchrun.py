"""Two ranks on the CPU: started, reported, stopped and killed together."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.errors import BadInput
from maverick_assets.training.launch.layout import RankLayout, read_hosts
from maverick_assets.training.launch.torchrun import run_ranks
from maverick_assets.training.loop.reporting import stdout_reporter
from maverick_assets.training.spec import TrainingSpec, read_json
from maverick_assets_tests.processes import is_alive, wait_for
from maverick_assets_tests.training.specs import TRAIN, driver, job, specification


def write_spec(base: PreparedBase, table: Path, out: Path, **training: Any) -> Path:
    node = {"name": "pair", "gpus": 2}
    spec = specification(base, job(table, 0, out, training=training)) | {
        "node": node,
        "checkpoints": str(out.parent / "checkpoints"),
    }
    path = out.parent / "spec.json"
    path.write_text(json.dumps(spec))
    return path


@pytest.fixture
def table(tmp_path: Path, write_examples: Any) -> Path:
    write_examples(tmp_path / "dataset", TRAIN)
    return tmp_path / "dataset"


def test_a_node_of_two_gpus_trains_with_two_ranks(
    tiny_base: PreparedBase, table: Path, tmp_path: Path
) -> None:
    spec = write_spec(tiny_base, table, tmp_path / "out")
    done = subprocess.run(driver(spec), capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert json.loads(done.stdout.splitlines()[-1])["status"] == "trained"
    assert sum("loading base" in line for line in done.stdout.splitlines()) == 1
    assert (tmp_path / "out" / "training.json").is_file()
    assert not (tmp_path / "checkpoints").exists()


def test_ranks_train_on_a_host_whose_name_does_not_resolve(
    tiny_base: PreparedBase, table: Path, tmp_path: Path
) -> None:
    named = ["unshare", "--uts", "sh", "-c", 'hostname no-address-anywhere && "$@"', "sh"]
    probe = subprocess.run([*named, "true"], capture_output=True, text=True, check=False)
    if probe.returncode:
        pytest.skip(f"this machine allows no host name of a test's own: {probe.stderr.strip()}")
    spec = write_spec(tiny_base, table, tmp_path / "out")
    done = subprocess.run([*named, *driver(spec)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout.splitlines()[-1])["status"] == "trained"


def started(spec: Path) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
    """A training with two ranks that is at its steps, and all its processes."""
    process = subprocess.Popen(driver(spec), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert any("step" in line for line in process.stdout)
    return process, psutil.Process(process.pid).children(recursive=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_all_ranks_end_with_the_driver_and_the_same_command_resumes(
    tiny_base: PreparedBase, table: Path, tmp_path: Path, number: signal.Signals
) -> None:
    spec = write_spec(tiny_base, table, tmp_path / "out", epochs=3000)
    process, ranks = started(spec)
    assert len(ranks) >= 3
    process.send_signal(number)
    process.communicate()
    wait_for(lambda: not any(is_alive(rank) for rank in ranks))
    assert process.returncode == (75 if number == signal.SIGTERM else -number)
    assert not (tmp_path / "out").exists()
    process, _ = started(spec)
    process.terminate()
    process.communicate()
    assert process.returncode == 75


def test_hosts_meet_at_the_first_of_the_hostfile(
    tiny_base: PreparedBase, table: Path, tmp_path: Path
) -> None:
    (tmp_path / "hosts").write_text("# two, as it seems\nlocalhost slots=1\nother slots=1\n")
    config = {
        "base": str(tiny_base.directory),
        "adapters": [
            {
                "personality": "robbie",
                "dataset": str(table),
                "out": "out",
                "training": {"epochs": 1},
            }
        ],
    }
    (tmp_path / "run.yaml").write_text(json.dumps(config))
    command = [sys.executable, "-m", "maverick_assets.training", "--config", "run.yaml"]
    hosts = [
        subprocess.Popen(
            [*command, "--hostfile", "hosts", "--host", host],
            cwd=tmp_path,
            env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path.cwd())},
            stdout=subprocess.PIPE,
            text=True,
        )
        for host in ("localhost", "other")
    ]
    outputs = [host.communicate()[0] for host in hosts]
    assert [host.returncode for host in hosts] == [0, 0]
    assert sum('"status": "trained"' in output for output in outputs) == 1
    assert (tmp_path / "out" / "training.json").is_file()


def test_a_host_that_is_not_in_the_hostfile_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    path.write_text("aurora slots=2\nfluenti slots=1\n")
    assert read_hosts(path, "fluenti") == RankLayout(
        local_ranks=1, hosts=2, host_rank=1, rendezvous="aurora:29500"
    )
    with pytest.raises(BadInput, match="has no host vengeance; it has: aurora, fluenti"):
        read_hosts(path, "vengeance")
    path.write_text("aurora two\n")
    with pytest.raises(BadInput, match="each line must be NAME slots=GPUS"):
        read_hosts(path)


def test_a_first_host_that_has_only_its_loopback_by_name_is_refused(
    tiny_base: PreparedBase, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is the one that Debian's installer writes into /etc/hosts."""

    def getaddrinfo(_host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_DGRAM, 17, "", ("127.0.1.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    spec = read_json(write_spec(tiny_base, table, tmp_path / "out"), TrainingSpec)
    layout = RankLayout(local_ranks=1, hosts=2, rendezvous="aurora:29500")
    with pytest.raises(BadInput, match=r"aurora, where the hosts meet, is 127\.0\.1\.1 here"):
        run_ranks(spec, layout, stdout_reporter())
