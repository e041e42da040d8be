"""The embedded PostgreSQL: on demand, stopped with its last holder, surviving restarts."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest

from maverick_assets.crm.connection import connect, describe_database
from maverick_assets.crm.embedded import database_url, restart_dead_servers
from maverick_assets.crm.embedded.cluster import Cluster
from maverick_assets.crm.embedded.failures import failure_cause
from maverick_assets.crm.embedded.passwords import Passwords
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.private.folders import remove_short_path
from maverick_assets.settings import Settings
from maverick_assets_tests.processes import eventually, kill, stop_server, wait_for

CLIENT = """
import sys
from pathlib import Path
import psycopg
from maverick_assets.crm.embedded import database_url, forget_client_variables
forget_client_variables()
if "nameless" in sys.argv:  # only now: Python itself may lie where only root can read
    import os
    os.setgroups([])
    os.setgid(43210)
    os.setuid(43210)
    if not os.access(sys.executable, os.X_OK):  # as that user would have installed it
        sys.executable = "/usr/bin/python3"
with psycopg.connect(database_url(Path(sys.argv[1]), "crm")) as connection:
    connection.execute("select pg_advisory_xact_lock(1)")
    connection.execute("create table if not exists visits (at timestamptz default now())")
    connection.execute("insert into visits default values")
    print(connection.execute("select count(*) from visits").fetchone()[0], flush=True)
if "kill" in sys.argv:
    import os, signal
    os.kill(os.getpid(), signal.SIGKILL)
"""


def visit(pgdata: Path, *flags: str, **variables: str) -> int:
    """Start the server, or find it, and count all visits so far, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, str(pgdata), *flags],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | variables,
    )
    assert done.stdout, done.stderr
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
    assert describe_database("postgresql://a:b@h/d") == "postgresql://a@h/d"
    assert describe_database("postgresql://a@h/d") == "postgresql://a@h/d"


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
    cluster = Cluster(pgdata)
    cluster.stop()
    cluster.start()
    assert statistics_reset() == first
    os.kill(int((pgdata / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    assert eventually(statistics_reset) != first


@pytest.mark.parametrize(
    "name",
    [
        "My Projects",
        "100 %20 sure",
        "Größe",
        'it\'s $HOME `x` "y"',
        "long/" * 30,
        "-q?a=1&b#c:d\\",
    ],
)
def test_a_run_home_lies_at_any_path(tmp_path: Path, name: str) -> None:
    pgdata = tmp_path / name / "postgres"
    assert visit(pgdata) == 1
    assert visit(pgdata) == 2


@pytest.mark.parametrize(
    "variables",
    [
        {"LC_ALL": "en_XX.UTF-8"},
        {"LANG": "de_XX.ISO-8859-1", "LC_MESSAGES": "nowhere"},
        {"PGHOST": "crm.example", "PGPORT": "1", "PGUSER": "dana", "PGDATABASE": "other"},
        {"PGPASSWORD": "of another server", "PGPASSFILE": "/nowhere"},
        {"PGHOSTADDR": "192.0.2.1", "PGSSLMODE": "require", "PGREQUIREAUTH": "scram-sha-256"},
        {"PGOPTIONS": "-c work_mem=nonsense", "PGSERVICE": "nowhere", "PGDATA": "/nowhere"},
        {"PGDATESTYLE": "nonsense", "PGTZ": "Nowhere/Else", "PGCLIENTENCODING": "nonsense"},
        {"XDG_RUNTIME_DIR": "/nowhere/at/all"},
        {"TMPDIR": "/nowhere/at/all"},
        {"TZ": "Nowhere/Else"},
    ],
    ids=lambda variables: next(iter(variables)),
)
def test_nothing_in_the_environment_reaches_the_server(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    pgdata = tmp_path / "postgres"
    assert visit(pgdata, **variables) == 1
    assert visit(pgdata) == 2


SERVICE = """
[own]
host=crm.example
hostaddr=192.0.2.1
port=1
user=dana
dbname=other
options=-c work_mem=nonsense
sslmode=verify-full
sslrootcert=/nowhere
channel_binding=require
requirepeer=nobody
require_auth=md5
password=of another server
passfile=/nowhere
target_session_attrs=standby
"""
SERVED = """
import sys
from pathlib import Path
import psycopg, psycopg2
from maverick_assets.crm.embedded import database_url
url = database_url(Path(sys.argv[1]), "dagster")
for driver in (psycopg, psycopg2):
    driver.connect(url).close()
    print("connected")
"""


def test_a_service_of_a_crm_of_ones_own_is_not_taken_for_the_embedded_server(
    tmp_path: Path,
) -> None:
    """The CRM is elsewhere, Dagster's database here: libpq's variables stay where they are."""
    (tmp_path / "services").write_text(SERVICE, encoding="utf-8")
    service = {"PGSERVICE": "own", "PGSERVICEFILE": str(tmp_path / "services")}
    command = [sys.executable, "-c", SERVED, str(tmp_path / "postgres")]
    done = subprocess.run(command, env=os.environ | service, capture_output=True, text=True)
    assert done.stdout.split() == ["connected"] * 2, done.stderr


def test_a_new_cluster_is_utf8_and_sorts_alike_everywhere(crm: psycopg.Connection) -> None:
    query = (
        "select pg_encoding_to_char(encoding), datlocprovider, datlocale from pg_database "
        "where datname = current_database()"
    )
    assert crm.execute(query).fetchone() == ("UTF8", "b", "C.UTF-8")
    assert crm.execute("select lower('ÄÖ'), 'a' < 'B'").fetchone() == ("äö", False)


def test_neither_umask_nor_a_linked_folder_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    before = os.umask(0o777)
    try:
        assert visit(tmp_path / "link" / "postgres") == 1
    finally:
        os.umask(before)
    assert visit(tmp_path / "real" / "postgres") == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_user_without_a_name_has_a_server_too() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # where that user gets, too
        os.chown(folder, 43210, 43210)
        pgdata = Path(folder) / "postgres"
        assert visit(pgdata, "nameless") == 1
        Passwords(pgdata).path.unlink()  # as it is missing after an upgrade
        assert visit(pgdata, "nameless") == 2


def test_the_socket_lies_in_a_private_folder_and_goes_with_the_server(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / "postgres")
    cluster.create("password")
    server = cluster.start()
    for folder in (cluster.pgdata, server.socket_folder):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.stat().st_uid == os.geteuid()
    cluster.stop()
    assert not any(server.socket_folder.iterdir())


def test_a_server_whose_socket_was_cleaned_away_is_started_again(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / "postgres")
    assert visit(cluster.pgdata, "kill") == 1
    first = cluster.running()
    assert first
    shutil.rmtree(first.socket_folder)
    assert visit(cluster.pgdata, "kill") == 2
    second = cluster.running()
    assert second
    assert second.socket_folder == first.socket_folder  # where children of others look for it
    cluster.stop()


def test_a_restored_copy_of_a_run_home_starts(tmp_path: Path) -> None:
    pgdata = tmp_path / "home" / "postgres"
    assert visit(pgdata, "kill") == 1  # the copy has the lock file of a server that runs
    sockets = shutil.ignore_patterns("socket")
    shutil.copytree(pgdata.parent, tmp_path / "copy", ignore=sockets)
    assert visit(tmp_path / "copy" / "postgres") == 2
    assert server_runs(pgdata)
    Cluster(pgdata).stop()


def test_why_the_server_does_not_start_is_its_own_words(tmp_path: Path) -> None:
    pgdata = tmp_path / "postgres"
    assert visit(pgdata) == 1
    with (pgdata / "postgresql.conf").open("a", encoding="utf-8") as stream:
        stream.write("shared_buffers = nonsense\n")
    with pytest.raises(MaverickError) as caught:
        database_url(pgdata, "crm")
    assert 'does not start: invalid value for parameter "shared_buffers"' in str(caught.value)
    assert "free the disk" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_interrupted_creation_is_begun_again(tmp_path: Path) -> None:
    partial = tmp_path / ".postgres.partial"
    partial.mkdir()
    (partial / "PG_VERSION").write_text("18", encoding="utf-8")
    assert visit(tmp_path / "postgres") == 1
    assert not partial.exists()


def test_processes_that_come_at_once_share_one_server(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        visits = list(pool.map(lambda _: visit(tmp_path / "postgres"), range(4)))
    assert max(visits) == 4
    assert not server_runs(tmp_path / "postgres")


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        ("[7] LOG:  starting\n[7] FATAL:  no room\n[7] LOG:  shut down\n", "no room"),
        ("[7] FATAL:  open folder\n[7] DETAIL:  It is 0755.\n", "open folder: It is 0755."),
        ("[7] LOG:  bad value\n[7] FATAL:  configuration file contains errors\n", "bad value"),
        ("creating ... initdb: error: no locale\ninitdb: removing contents\n", "no locale"),
        ("useradd: cannot lock /etc/passwd\n", "useradd: cannot lock /etc/passwd"),
        ("\n", "otherwise"),
    ],
)
def test_the_cause_is_one_line_of_a_log(log: str, cause: str) -> None:
    assert failure_cause(log, "otherwise") == cause


def test_a_long_running_process_restarts_what_was_killed_or_cleaned_away(tmp_path: Path) -> None:
    url = database_url(tmp_path / "postgres", "crm")
    assert not restart_dead_servers()
    os.kill(int((tmp_path / "postgres/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
    wait_for(lambda: not server_runs(tmp_path / "postgres"))
    assert restart_dead_servers()
    psycopg.connect(url).close()  # the same URL, which child processes have
    server = Cluster(tmp_path / "postgres").running()
    assert server
    shutil.rmtree(server.socket_folder)
    assert restart_dead_servers()
    psycopg.connect(url).close()


def test_a_long_running_process_puts_back_the_link_that_a_cleaned_tmp_has_lost(
    tmp_path: Path,
) -> None:
    pgdata = tmp_path / ("a long name " * 8) / "postgres"
    url = database_url(pgdata, "crm")
    remove_short_path(pgdata / "socket")
    with pytest.raises(psycopg.OperationalError, match="No such file"):
        psycopg.connect(url)
    assert not restart_dead_servers()
    psycopg.connect(url).close()
    stop_server(pgdata)
