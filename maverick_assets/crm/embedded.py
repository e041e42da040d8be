"""The embedded PostgreSQL: a real server under the run home, for people who have none."""

import atexit
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlencode

import psycopg

from maverick_assets.crm.postgres import PORT, Cluster, RunningServer
from maverick_assets.errors import MaverickError, first_line

# What libpq would otherwise take from the environment or a service file, where those are meant for
# a CRM of the user's own and stay.
_NOT_FROM_OUTSIDE = {
    "options": "",
    "hostaddr": "",
    "require_auth": "none,password,md5,scram-sha-256",
    "requirepeer": "",
    "channel_binding": "prefer",
    "target_session_attrs": "any",
    "sslmode": "disable",
    "sslnegotiation": "postgres",
    "gssencmode": "disable",
}

_holders: dict[Path, "_Holder"] = {}  # of this process, by the folder of the cluster


def database_url(pgdata: Path, database: str) -> str:
    """URL of `database` on the server at `pgdata`, started and created on demand.

    Every process that calls this holds the server, which stops cleanly when the last of them ends.
    Raises `MaverickError` when the server does not start.
    """
    holder = _hold_server(pgdata)
    with _failures_named(pgdata), holder.alone():
        server = holder.ensure_running()
        holder.started = True
        _create_database(server, database)
    return _url(server, database)


def restart_dead_servers() -> bool:
    """Start the servers again that this process holds and that were killed; False if none was."""
    restarted = False
    for pgdata, holder in [item for item in _holders.items() if item[1].started]:
        server = holder.cluster.running()
        if server is None or not server.reachable:
            with _failures_named(pgdata), holder.alone():
                holder.ensure_running()
            restarted = True
    return restarted


@atexit.register
def release_servers() -> None:
    """Hold no server any longer; one that nobody else holds stops."""
    with ExitStack() as stack:  # each of them, even where one fails
        while _holders:
            stack.callback(_holders.popitem()[1].release)


def forget_client_variables() -> None:
    """Remove libpq's variables (PGPORT, PGSERVICE, ...) from the environment.

    They are meant for a server of the user's own. Some of them no URL overrides.
    """
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]


class _Holder:
    """This process's part in a server that several processes share.

    Two lock files beside the cluster: the first is held while something changes, the second, in
    shared mode, by every process that uses the server. The kernel releases both when a process
    ends, however it ends.
    """

    def __init__(self, pgdata: Path) -> None:
        self.cluster = Cluster(pgdata)
        self.started = False  # it ran once, for this process
        self._owner = os.getpid()
        pgdata.parent.mkdir(parents=True, exist_ok=True)
        self._lock, self._holders = (
            os.open(pgdata.with_name(f".{pgdata.name}.{name}"), os.O_RDWR | os.O_CREAT, 0o600)
            for name in ("lock", "holders")
        )
        with self.alone():
            fcntl.flock(self._holders, fcntl.LOCK_SH)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Inside, no other process creates, starts or stops the server."""
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def ensure_running(self) -> RunningServer:
        server = self.cluster.running()
        if server and not server.ready:  # killed starters leave servers that still come up
            server = self._wait_until_ready()
        if server and server.reachable:
            return server
        self.cluster.stop()  # one whose socket was removed answers nobody any more
        self.cluster.create()
        return self.cluster.start()

    def _wait_until_ready(self) -> RunningServer | None:
        end = time.monotonic() + 60
        server = self.cluster.running()
        while server and not server.ready and time.monotonic() < end:
            time.sleep(0.1)
            server = self.cluster.running()
        return server

    def release(self) -> None:
        """Hold the server no longer, and stop it unless another process holds it."""
        if os.getpid() != self._owner:  # a fork ends, not the process that holds
            return
        with self.alone():
            try:
                fcntl.flock(self._holders, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass
            else:
                self.cluster.stop()
        os.close(self._holders)
        os.close(self._lock)


def _hold_server(pgdata: Path) -> _Holder:
    pgdata = pgdata.expanduser().absolute()
    holder = _holders.get(pgdata)
    if holder is None or holder._owner != os.getpid():
        with _failures_named(pgdata):
            holder = _holders[pgdata] = _Holder(pgdata)
    return holder


@contextmanager
def _failures_named(pgdata: Path) -> Iterator[None]:
    try:
        yield
    except (MaverickError, OSError, psycopg.Error) as error:
        reason = first_line(error)
        remedy = "free the disk, or set" if "No space left" in reason else "mend that, or set"
        raise MaverickError(
            f"the embedded PostgreSQL in {pgdata} does not start: {reason}; {remedy} "
            "MAVERICK_CRM_URL and MAVERICK_DAGSTER_URL to servers of your own"
        ) from error


def _create_database(server: RunningServer, name: str) -> None:
    variables = {key: value for key, value in os.environ.items() if key.startswith("PG")}
    forget_client_variables()
    try:
        with psycopg.connect(_url(server, "postgres"), autocommit=True) as connection:
            query = "select 1 from pg_database where datname = %s"
            if connection.execute(query, [name]).fetchone() is None:
                connection.execute(f'create database "{name}"'.encode())
    finally:
        os.environ.update(variables)  # they may be meant for a CRM of the user's own


def _url(server: RunningServer, database: str) -> str:
    host = {"host": str(server.socket_folder), "port": str(PORT)}
    return f"postgresql://postgres:@/{database}?{urlencode(host | _NOT_FROM_OUTSIDE, safe='/')}"
