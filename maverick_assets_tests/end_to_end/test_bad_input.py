"""Bad input: one line that says what and where, the right exit code, nothing half-written."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.crm.embedded import database_url
from maverick_assets.lake.paths import turns_path
from maverick_assets_tests.command import PROJECT, Maverick


@pytest.fixture
def maverick(base: PreparedBase, pgdata: Path, crm_url: str, tmp_path: Path) -> Maverick:
    """A run home on the session's server: an empty database is its CRM."""
    environment = {
        "MAVERICK_CRM_URL": crm_url,
        "MAVERICK_DAGSTER_URL": database_url(pgdata, "dagster"),
    }
    return with_base(tmp_path / "home", environment, base)


def with_base(home: Path, environment: dict[str, str], base: PreparedBase) -> Maverick:
    """A command whose run home has the base model already."""
    home.mkdir()
    (home / "base").symlink_to(base.directory.parent)
    return Maverick(home, environment)


def complaint(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The one line, after the exit code was checked; no traceback anywhere."""
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("MAVERICK_CRM_URL", "postgresql://allan:pw@127.0.0.1:1/crm", "check MAVERICK_CRM_URL"),
        (
            "MAVERICK_DAGSTER_URL",
            "postgresql://allan:pw@127.0.0.1:1/d",
            "check MAVERICK_DAGSTER_URL",
        ),
        ("MAVERICK_FLEET", "nowhere", "nowhere.yaml: no such file"),
        ("MAVERICK_SOURCES", "/tmp", "/tmp: cannot be read: Is a directory"),
        ("MAVERICK_HOME", "/dev/null", "setting MAVERICK_HOME: /dev/null: is no folder; name"),
        ("MAVERICK_HOME", "/dev/null/home", "/dev/null/home: Not a directory; name another"),
    ],
)
def test_a_setting_that_leads_nowhere_is_named(
    maverick: Maverick, crm: psycopg.Connection, name: str, value: str, text: str
) -> None:
    broken = Maverick(maverick.home, maverick.environment | {name: value})
    line = complaint(broken("run", "ingest"), 2)
    assert text in line
    assert "pw" not in line
    assert not (maverick.home / "lake").exists()


@pytest.fixture
def locked_url(pgdata: Path) -> Iterator[str]:
    """A database and a role of it, with another password than the role's."""
    database_url(pgdata, "locked")
    host = quote(str(pgdata / "socket"))
    with psycopg.connect(database_url(pgdata, "postgres"), autocommit=True) as admin:
        admin.execute("create role clerk login password 'right' in role locked")
        yield f"postgresql://clerk:wrong@/locked?host={host}"
        admin.execute("drop role clerk")


def test_a_wrong_password_is_reported_and_not_shown(maverick: Maverick, locked_url: str) -> None:
    broken = Maverick(maverick.home, maverick.environment | {"MAVERICK_CRM_URL": locked_url})
    line = complaint(broken("run", "ingest"), 2)
    assert "password authentication failed" in line
    assert "wrong" not in line


def test_a_missing_table_and_a_missing_column_are_named(
    maverick: Maverick, crm: psycopg.Connection
) -> None:
    crm.execute("drop table crm_deals")
    crm.commit()
    assert "the CRM has no table crm_deals" in complaint(maverick("run", "ingest"), 2)
    crm.execute("create table crm_deals (id text, deal_name text)")
    crm.commit()
    assert "table crm_deals has no column stage" in complaint(maverick("run", "ingest"), 2)
    assert not (maverick.home / "lake").exists()


def test_an_empty_crm_is_reported_and_trains_nothing(
    maverick: Maverick, crm: psycopg.Connection
) -> None:
    done = maverick("run", "ingest", "--personality", "robbie")
    assert "the CRM holds no text to learn from" in complaint(done, 2)
    assert not turns_path(maverick.home / "lake").exists()
    assert not (maverick.home / "lake" / "datasets").exists()


def test_a_typo_in_a_personality_file_is_named_with_file_and_line(
    maverick: Maverick, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    shutil.copytree(PROJECT / "maverick_assets", project / "maverick_assets")
    recipe = project / "maverick_assets" / "personalities" / "robbie.yaml"
    recipe.write_text(recipe.read_text() + "sytem_prompt: You are Robbie.\n")
    number = len(recipe.read_text().splitlines())
    broken = Maverick(maverick.home, maverick.environment, project)
    line = complaint(broken("chat", "robbie", "Hello"), 2)
    assert f"robbie.yaml:{number}: sytem_prompt: unknown key" in line


def test_a_personality_of_ones_own_is_known_to_every_command(
    maverick: Maverick, crm: psycopg.Connection, tmp_path: Path
) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    recipe = (PROJECT / "maverick_assets" / "personalities" / "gatekeeper.yaml").read_text()
    (folder / "chef.yaml").write_text(recipe.replace("gatekeeper", "chef"))
    environment = maverick.environment | {"MAVERICK_PERSONALITIES": str(folder)}
    own = Maverick(maverick.home, environment)
    for arguments in (["run", "ingest", "--personality", "bob"], ["chat", "bob", "Hello"]):
        assert complaint(own(*arguments), 2).endswith("no personality 'bob'; there are: chef")
    assert "no personality 'chef' has a version" in complaint(own("chat", "chef", "Hello"), 2)
    (folder / "chef.yaml").unlink()
    line = complaint(own("run", "ingest"), 2)
    assert f"setting MAVERICK_PERSONALITIES: {folder} has no personality file" in line


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["run", "ingest", "--personality", "bob"], "no personality 'bob'; there are: allan"),
        (["chat", "bob", "Hello"], "no personality 'bob'; there are: allan"),
        (["chat", "robbie", "Hello"], "no personality 'robbie' has a version"),
        (["models", "show", "robbie"], "no personality 'robbie' has a version"),
        (["crm", "import"], "nothing to import"),
        (["crm", "import", "--mbox", "any.mbox"], "MAVERICK_CRM_URL names another"),
        (["demo"], "MAVERICK_CRM_URL names another"),
    ],
)
def test_arguments_that_name_nothing_are_reported(
    maverick: Maverick, crm: psycopg.Connection, arguments: list[str], text: str
) -> None:
    assert text in complaint(maverick(*arguments), 2)


def test_a_taken_port_is_named(maverick: Maverick) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = complaint(maverick("ui", "--port", str(port)), 2)
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in line


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system with 1 MB of space."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=777", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("mounting a small file system needs the rights of root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_without_space_leaves_no_half_written_table(
    maverick: Maverick, crm: psycopg.Connection, small_disk: Path, base: PreparedBase
) -> None:
    full = with_base(small_disk / "home", maverick.environment, base)
    crm.execute(
        "insert into sticky_notes (id, content) "
        "select n::text, (select string_agg(md5(n * 1000 + m || ''), ' ') "
        "from generate_series(1, 200) m) from generate_series(1, 400) n"
    )
    crm.commit()
    done = full("run", "ingest", "--personality", "robbie")
    line = complaint(done, 1)
    assert str(small_disk) in line
    assert not list((small_disk / "home").rglob("lake/raw/sticky_notes/_delta_log/*.json"))


def test_an_embedded_server_without_space_is_one_line(small_disk: Path) -> None:
    line = complaint(Maverick(small_disk / "home")("status"), 1)
    assert "the embedded PostgreSQL in" in line
    assert "No space left" in line or "free the disk" in line
