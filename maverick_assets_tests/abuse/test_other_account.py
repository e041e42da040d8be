"""Another account of the machine reads nothing, connects to nothing, and takes no one's place.

The attacker is a real process with another uid, on a run home that nothing above it protects.
"""

import os
import socket
import struct
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil
import psycopg
import pytest

from maverick_assets.crm.embedded import database_url
from maverick_assets.crm.embedded.passwords import Passwords
from maverick_assets.errors import MaverickError
from maverick_assets.private import folders
from maverick_assets.private.folders import remove_short_path, short_path
from maverick_assets_tests.command import Maverick
from maverick_assets_tests.processes import stop_server
from maverick_assets_tests.strangers import as_stranger, needs_another_account, stranger_uid

ROLES = ("postgres", "crm", "dagster", "maverick-stranger")


class House(NamedTuple):
    """A run home, what `maverick status` printed there, and what was so before that."""

    maverick: Maverick
    shown: str
    accounts: bytes
    modes: list[int]  # of the folders above
    modes_after: list[int]

    @property
    def home(self) -> Path:
        return self.maverick.home

    @property
    def postgres(self) -> Path:
        return self.home / "postgres"


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """A new run home below closed folders, then with open ones above it; its server runs."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="open-") as folder:
        maverick = Maverick(Path(folder) / "deeper" / "home")
        maverick.home.parent.mkdir(mode=0o700)
        modes = [path.stat().st_mode for path in maverick.home.parents]
        accounts = Path("/etc/passwd").read_bytes()
        shown = maverick.ok("status", "--json")
        modes_after = [path.stat().st_mode for path in maverick.home.parents]
        house = House(maverick, shown, accounts, modes, modes_after)
        for path in (maverick.home.parent, Path(folder)):
            path.chmod(0o755)
        with psycopg.connect(database_url(house.postgres, "crm")) as crm:
            crm.execute("insert into sticky_notes (id, content) values ('1', 'a private thought')")
        yield house
        stop_server(house.postgres)


def test_no_account_is_created_and_no_folder_opened(house: House) -> None:
    assert house.modes == house.modes_after
    assert not [path for path in house.home.rglob("*") if path.lstat().st_mode & 0o077]
    assert {path.lstat().st_uid for path in house.home.rglob("*")} == {os.geteuid()}
    assert Path("/etc/passwd").read_bytes() == house.accounts


@contextmanager
def all_doors_open(home: Path) -> Iterator[None]:
    """Let everybody reach the socket, as a careless `chmod` or a bind mount does."""
    pgdata = home / "postgres"
    socket_path = pgdata / "socket" / ".s.PGSQL.5432"
    paths = [home, pgdata, pgdata / "socket", socket_path]
    modes = [path.stat().st_mode for path in paths]
    for path in paths:
        path.chmod(0o777)
    try:
        yield
    finally:
        for path, mode in zip(paths, modes, strict=True):
            path.chmod(mode)


@needs_another_account
def test_a_stranger_lists_and_reads_nothing_of_the_run_home(house: House) -> None:
    paths = [house.home, *house.home.rglob("*")]
    assert len(paths) > 500
    results = as_stranger(
        "look = lambda path: path.is_dir() and os.listdir(path) or path.read_bytes()\n"
        "print(json.dumps([attempt(lambda: look(Path(path))) for path in arguments]))",
        [str(path) for path in paths],
    )
    assert {result.get("error", "read").split(":")[0] for result in results} == {"PermissionError"}


@needs_another_account
def test_a_stranger_does_not_reach_the_socket(house: House) -> None:
    url = database_url(house.postgres, "crm")
    result = as_stranger(
        "print(json.dumps([attempt(lambda: socket.socket(socket.AF_UNIX).connect(arguments[1])),"
        "attempt(lambda: psycopg.connect(arguments[0])),"
        "attempt(lambda: psycopg2.connect(arguments[0]))]))",
        [url, str(house.postgres / "socket/.s.PGSQL.5432")],
    )
    assert all("ermission denied" in attempt["error"] for attempt in result), result


@needs_another_account
def test_a_stranger_is_no_role_though_the_socket_is_open_to_him(house: House) -> None:
    code = """
tries = [dict(host=arguments[0], user=role, dbname=database, password=password)
         for role in arguments[1] for database in ("postgres", "crm", "dagster", "template1")
         for password in ("", role, "postgres")]
print(json.dumps([attempt(lambda: psycopg.connect(**each)) for each in tries]))
"""
    with all_doors_open(house.home):
        results = as_stranger(code, [str(house.postgres / "socket"), ROLES])
    assert len(results) == 48
    reasons = ("password authentication failed", "no password supplied")
    assert all(any(reason in result["error"] for reason in reasons) for result in results), results


def test_the_server_listens_at_no_address(house: House) -> None:
    server = psutil.Process(int((house.postgres / "postmaster.pid").read_text().splitlines()[0]))
    tree = [server, *server.children(recursive=True)]
    assert not [link for process in tree for link in process.net_connections("inet")]


def test_the_server_has_no_capability_of_roots(house: House) -> None:
    pid = (house.postgres / "postmaster.pid").read_text().split()[0]
    status = Path(f"/proc/{pid}/status").read_text()
    sets = [line.split()[1] for line in status.splitlines() if line.startswith(("CapP", "CapE"))]
    assert sets == ["0" * 16] * 2
    assert "NoNewPrivs:\t1" in status or os.geteuid() != 0


@pytest.mark.parametrize("name", ["crm", "dagster"])
def test_a_role_reads_its_own_database_alone_and_starts_no_program(house: House, name: str) -> None:
    url = database_url(house.postgres, name)
    with psycopg.connect(url, autocommit=True) as connection:
        for command in (
            "copy (select 1) to program 'id'",
            "copy (select 1) to '/tmp/x'",
            "create table files (line text); copy files from '/etc/passwd'",
            "select pg_read_file('postmaster.pid')",
            "select pg_ls_dir('.')",
            "select rolpassword from pg_authid",
            "select lo_import('/etc/passwd')",
            "alter system set archive_command = 'id'",
            "create role other superuser",
            "alter role current_user superuser",
            "set role postgres",
            "create database other",
            "create extension dblink",
        ):
            with pytest.raises(psycopg.Error, match=r"permission denied|must be|is not avail"):
                connection.execute(command.encode())
    others = {"crm", "dagster", "postgres", "template1"} - {name}
    for other in others:
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(url, dbname=other)


def test_no_password_is_shown_or_stored_anywhere_but_in_its_file(house: House) -> None:
    pgdata = house.postgres
    passwords = Passwords(pgdata)
    secrets = [password for role in ROLES if (password := passwords.of(role))]
    assert len(secrets) == 3
    shown = [house.shown, database_url(pgdata, "crm")]
    for process in psutil.process_iter(["cmdline", "environ"]):
        shown += [*(process.info["cmdline"] or []), *(process.info["environ"] or {}).values()]
    assert not [text for text in shown if any(secret in text for secret in secrets)]
    for path in house.home.rglob("*"):
        if path.is_file() and path != passwords.path:
            content = path.read_bytes()
            assert not any(secret.encode() in content for secret in secrets), path


@needs_another_account
@pytest.mark.parametrize("trap", ["folder", "link", "open"])
def test_the_place_of_a_link_to_the_socket_that_a_stranger_took_is_refused(
    tmp_path: Path, trap: str
) -> None:
    folder = tmp_path / "a b"
    folder.mkdir()
    place = folders._place_of_link(folder)
    if trap == "open":
        place.mkdir()
        place.chmod(0o777)
    else:
        made = "os.mkdir(arguments)" if trap == "folder" else "os.symlink('/tmp', arguments)"
        as_stranger(f"print(json.dumps(attempt(lambda: {made})))", str(place))
    try:
        with pytest.raises(MaverickError, match=f"^{place} (belongs to|is no|is open)"):
            short_path(folder)
        remove_short_path(folder)
        assert place.is_symlink() or place.exists()  # what is not ours we do not remove either
    finally:
        place.unlink() if place.is_symlink() else place.rmdir()


@needs_another_account
def test_a_socket_folder_that_became_a_strangers_is_refused(house: House) -> None:
    folder = house.postgres / "socket"
    os.chown(folder, stranger_uid(), -1)
    try:
        with pytest.raises(MaverickError, match="socket belongs to"):
            database_url(house.postgres, "crm")
    finally:
        os.chown(folder, 0, -1)
    kept = folder.rename(folder.with_name("kept"))
    folder.symlink_to("kept")
    try:
        with pytest.raises(MaverickError, match="socket is no folder"):
            database_url(house.postgres, "crm")
    finally:
        folder.unlink()
        kept.rename(folder)


@pytest.mark.parametrize("request_", [3, 0], ids=["asks for the password", "asks for none"])
def test_an_impostor_at_the_socket_learns_nothing(
    house: House, tmp_path: Path, request_: int
) -> None:
    url = database_url(house.postgres, "crm")
    with socket.socket(socket.AF_UNIX) as server, ThreadPoolExecutor(1) as pool:
        server.bind(str(tmp_path / ".s.PGSQL.5432"))
        server.listen()
        client = pool.submit(psycopg.connect, url, host=str(tmp_path))
        connection, _ = server.accept()
        assert b"crm" in connection.recv(1000)  # role and database, by name
        connection.sendall(struct.pack("!cii", b"R", 8, request_))
        with pytest.raises(psycopg.OperationalError, match="authentication method requirement"):
            client.result(60)
        assert connection.recv(1000) == b""
        connection.close()


@needs_another_account
def test_a_run_home_of_another_account_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, stranger_uid(), -1)
    done = Maverick(home)("status")
    assert done.returncode == 2
    assert "belongs to" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(home.iterdir())
