"""Concurrent writers of `crm_deals`: everything that a busy CRM does to its rows."""

import random
import threading
import time
from contextlib import suppress
from pathlib import Path

import psycopg

from maverick_assets.crm.raw_table import live_rows

LONGEST_SECONDS = 2.5
SHARED_ROWS = 50


class Writers:
    """Threads that write until the block ends. `done` counts the statements they executed.

    Each transaction has up to 20 inserts, updates and deletes, some in savepoints that are rolled
    back; one in ten is rolled back whole, one in thirty stays open for up to 2.5 s. A writer whose
    server dies connects again.
    """

    def __init__(self, url: str, count: int) -> None:
        self._url = url
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.done = 0
        self.errors: list[Exception] = []
        self._threads = [threading.Thread(target=self._work, args=(n,)) for n in range(count)]

    def __enter__(self) -> "Writers":
        with psycopg.connect(self._url) as connection:
            connection.execute(
                "insert into crm_deals (id, updated_at) "
                "select 'shared-' || n, now() from generate_series(1, %s) n",
                [SHARED_ROWS],
            )
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        if self.errors and not failure:
            raise self.errors[0]

    def _work(self, number: int) -> None:
        rng = random.Random(number)
        try:
            while not self._stop.is_set():
                with suppress(psycopg.OperationalError), psycopg.connect(self._url) as connection:
                    self._session(connection, number, rng)
        except Exception as error:
            self.errors.append(error)

    def _session(self, connection: psycopg.Connection, number: int, rng: random.Random) -> None:
        while not self._stop.is_set():
            for _ in range(rng.randint(1, 20)):
                if rng.random() < 0.1:
                    self._savepoint(connection, number, rng)
                else:
                    self._operate(connection, number, rng)
            if rng.random() < 1 / 30:
                time.sleep(rng.uniform(0, LONGEST_SECONDS))
            if rng.random() < 0.1:
                connection.rollback()
            else:
                connection.commit()

    def _savepoint(self, connection: psycopg.Connection, number: int, rng: random.Random) -> None:
        with connection.transaction(force_rollback=rng.random() < 0.5):
            self._operate(connection, number, rng)
            self._operate(connection, number, rng)

    def _operate(self, connection: psycopg.Connection, number: int, rng: random.Random) -> None:
        own = f"{number}-%"
        kind = rng.random()
        if kind < 0.5:
            connection.execute(
                "insert into crm_deals (id, notes, updated_at) values (%s, %s, now())",
                [f"{number}-{rng.getrandbits(60):x}", f"{rng.random()}"],
            )
        elif kind < 0.7:
            connection.execute(
                "update crm_deals set notes = %s, updated_at = now() where id = "
                "(select id from crm_deals where id like %s limit 1 offset %s)",
                [f"{rng.random()}", own, rng.randint(0, 40)],
            )
        elif kind < 0.8:
            connection.execute(
                "update crm_deals set notes = %s, updated_at = now() where id = (select id "
                "from crm_deals where id = %s for update skip locked)",
                [f"{rng.random()}", f"shared-{rng.randint(1, SHARED_ROWS)}"],
            )
        else:
            connection.execute(
                "delete from crm_deals where id = "
                "(select id from crm_deals where id like %s limit 1 offset %s)",
                [own, rng.randint(0, 40)],
            )
        with self._lock:
            self.done += 1


def differences(url: str, target: Path) -> dict[str, int]:
    """How many rows of `crm_deals` a raw table lacks, and how many of its own are stale, double or
    no longer at the source."""
    with psycopg.connect(url) as connection:
        source: dict[str, str] = dict(
            connection.execute("select id, notes from crm_deals").fetchall()
        )
    rows = live_rows(target)
    stored = {row["id"]: row["notes"] for row in rows}
    return {
        "missing": len(source.keys() - stored.keys()),
        "stale": sum(stored[key] != source[key] for key in source.keys() & stored.keys()),
        "duplicate": len(rows) - len(stored),
        "dead": len(stored.keys() - source.keys()),
    }
