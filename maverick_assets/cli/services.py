"""The services that commands need: both databases and the Dagster instance."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from maverick_assets.cli.console import note
from maverick_assets.crm.connection import (
    connect,
    create_own_tables,
    crm_url,
    dagster_url,
    open_database,
)
from maverick_assets.crm.embedded import forget_client_variables
from maverick_assets.errors import BadInput
from maverick_assets.lake.paths import forgotten_path
from maverick_assets.private.run_home import open_run_home
from maverick_assets.settings import Settings, load_settings

if TYPE_CHECKING:
    from dagster import DagsterInstance

FIRST_START_LOCK = 1_536_001  # any number that nothing else locks
PROJECT = Path(__file__).parents[2]  # the checkout


@contextmanager
def running_services(settings: Settings) -> Iterator[None]:
    """Inside this context both databases are up, and the environment names them to other processes.

    The tables of the embedded CRM are created; a CRM of the user's own is never altered. Paths in
    the environment are absolute, because Dagster's processes work in another directory.
    """
    open_run_home(settings.home)
    dagster_home = str(PROJECT / "dagster_home")
    inherited = os.environ.get("DAGSTER_HOME") or dagster_home
    if Path(inherited).absolute() != Path(dagster_home):
        note(f"DAGSTER_HOME={inherited} is not used: Maverick's runs are in {dagster_home}")
    if settings.crm_url is None and settings.dagster_url is None:
        forget_client_variables()
    os.environ |= {
        "MAVERICK_HOME": str(settings.home),
        "MAVERICK_CRM_URL": crm_url(settings),
        "MAVERICK_DAGSTER_URL": dagster_url(settings),
        "MAVERICK_BASE_MODEL": settings.base_model or "",
        "MAVERICK_FLEET": settings.fleet,
        "MAVERICK_PERSONALITIES": settings.personalities,
        "MAVERICK_SOURCES": str(settings.sources or ""),
        "MAVERICK_ARTIFACTS": str(settings.home / "logs"),
        "DAGSTER_HOME": dagster_home,
    }
    if settings.crm_url is None:
        with connect(load_settings()) as connection:
            create_own_tables(connection)
    if forgotten_path(settings.lake).exists():
        _migrate_forgotten(settings)
    yield


def _migrate_forgotten(settings: Settings) -> None:
    """Bring a list of an earlier release up to date."""
    from maverick_assets.crm.sources.sources_file import raw_tables
    from maverick_assets.pipeline.forget.order import migrate_list

    for contact in migrate_list(settings, raw_tables(settings)):
        note(
            f"{contact} was forgotten before and is one of MAVERICK_OWNER_EMAIL now: "
            "its mails stay out; correct the setting if it is not yours"
        )


@contextmanager
def dagster_instance() -> Iterator["DagsterInstance"]:
    """The instance of `DAGSTER_HOME`. Raises `BadInput` when its storage cannot be reached.

    A history of an earlier release loses the texts that it holds.
    """
    from dagster import DagsterInstance

    from maverick_assets.defs.runs.history import purge_texts_once

    # Dagster itself would try for a quarter of a minute and fail with a page of stack trace.
    with open_database(os.environ["MAVERICK_DAGSTER_URL"], "MAVERICK_DAGSTER_URL") as connection:
        # Its first start creates tables, and two first starts at once get in each other's way.
        connection.execute("select pg_advisory_lock(%s)", [FIRST_START_LOCK])
        instance = DagsterInstance.get()
        cards = load_settings().reports.glob("datasets/*/*.html")
        if (changed := purge_texts_once(instance, cards)) is not None:
            note(f"removed texts of an earlier release from Dagster's history: {changed} entries")
    with instance:
        yield instance


def require_free_port(host: str, port: int) -> None:
    """Raise `BadInput` where nothing can listen."""
    try:
        socket.create_server((host, port)).close()
    except OSError as error:
        reason = (error.strerror or str(error)).split(" (")[0]
        raise BadInput(
            f"cannot listen on {host}:{port}: {reason}; give another --host or --port"
        ) from error
