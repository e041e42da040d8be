"""Several hosts on one machine: real network namespaces, joined by a bridge, each with an sshd.

A host has a name, an address, a list of processes and an `/etc/hosts` of its own; its disk is the
machine's, as a shared run home is. This machine is the one that executes runs: it has an address on
the bridge as well.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from maverick_assets_tests.processes import is_alive, kill, wait_for

SSHD_CONFIG = """
Port 22
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
UsePAM no
PidFile none
SetEnv TMPDIR={folder}/tmp OMP_NUM_THREADS=1
"""
# In namespaces of the host. Its name resolves nowhere, and this machine's /run is hidden from it.
BOOT = """
hostname {name}-without-address
mount --bind {folder}/hosts /etc/hosts
mount -t tmpfs none /run
mkdir /run/sshd
exec /usr/sbin/sshd -D -e -f {folder}/sshd_config
"""


@dataclass
class NetworkHost:
    """A host that boots, dies, and whose cable can be pulled."""

    name: str
    address: str
    namespace: str
    cable: str  # its end in this machine
    folder: Path
    processes: list[psutil.Process] = field(default_factory=list)

    def boot(self) -> None:
        """Start its sshd, unless it runs, and wait until it answers."""
        if self.own_processes():
            return
        boot = ["sh", "-ec", BOOT.format(name=self.name, folder=self.folder)]
        spaces = ["unshare", "--uts", "--pid", "--mount-proc", "--fork", "--kill-child"]
        log = (self.folder / "sshd.log").open("ab")
        # Where the tests are killed, the kernel ends their hosts.
        with_tests = ["setpriv", "--pdeathsig", "KILL", "ip", "netns", "exec", self.namespace]
        process = subprocess.Popen([*with_tests, *spaces, *boot], stdout=log, stderr=log)
        self.processes.append(psutil.Process(process.pid))
        scan = ["ssh-keyscan", "-T", "1", self.address]
        wait_for(lambda: subprocess.run(scan, capture_output=True, check=False).stdout)

    def kill(self) -> None:
        """SIGKILL to every process of the host at once, as its power supply would."""
        kill([*self.processes, *self.own_processes()])
        self.processes.clear()

    def pull_cable(self) -> None:
        run("ip", "link", "set", self.cable, "down")

    def plug_cable(self) -> None:
        run("ip", "link", "set", self.cable, "up")

    @contextmanager
    def hide(self, folder: Path) -> Iterator[None]:
        """Inside, the host sees an empty folder there, as if it had not mounted it."""
        sshd = next(process for process in self.own_processes() if process.name() == "sshd")
        inside = ["nsenter", f"--mount=/proc/{sshd.pid}/ns/mnt"]
        run(*inside, "mount", "-t", "tmpfs", "none", str(folder))
        try:
            yield
        finally:
            run(*inside, "umount", str(folder))

    def own_processes(self) -> list[psutil.Process]:
        """The processes in its network namespace."""
        pids = run("ip", "netns", "pids", self.namespace).split()
        processes = []
        for pid in pids:
            with suppress(psutil.NoSuchProcess):
                processes.append(psutil.Process(int(pid)))
        return [process for process in processes if is_alive(process)]

    def trainings(self, module: str = "maverick_assets.training") -> list[psutil.Process]:
        """The processes of a training that run on it, or those of one module."""
        found = []
        for process in self.own_processes():
            with suppress(psutil.NoSuchProcess):
                if any(module in word for word in process.cmdline()):
                    found.append(process)
        return found


class Network:
    """Hosts on a bridge, and an `ssh` that knows their names and keys."""

    def __init__(self, folder: Path, names: list[str]) -> None:
        self.folder = folder
        number = os.getpid() % 50_000
        self._bridge = f"mvk{number}"
        self._net = f"10.{200 + number // 250 % 50}.{number % 250}"
        self.hosts = {
            name: NetworkHost(
                name,
                f"{self._net}.{place}",
                f"mvk{number}-{name}",
                f"mvk{number}e{place}",
                folder / name,
            )
            for place, name in enumerate(names, start=2)
        }

    def __enter__(self) -> "Network":
        try:
            self._build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for host in self.hosts.values():
            with suppress(subprocess.CalledProcessError):
                host.kill()
            with suppress(subprocess.CalledProcessError):
                run("ip", "netns", "del", host.namespace)
            with suppress(subprocess.CalledProcessError):
                run("ip", "link", "del", host.cable)
        with suppress(subprocess.CalledProcessError):
            run("ip", "link", "del", self._bridge)

    def _build(self) -> None:
        run("ip", "link", "add", self._bridge, "type", "bridge")
        run("ip", "addr", "add", f"{self._net}.1/24", "dev", self._bridge)
        run("ip", "link", "set", self._bridge, "up")
        keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f"]
        run(*keygen, str(self.folder / "user_key"))
        for host in self.hosts.values():
            (host.folder / "tmp").mkdir(parents=True)
            run(*keygen, str(host.folder / "host_key"))
            shutil.copy(self.folder / "user_key.pub", host.folder)
            (host.folder / "sshd_config").write_text(SSHD_CONFIG.format(folder=host.folder))
            (host.folder / "hosts").write_text(
                "127.0.0.1 localhost\n"
                + "".join(f"{other.address} {other.name}\n" for other in self.hosts.values())
            )
            self._connect(host)
            host.boot()
        self._write_ssh()

    def _connect(self, host: NetworkHost) -> None:
        inside = ["ip", "-n", host.namespace]
        run("ip", "netns", "add", host.namespace)
        run(
            *("ip", "link", "add", host.cable, "type", "veth"),
            *("peer", "name", "eth0", "netns", host.namespace),
        )
        run("ip", "link", "set", host.cable, "master", self._bridge, "up")
        run(*inside, "addr", "add", f"{host.address}/24", "dev", "eth0")
        run(*inside, "link", "set", "eth0", "up")
        run(*inside, "link", "set", "lo", "up")

    def _write_ssh(self) -> None:
        """A program `ssh` that reads a configuration of this test, not that of its user."""
        blocks = [
            f"Host {host.name}\n HostName {host.address}\n"
            for host in [*self.hosts.values(), self.absent_host]
        ]
        common = (
            f"Host *\n User root\n IdentitiesOnly yes\n IdentityFile {self.folder}/user_key\n"
            f" UserKnownHostsFile {self.known_hosts}\n GlobalKnownHostsFile /dev/null\n"
        )
        (self.folder / "ssh_config").write_text("".join(blocks) + common)
        self.known_hosts.write_text(
            "".join(
                f"{host.address} {(host.folder / 'host_key.pub').read_text()}"
                for host in self.hosts.values()
            )
        )
        self._programs.mkdir()
        program = self._programs / "ssh"
        program.write_text(f'#!/bin/sh\nexec /usr/bin/ssh -F {self.folder}/ssh_config "$@"\n')
        program.chmod(0o755)

    def trainings(self) -> list[psutil.Process]:
        """The processes of trainings on all hosts."""
        return [process for host in self.hosts.values() for process in host.trainings()]

    @property
    def absent_host(self) -> NetworkHost:
        """A host that has an address, but was never plugged in."""
        return NetworkHost("absent", f"{self._net}.99", "", "", self.folder)

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    @property
    def path(self) -> str:
        """PATH with the `ssh` that knows these hosts."""
        return f"{self._programs}:{os.environ['PATH']}"

    @property
    def _programs(self) -> Path:
        return self.folder / "programs"


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@contextmanager
def network_of(folder: Path, *names: str) -> Iterator[Network]:
    """Hosts of these names; nothing is left of them afterwards.

    Skips the test, and says why, where this machine cannot have them.
    """
    missing = [
        name
        for name in ("ip", "unshare", "setpriv", "ssh", "ssh-keygen", "/usr/sbin/sshd")
        if shutil.which(name) is None
    ]
    if missing:
        pytest.skip(f"hosts in network namespaces need {missing[0]} (iproute2, openssh-server)")
    probe = ["unshare", "--net", "--uts", "--pid", "--fork", "--mount", "true"]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this machine allows no network namespaces: {done.stderr.strip()}")
    with Network(folder, list(names)) as network:
        yield network
