"""No row is lost while others write, nor when server or extraction are killed."""

import os
import random
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from maverick_assets.crm.connection import create_tables
from maverick_assets.crm.embedded import database_url
from maverick_assets.crm.extraction import extract
from maverick_assets.crm.schema import TABLES
from maverick_assets.lake.paths import raw_path
from maverick_assets_tests.command import PROJECT
from maverick_assets_tests.crm.writers import Writers, differences
from maverick_assets_tests.processes import eventually

DEALS = TABLES["crm_deals"]
NOTHING = {"missing": 0, "stale": 0, "duplicate": 0, "dead": 0}


class CursorPoller:
    """The positive control: it polls for `updated_at >= last`, as many pipelines do."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._last = datetime(2000, 1, 1, tzinfo=UTC)
        self.rows: dict[str, str] = {}

    def poll(self) -> None:
        with psycopg.connect(self._url) as connection:
            rows = connection.execute(
                "select id, notes, updated_at from crm_deals where updated_at >= %s", [self._last]
            ).fetchall()
        for key, notes, updated in rows:
            self.rows[key] = notes
            self._last = max(self._last, updated)

    def lost(self) -> int:
        """Rows at the source that it lacks or has in an older state."""
        with psycopg.connect(self._url) as connection:
            source: dict[str, str] = dict(
                connection.execute("select id, notes from crm_deals").fetchall()
            )
        return sum(self.rows.get(key) != notes for key, notes in source.items())


def test_eight_writers_lose_no_row_and_a_timestamp_cursor_does(
    crm: psycopg.Connection, crm_url: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    operations = pytestconfig.getoption("--writer-operations")
    target = raw_path(tmp_path, "crm_deals")
    naive = CursorPoller(crm_url)
    extractions = 0
    with Writers(crm_url, 8) as writers:
        while writers.done < operations:
            extract(crm_url, DEALS, tmp_path)
            naive.poll()
            extractions += 1
    last = extract(crm_url, DEALS, tmp_path)
    naive.poll()
    assert extractions > 10
    assert last.method == "snapshot horizon"
    assert differences(crm_url, target) == NOTHING
    assert naive.lost() > 0


# For each line that it reads it forks a process, which runs one extraction and kills itself at the
# named point, by SIGKILL as the kernel would. It answers with the signal, or 0.
KILLED_AT = """
import os, signal, sys, threading, traceback
from pathlib import Path
from maverick_assets.crm import extraction, table_reader
from maverick_assets.crm.schema import TABLES

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def dying(function, before):
    def wrapped(*arguments, **options):
        if before:
            die()
        function(*arguments, **options)
        die()
    return wrapped

def run(url, lake, point):
    if point == "snapshot":
        extraction.begin_snapshot = dying(extraction.begin_snapshot, before=False)
    elif point == "stream":
        table_reader.as_raw_batch = dying(table_reader.as_raw_batch, before=False)
    elif point == "before commit":
        extraction.sync_table = dying(extraction.sync_table, before=True)
    elif point == "after commit":
        extraction.sync_table = dying(extraction.sync_table, before=False)
    else:
        threading.Timer(float(point), die).start()
    extraction.extract(url, TABLES["crm_deals"], Path(lake))
    die()

for line in sys.stdin:
    child = os.fork()
    if not child:
        try:
            run(*line.rstrip("\\n").split("\\t"))
        except BaseException:
            traceback.print_exc()
        os._exit(1)
    status = os.waitpid(child, 0)[1]
    print(os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0, flush=True)
"""


class DyingExtractions:
    """Extractions in processes of their own, each killed at a point."""

    def __init__(self, url: str, lake: Path) -> None:
        self._arguments = f"{url}\t{lake}"
        self._process = subprocess.Popen(
            [sys.executable, "-c", KILLED_AT],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "DyingExtractions":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def kill_one_at(self, point: str) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(f"{self._arguments}\t{point}", file=self._process.stdin, flush=True)
        assert self._process.stdout.readline() == f"{signal.SIGKILL}\n"


def test_kills_of_server_and_extraction_lose_no_row(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pgdata = tmp_path_factory.mktemp("killed") / "postgres"
    name = f"test_{uuid4().hex[:12]}"
    url = database_url(pgdata, name)
    with psycopg.connect(url) as connection:
        create_tables(connection)
    target = raw_path(tmp_path, "crm_deals")
    extract(url, DEALS, tmp_path)
    rng = random.Random(1)
    points = ["snapshot", "stream", "before commit", "after commit"]
    points += [f"{rng.uniform(0.001, 0.1):.3f}" for _ in range(4)]
    with DyingExtractions(url, tmp_path) as dying, Writers(url, 4) as writers:
        for kill in range(30):
            if kill % 3 == 0:
                kill_server(pgdata)
                eventually(lambda: database_url(pgdata, name))
            else:
                dying.kill_one_at(points[kill % len(points)])
            eventually(lambda: extract(url, DEALS, tmp_path))
        while writers.done < 10_000:
            extract(url, DEALS, tmp_path)
    extract(url, DEALS, tmp_path)
    assert differences(url, target) == NOTHING


def test_transaction_ids_that_a_crash_gives_out_again_hide_no_row(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pgdata = tmp_path_factory.mktemp("crashed") / "postgres"
    name = f"test_{uuid4().hex[:12]}"
    url = database_url(pgdata, name)
    target = raw_path(tmp_path, "crm_deals")
    with psycopg.connect(url) as connection:
        create_tables(connection)
        connection.execute("insert into crm_deals (id, notes) values ('1', 'old')")
    # Every 15 seconds the server writes down which ids were taken. A crash right after loses none.
    for _ in range(5):
        with psycopg.connect(url) as connection:
            horizon = use_up_ids(connection, 50)
        extract(url, DEALS, tmp_path)
        kill_server(pgdata)
        eventually(lambda: database_url(pgdata, name))
        with psycopg.connect(url) as connection:
            connection.execute("update crm_deals set notes = 'new'")
            reused = connection.execute("select pg_current_xact_id()::text::bigint").fetchone()
        assert reused is not None
        if reused[0] < horizon:
            break
    assert reused[0] < horizon, "no crash lost ids: the test shows nothing"
    with psycopg.connect(url) as connection:
        assert use_up_ids(connection, 50) > horizon
    done = extract(url, DEALS, tmp_path)
    assert "a server that crashed" in done.reason
    assert differences(url, target) == NOTHING
    with psycopg.connect(database_url(pgdata, "postgres")) as admin:
        admin.execute("checkpoint")
    assert extract(url, DEALS, tmp_path).method == "snapshot horizon"


def use_up_ids(connection: psycopg.Connection, count: int) -> int:
    """Take transaction ids that leave no trace in the server's log; returns the last."""
    last = 0
    for _ in range(count):
        row = connection.execute("select pg_current_xact_id()::text::bigint").fetchone()
        connection.rollback()
        assert row is not None
        last = row[0]
    return last


def kill_server(pgdata: Path) -> None:
    """SIGKILL to the postmaster; its children notice and end."""
    pid = int((pgdata / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
