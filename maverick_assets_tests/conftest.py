"""Fixtures that several packages' tests share: real servers and the real base model."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from maverick_assets.base_model.prepare import PreparedBase, ensure_base
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.crm.connection import create_tables
from maverick_assets.crm.embedded import database_url, release_servers
from maverick_assets.settings import Settings
from maverick_assets_tests.leftovers import SessionTraces, stop_multiprocessing

SHARED_BASE = "MAVERICK_TEST_BASE"  # a folder that keeps the unpacked base for other sessions

# A busy machine is slow, not wrong.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--writer-operations",
        type=int,
        default=100_000,
        help="statements of the concurrent writers that extraction must keep up with",
    )
    parser.addoption("--kills", type=int, default=20, help="how often a training is killed")
    parser.addoption(
        "--hosts",
        type=int,
        default=2,
        choices=(2, 3, 4),
        help="network namespaces over which a training is spread",
    )


def is_worker(config: pytest.Config) -> bool:
    """Whether this is one of the processes among which pytest-xdist divides the tests."""
    return hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    """Say how torch is to behave before it is loaded, here and in processes that tests start."""
    os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")  # why: `processes.child_environment`
    if is_worker(config):
        # Its threads would wait at full speed, on a core that another worker needs.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")


_traces = pytest.StashKey[SessionTraces]()
_leftovers = pytest.StashKey[list[str]]()


@pytest.fixture(autouse=True, scope="session")
def clean_environment(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Remove the settings of the person who runs the tests from the environment.

    Everything that the tests start can be told from other processes, and so can temporary files.
    """
    request.config.stash[_traces] = SessionTraces.begin(tmp_path_factory.getbasetemp())
    for name in [
        name for name in os.environ if name.startswith(("MAVERICK_", "DAGSTER_", "WANDB_"))
    ]:
        if name != SHARED_BASE:
            del os.environ[name]


@pytest.fixture(autouse=True)
def the_process_as_it_was() -> Iterator[None]:
    """A command in this process sets variables and a umask, as its own process may."""
    before, umask = dict(os.environ), os.umask(0o022)
    yield
    os.umask(umask)
    os.environ.clear()
    os.environ.update(before)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the session when its tests left processes or temporary files; removes them."""
    traces = session.config.stash.get(_traces, None)
    if traces is not None:  # some test ran, in this process
        release_servers()
        stop_multiprocessing()
        session.config.stash[_leftovers] = traces.leftovers()
        traces.clear()
    lines = session.config.stash.get(_leftovers, [])
    if is_worker(session.config):
        session.config.workeroutput["leftovers"] = lines
    if lines:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Keep what a worker's tests have left behind, for the end of the session."""
    lines = node.config.stash.setdefault(_leftovers, [])
    lines += getattr(node, "workeroutput", {}).get("leftovers", [])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Name what was left behind below the summary, where a reader of the last lines finds it."""
    lines = config.stash.get(_leftovers, [])
    if lines and not is_worker(config):
        config.get_terminal_writer().line("\n".join(["the tests left behind:", *lines]), red=True)


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> PreparedBase:
    """The embedded base model, unpacked once (kept in MAVERICK_TEST_BASE where that is set)."""
    folder = tmp_path_factory.getbasetemp()
    if is_worker(pytestconfig):
        folder = folder.parent  # of all workers
    home = Path(os.environ.get(SHARED_BASE) or folder / "base_model")
    return ensure_base(Settings(home=home, base_model=None))


@pytest.fixture(scope="session")
def tokenizer(base: PreparedBase) -> ChatTokenizer:
    return ChatTokenizer(base.directory)


@pytest.fixture(scope="session")
def pgdata(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One embedded server for the session."""
    return tmp_path_factory.mktemp("crm") / "postgres"


@pytest.fixture
def crm_url(pgdata: Path) -> str:
    """A fresh, empty database."""
    return database_url(pgdata, f"test_{uuid4().hex[:12]}")


@pytest.fixture
def crm(crm_url: str) -> Iterator[psycopg.Connection]:
    """A connection to a new CRM with all tables, all empty."""
    with psycopg.connect(crm_url) as connection:
        create_tables(connection)
        connection.commit()
        yield connection


@pytest.fixture
def crm_environment(
    crm: psycopg.Connection, crm_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings that name the CRM of this test and a run home of its own."""
    monkeypatch.setenv("MAVERICK_CRM_URL", crm_url)
    monkeypatch.setenv("MAVERICK_HOME", str(tmp_path / "home"))
