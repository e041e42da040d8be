"""Nothing that Maverick starts speaks to another machine, as strace sees it.

The commands are a user's, each traced with all its children: import, the weekly job of a base of
another family (ingest, training, evaluation, release), chat, and the pages with schedules on.
"""

import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import psutil
import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.settings import Settings
from maverick_assets_tests.command import Maverick, import_rows
from maverick_assets_tests.corpora.model_families import FAMILIES
from maverick_assets_tests.end_to_end.dagster_ui import DagsterUI, ask, start_ui
from maverick_assets_tests.end_to_end.test_families import QUESTION, keep_surrogates, robbies_rows
from maverick_assets_tests.processes import eventually

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")

# Of connect, sendto, sendmsg and sendmmsg, whatever the protocol; datagrams need no connection.
CALLS = "connect,sendto,sendmsg,sendmmsg"
ADDRESS = re.compile(r'inet_(?:addr\(|pton\(AF_INET6, &?)"([^"]+)"')
DAEMONS = "{ instance { daemonHealth { allDaemonStatuses { daemonType healthy } } } }"


@dataclass(frozen=True)
class Trace:
    """What strace writes, one call a line."""

    path: Path

    def over(self, command: list[str]) -> list[str]:
        options = ["-f", "--seccomp-bpf", "-qq", "-A", "-e", f"trace={CALLS}", "-o", str(self.path)]
        return ["strace", *options, *command]

    def addresses(self) -> set[str]:
        """The internet addresses that were spoken to."""
        return set(ADDRESS.findall(self.path.read_text(encoding="utf-8", errors="replace")))

    def foreign(self) -> set[str]:
        return {address for address in self.addresses() if not ip_address(address).is_loopback}


@dataclass(frozen=True)
class TracedMaverick(Maverick):
    """The command under strace."""

    trace: Trace = Trace(Path())

    def command(self, *arguments: str) -> list[str]:
        return self.trace.over(super().command(*arguments))


@pytest.fixture
def trace(tmp_path: Path) -> Trace:
    return Trace(tmp_path / "calls")


@pytest.mark.parametrize(
    ("family", "address"), [("AF_INET", "192.0.2.1"), ("AF_INET6", "2001:db8::1")]
)
def test_the_trace_sees_a_foreign_address_in_a_childs_child(
    trace: Trace, family: str, address: str
) -> None:
    # An address for documentation; a datagram socket's connect sends nothing.
    speak = f"import socket as s; s.socket(s.{family}, s.SOCK_DGRAM).connect_ex(('{address}', 9))"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {speak!r}])"
    subprocess.run(trace.over([sys.executable, "-c", child]), check=True)
    assert trace.foreign() == {address}


def test_from_import_to_chat_and_pages_nothing_speaks_to_another_machine(
    base: PreparedBase, trace: Trace, tmp_path: Path
) -> None:
    FAMILIES["Phi-3"].save(tmp_path / "model", base.directory)
    home = tmp_path / "home"
    keep_surrogates(Settings(home=home))
    environment = {"MAVERICK_BASE_MODEL": str(tmp_path / "model")}
    maverick = TracedMaverick(home, environment, trace=trace)

    import_rows(maverick, {"personality_samples": robbies_rows()}, tmp_path)
    done = maverick("run", "weekly", "--personality", "robbie")
    assert "robbie v1.0 is in service" in done.stderr, done.stderr[-3000:]
    assert '"version": "v1.0"' in maverick.ok("chat", "robbie", QUESTION, "--json")
    ui = start_ui(maverick)
    try:
        eventually(lambda: schedules_were_looked_at(ui), 90)
    finally:
        stop(ui)

    assert trace.foreign() == set()
    assert "127.0.0.1" in trace.addresses()  # llama.cpp's server, so that the trace covers children


def schedules_were_looked_at(ui: DagsterUI) -> None:
    statuses = ask(ui, DAEMONS)["instance"]["daemonHealth"]["allDaemonStatuses"]
    healthy = {status["daemonType"] for status in statuses if status["healthy"]}
    assert {"SCHEDULER", "SENSOR"} <= healthy


def stop(ui: DagsterUI) -> None:
    [command] = psutil.Process(ui.process.pid).children()  # strace holds signals back
    command.send_signal(signal.SIGINT)
    ui.process.wait(60)
