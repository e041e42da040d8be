"""Servers that this process holds: started on demand, shared, stopped with their last holder."""

import atexit
import fcntl
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg

from maverick_assets.crm.embedded.cluster import PORT, Cluster, RunningServer
from maverick_assets.crm.embedded.databases import ensure_database, is_open
from maverick_assets.crm.embedded.passwords import SUPERUSER, Passwords
from maverick_assets.errors import MaverickError, first_line
from maverick_assets.private.folders import account_name, short_path

# What libpq would otherwise take from the environment or a service file, where those are meant for
# a CRM of the user's own and stay.
_NOT_FROM_OUTSIDE = {
    "options": "",
    "password": "",  # it comes from the passfile
    "hostaddr": "",
    # Server and client prove to each other that they know the password; neither says it.
    "require_auth": "scram-sha-256",
    "requirepeer": "",
    "channel_binding": "prefer",
    "target_session_attrs": "any",
    "sslmode": "disable",
    "sslnegotiation": "postgres",
    "gssencmode": "disable",
}

_holders: dict[Path, "_Holder"] = {}  # of this process, by the folder of the cluster
_one_thread = threading.RLock()  # a lock of a file keeps out processes, and not threads of one


def database_url(pgdata: Path, database: str) -> str:
    """URL of `database` on the server at `pgdata`, started and created on demand.

    It connects as the role of the same name, which owns this database and no other; as `postgres`,
    the superuser, for that database. Every process that calls this holds the server, which stops
    cleanly when the last of them ends. Raises `MaverickError` when the server does not start.
    """
    with _one_thread:
        holder = _hold_server(pgdata)
    with _failures_named(pgdata), holder.alone():
        holder.ensure_running()
        holder.started = True
        holder.ensure_database(database)
        return holder.url(database, database)


def restart_dead_servers() -> bool:
    """Start the servers again that this process holds and that were killed; False if none was.

    Their URLs lead there again, where /tmp was cleaned.
    """
    restarted = False
    for pgdata, holder in [item for item in _holders.items() if item[1].started]:
        with _failures_named(pgdata):
            short_path(holder.cluster.socket_folder)
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
        self.passwords = Passwords(pgdata)
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
        """Inside, nobody else creates, starts or stops the server."""
        with _one_thread:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._lock, fcntl.LOCK_UN)

    def ensure_running(self) -> RunningServer:
        password = self.passwords.of(SUPERUSER)  # first: nothing starts while others can read it
        server = self.cluster.running()
        if server and not server.ready:  # killed starters leave servers that still come up
            server = self._wait_until_ready()
        if server and server.socket_folder != self.cluster.socket_folder:
            self._stop_earlier_release()
        elif server and server.reachable:
            self.cluster.require_private()
            return server
        self.cluster.stop()  # one whose socket was removed answers nobody any more
        if not self.cluster.exists:
            self.cluster.create(password or self.passwords.create(SUPERUSER))
        elif password is None:
            self._set_passwords()
        return self.cluster.start()

    def ensure_database(self, name: str) -> None:
        """Create a database of the running server unless this process can connect to it."""
        if is_open(self._connect, name):
            return
        try:
            ensure_database(self._connect, self.passwords, name)
        except psycopg.OperationalError as error:
            if "password" not in str(error):
                raise
            # The passwords are not this cluster's: one of the two came from a backup.
            self.cluster.stop()
            self._set_passwords()
            self.cluster.start()
            ensure_database(self._connect, self.passwords, name)

    def url(self, role: str, database: str) -> str:
        """URL for libpq; short, and without the password."""
        host = str(short_path(self.cluster.socket_folder))
        parameters = {"host": host, "port": str(PORT), "passfile": str(self.passwords.path)}
        # libpq takes `+` for a plus.
        query = urlencode(parameters | _NOT_FROM_OUTSIDE, safe="/", quote_via=quote)
        return f"postgresql://{role}@/{database}?{query}"

    def _connect(self, role: str, database: str) -> psycopg.Connection:
        variables = {key: value for key, value in os.environ.items() if key.startswith("PG")}
        forget_client_variables()
        try:
            return psycopg.connect(self.url(role, database), autocommit=True)
        finally:
            os.environ.update(variables)  # they may be meant for a CRM of the user's own

    def _set_passwords(self) -> None:
        """Give the superuser of a cluster that a release before made, or whose keys are gone, one.

        Those of the other roles follow as they are asked for.
        """
        pgdata = self.cluster.pgdata
        owner = pgdata.stat().st_uid
        self.cluster.set_password(self.passwords.create(SUPERUSER))
        line = (
            f"maverick: the embedded PostgreSQL in {pgdata} had no password that this account "
            f"knows; its roles have new ones, in {self.passwords.path}"
        )
        if owner != pgdata.stat().st_uid:
            line += (
                f"; it belonged to {account_name(owner)} and is this account's again; the release "
                f"before opened the folders above it to others: look with `namei -l {pgdata}`"
            )
        print(line, file=sys.stderr)

    def _stop_earlier_release(self) -> None:
        """Stop a server that lets in every account, unless a command that started it still runs."""
        try:
            fcntl.flock(self._holders, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise MaverickError("an earlier release still uses it; end its commands") from error
        self.cluster.stop()
        fcntl.flock(self._holders, fcntl.LOCK_SH)

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
