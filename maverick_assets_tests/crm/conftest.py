"""A real PostgreSQL: one embedded server for the session, a fresh database for each test."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

from maverick_assets.crm.embedded import database_url
from maverick_assets.crm.schema import create_tables

NUMBERS = count(1)


@pytest.fixture(scope="session")
def pgdata(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("crm") / "postgres"


@pytest.fixture
def crm(pgdata: Path) -> Iterator[psycopg.Connection]:
    """A connection to a new CRM with all tables, all empty."""
    with psycopg.connect(database_url(pgdata, f"test_{next(NUMBERS)}")) as connection:
        create_tables(connection)
        connection.commit()
        yield connection
