"""Root starts the server without root's capabilities, on kernels and in containers of all kinds."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from maverick_assets.crm.embedded import database_url
from maverick_assets.crm.embedded.account import server_account
from maverick_assets.crm.embedded.failures import PostgresFailure
from maverick_assets.errors import BadInput
from maverick_assets_tests.processes import stop_server
from maverick_assets_tests.strangers import needs_another_account

pytestmark = needs_another_account

CLIENT = """
import sys
from pathlib import Path
import psycopg
from maverick_assets.crm.embedded import database_url
with psycopg.connect(database_url(Path(sys.argv[1]), "crm")) as connection:
    connection.execute("create table if not exists visits (at timestamptz default now())")
    connection.execute("insert into visits default values")
    print(connection.execute("select count(*) from visits").fetchone()[0])
"""
WITHOUT_NAMESPACES = "-setfcap"  # which the kernel wants of root before it maps root's id


def visit(pgdata: Path, rights: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["setpriv", f"--bounding-set={rights}", sys.executable, "-c", CLIENT, str(pgdata)],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def pgdata(tmp_path: Path) -> Path:
    """Below folders that only root may enter."""
    folder = tmp_path / "closed folder"
    folder.mkdir(mode=0o700)
    return folder / "postgres"


@pytest.mark.parametrize("rights", ["-sys_admin", "-all,+setfcap"])
def test_root_without_the_rights_of_root_has_a_server(pgdata: Path, rights: str) -> None:
    for count in (1, 2):
        done = visit(pgdata, rights)
        assert done.stdout.strip() == str(count), done.stderr
    assert {path.lstat().st_uid for path in pgdata.rglob("*")} == {0}


def test_where_no_namespace_is_granted_the_remedy_is_named(pgdata: Path) -> None:
    done = visit(pgdata, WITHOUT_NAMESPACES)
    [line] = [
        line for line in done.stderr.splitlines() if line.startswith("maverick_assets.errors")
    ]
    reason = "(/proc/self/uid_map: Operation not permitted)"
    assert f"the kernel grants root no user namespace here {reason}; run Maverick as an" in line
    assert "in MAVERICK_POSTGRES_ACCOUNT" in line
    assert not pgdata.exists()


THREAD_AFTER_FORK = """
import os, threading, time
os.register_at_fork(after_in_child=lambda: threading.Thread(
    target=time.sleep, args=(60,), daemon=True).start())
"""


def test_libraries_that_start_threads_after_a_fork_are_not_in_the_way(pgdata: Path) -> None:
    """Thread pools of native libraries do so; a process with threads gets no namespace."""
    done = subprocess.run(
        [sys.executable, "-c", THREAD_AFTER_FORK + CLIENT, str(pgdata)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "1", done.stderr


LIMIT = "/proc/sys/user/max_user_namespaces"  # of the namespace in which it is read


@pytest.mark.parametrize("later", [True, False])
def test_a_namespace_that_is_free_a_moment_later_is_waited_for(pgdata: Path, later: bool) -> None:
    freed = f"(sleep 1; echo 9 > {LIMIT}) &" if later else ""
    script = f'echo 0 > {LIMIT}; {freed} exec "$@"'
    client = [sys.executable, "-c", CLIENT, str(pgdata)]
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", script, "sh", *client],
        capture_output=True,
        text=True,
        check=False,
    )
    if later:
        assert done.stdout.strip() == "1", done.stderr
    else:
        assert "(unshare: No space left on device); run Maverick as an" in done.stderr
        assert not pgdata.exists()


def test_a_command_in_the_namespace_is_started_as_any_other(tmp_path: Path) -> None:
    account = server_account()
    shell = ["/bin/sh", "-c", "grep SigIgn /proc/self/status; pwd; umask; id -u"]
    done = account.run(shell, tmp_path)
    ignored, folder, umask, uid = done.stdout.split("\t")[-1].splitlines()
    assert int(ignored, 16) & (1 << 12) == 0  # SIGPIPE
    assert (folder, umask, int(uid)) == (str(tmp_path), "0077", pwd.getpwnam("nobody").pw_uid)
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        account.run(["no-such-program"], tmp_path)
    forbidden = tmp_path / "forbidden"
    forbidden.write_text("")
    with pytest.raises(PostgresFailure, match=f"user 0 may not run {forbidden}; install"):
        account.run([str(forbidden)], tmp_path)


def test_a_named_account_runs_the_server_and_no_folder_is_opened(pgdata: Path) -> None:
    account = pwd.getpwnam("nobody")
    for count in (1, 2):
        done = visit(pgdata, WITHOUT_NAMESPACES, MAVERICK_POSTGRES_ACCOUNT=account.pw_name)
        assert done.stdout.strip() == str(count), done.stderr
    assert {path.lstat().st_uid for path in (pgdata, *pgdata.rglob("*"))} == {account.pw_uid}
    assert pgdata.parent.stat().st_mode & 0o777 == 0o700
    # Not named any more, root takes it back.
    with psycopg.connect(database_url(pgdata, "crm")) as connection:
        assert connection.execute("select count(*) from visits").fetchone() == (2,)
    assert {path.lstat().st_uid for path in (pgdata, *pgdata.rglob("*"))} == {0}
    stop_server(pgdata)


@pytest.mark.parametrize("rights", ["-sys_admin", "-sys_ptrace"])
def test_a_server_that_runs_as_another_account_is_left_alone(
    pgdata: Path, rights: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One terminal names the account, and another does not; one right lets root see its server."""
    monkeypatch.setenv("MAVERICK_POSTGRES_ACCOUNT", "nobody")
    url = database_url(pgdata, "crm")
    owners = {path.lstat().st_uid for path in pgdata.rglob("*")}
    done = visit(pgdata, rights, MAVERICK_POSTGRES_ACCOUNT="")
    line = done.stderr.splitlines()[-1]
    remedy = "set MAVERICK_POSTGRES_ACCOUNT=nobody, or end its commands"
    assert f"the server runs as nobody; {remedy}" in line
    assert "remove" not in line
    assert {path.lstat().st_uid for path in pgdata.rglob("*")} == owners
    psycopg.connect(url).close()
    assert visit(pgdata, rights).stdout.strip() == "1"
    stop_server(pgdata)


def test_an_account_that_is_named_while_roots_server_runs_is_told_so(pgdata: Path) -> None:
    url = database_url(pgdata, "crm")
    done = visit(pgdata, "-sys_admin", MAVERICK_POSTGRES_ACCOUNT="nobody")
    assert "the server runs as root; unset MAVERICK_POSTGRES_ACCOUNT, or end" in done.stderr
    psycopg.connect(url).close()
    stop_server(pgdata)


@pytest.mark.parametrize(
    ("name", "reason"), [("nobody-here", "there is no account nobody-here"), ("root", "is root")]
)
def test_an_account_that_cannot_be_is_named(
    name: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAVERICK_POSTGRES_ACCOUNT", name)
    with pytest.raises(BadInput, match=f"setting MAVERICK_POSTGRES_ACCOUNT: .*{reason}"):
        server_account()


WATCHED = """
import sys
def watch(event, arguments):
    changes = ("os.chmod", "os.chown", "os.mkdir", "os.remove", "os.rename")
    if event in changes and any("/postgres/" in str(argument) for argument in arguments[:2]):
        print(event, *arguments, file=sys.stderr)
sys.addaudithook(watch)
"""


def test_root_changes_nothing_by_name_in_the_folder_of_another_account(pgdata: Path) -> None:
    """Whoever takes over PostgreSQL swaps names for links there, between any two steps of root."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED + CLIENT, str(pgdata)],
        env=os.environ | {"MAVERICK_POSTGRES_ACCOUNT": "nobody"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("1", "")


def test_a_cluster_that_leads_elsewhere_is_not_taken(pgdata: Path) -> None:
    """Whoever owned it may have put links there, to have files of others given to him."""
    precious = pgdata.parent / "precious"
    precious.write_text("")
    database_url(pgdata, "crm")
    stop_server(pgdata)
    os.chown(pgdata / "PG_VERSION", 12345, -1)
    (pgdata / "base" / "file").hardlink_to(precious)
    with pytest.raises(Exception, match="base/file is a link; put the file there"):
        database_url(pgdata, "crm")
    assert precious.stat().st_uid == 0
    stop_server(pgdata)
