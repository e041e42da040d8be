"""A cluster that the release before made is closed at its first start, and loses no row.

That release let in every local account (`trust`), had one role for all, and as root gave the
cluster to an account `embedded_postgres`, for which it opened the folders above.
"""

import fcntl
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from maverick_assets.crm.connection import create_tables
from maverick_assets.crm.embedded import database_url
from maverick_assets.crm.embedded.cluster import _installation
from maverick_assets.crm.embedded.passwords import Passwords
from maverick_assets.errors import MaverickError
from maverick_assets.private.run_home import open_run_home
from maverick_assets_tests.command import Maverick
from maverick_assets_tests.processes import eventually, stop_server
from maverick_assets_tests.strangers import stranger_uid

AS_THE_RELEASE_BEFORE = {"user": stranger_uid(), "extra_groups": []} if os.geteuid() == 0 else {}


def start_as_the_release_before(pgdata: Path, sockets: Path) -> subprocess.Popen[bytes]:
    """Its server, at a socket elsewhere."""
    server = [_installation() / "bin" / "postgres", "-D", "/proc/self/cwd"]
    options = [f"--unix_socket_directories={sockets}", "--listen_addresses="]
    return subprocess.Popen(
        [*server, *options], cwd=pgdata, stderr=subprocess.DEVNULL, **AS_THE_RELEASE_BEFORE
    )


@pytest.fixture
def sockets() -> Iterator[Path]:
    """The folder of the earlier release's sockets."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chown(folder, stranger_uid() if os.geteuid() == 0 else -1, -1)
        yield Path(folder)


@pytest.fixture
def old_home(tmp_path: Path, sockets: Path) -> Path:
    """A run home of the release before, open as it was, with a row in each database."""
    home = tmp_path / "home"
    pgdata = home / "postgres"
    for folder in (home / "keys", pgdata):
        folder.mkdir(parents=True)
    pgdata.chmod(0o700)
    (home / "lake").mkdir()
    (home / "lake" / "turns.parquet").write_text("private words")
    initdb = [_installation() / "bin" / "initdb", "-D", "/proc/self/cwd", "-U", "postgres"]
    if os.geteuid() == 0:  # which wants a name
        initdb = ["unshare", "--user", "--map-user=65534", "--map-group=65534", *initdb]
    flags = ["--auth=trust", "--encoding=UTF8", "--no-sync"]
    subprocess.run([*initdb, *flags], cwd=pgdata, check=True, capture_output=True)
    for path in [pgdata, *pgdata.rglob("*")] if os.geteuid() == 0 else []:
        os.chown(path, stranger_uid(), -1)
    server = start_as_the_release_before(pgdata, sockets)
    address = f"postgresql://postgres@/postgres?host={sockets}"
    with eventually(lambda: psycopg.connect(address, autocommit=True)) as admin:
        admin.execute("create database crm")
        admin.execute("create database dagster")
    with psycopg.connect(address, dbname="crm") as crm:
        create_tables(crm)
        crm.execute("insert into sticky_notes (id, content) values ('1', 'kept')")
        crm.execute("create view recent as select id from sticky_notes")
        crm.execute("create type mood as enum ('calm')")
        crm.execute("create schema own; create table own.calls (id serial primary key, m mood)")
        crm.execute("create function one() returns int language sql return 1")
    with psycopg.connect(address, dbname="dagster") as dagster:
        dagster.execute("create table journal (id bigserial primary key, entry text unique)")
        dagster.execute("insert into journal (entry) values ('r')")
    server.terminate()
    server.wait(30)
    home.chmod(0o755)
    return home


def test_it_is_closed_and_keeps_its_rows(
    old_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = Maverick(old_home)("status")
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 2, lines
    assert "was open to other accounts: 3 files and folders in it are private now" in lines[0]
    assert "had no password that this account knows; its roles have new ones" in lines[1]
    assert ("belonged to" in lines[1]) == (os.geteuid() == 0)
    paths = [old_home, *old_home.rglob("*")]
    assert not [path for path in paths if path.lstat().st_mode & 0o077]
    assert {path.lstat().st_uid for path in paths} == {os.geteuid()}
    with psycopg.connect(database_url(old_home / "postgres", "crm")) as crm:
        assert crm.execute("select content from sticky_notes").fetchall() == [("kept",)]
        crm.execute("alter table sticky_notes add column more text")
        crm.execute("drop view recent; drop table own.calls; drop type mood; drop schema own")
        crm.execute("drop function one()")
    with psycopg.connect(database_url(old_home / "postgres", "dagster")) as dagster:
        dagster.execute("insert into journal (entry) values ('s')")
        dagster.execute("alter table journal add column more text")
        owned = "select count(*) from pg_class where relowner = 'postgres'::regrole and oid > 16384"
        assert dagster.execute(owned).fetchone() == (0,)
    assert capsys.readouterr().err == ""  # once is enough
    assert open_run_home(old_home) is None
    stop_server(old_home / "postgres")


def test_its_server_still_running_is_stopped_and_one_in_use_is_not(
    old_home: Path, sockets: Path
) -> None:
    assert open_run_home(old_home)
    pgdata = old_home / "postgres"
    server = start_as_the_release_before(pgdata, sockets)
    eventually(lambda: psycopg.connect(f"postgresql://postgres@/crm?host={sockets}")).close()
    with (old_home / ".postgres.holders").open("w") as command:
        fcntl.flock(command, fcntl.LOCK_SH)
        with pytest.raises(MaverickError, match="an earlier release still uses it; end its"):
            database_url(pgdata, "crm")
    assert server.poll() is None
    with psycopg.connect(database_url(pgdata, "crm")) as crm:
        assert crm.execute("select content from sticky_notes").fetchall() == [("kept",)]
    assert server.wait(60) == 0
    stop_server(pgdata)


def test_passwords_that_are_lost_or_of_another_cluster_are_set_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pgdata = tmp_path / "postgres"
    with psycopg.connect(database_url(pgdata, "crm")) as crm:
        crm.execute("create table kept ()")
    passwords = Passwords(pgdata)
    passwords.path.unlink()
    for _ in range(2):
        with psycopg.connect(database_url(pgdata, "crm")) as crm:
            crm.execute("select from kept")
        assert "its roles have new ones" in capsys.readouterr().err
        text = passwords.path.read_text()
        passwords.path.write_text(text.replace(str(passwords.of("postgres")), "a" * 64))
        passwords.create("crm")
    stop_server(pgdata)


def test_passwords_that_others_can_read_are_refused(tmp_path: Path) -> None:
    url = database_url(tmp_path / "postgres", "crm")
    path = Passwords(tmp_path / "postgres").path
    path.chmod(0o640)
    with pytest.raises(MaverickError, match="can be read by others; run: chmod 600"):
        database_url(tmp_path / "postgres", "other")
    path.chmod(0o600)
    psycopg.connect(url).close()
    stop_server(tmp_path / "postgres")
