"""Dagster's webserver with the door around it, as a process of `maverick ui`.

`dagster_webserver`'s own command has no place for the door.
"""

import sys

import uvicorn
from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster._utils.interrupts import setup_interrupt_handlers
from dagster._utils.log import configure_loggers
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.cli import (
    DEFAULT_DB_STATEMENT_TIMEOUT,
    DEFAULT_POOL_MAX_OVERFLOW,
    DEFAULT_POOL_RECYCLE,
    _lifespan,
)
from dagster_webserver.version import __version__

from maverick_assets.evaluation.reports.library import ReportLibrary
from maverick_assets.files import keep_files_private
from maverick_assets.registry.catalog import Catalog
from maverick_assets.settings import load_settings
from maverick_assets.ui.door import Door
from maverick_assets.ui.reports import ReportPages
from maverick_assets.ui.rules import Page

_POLL_MILLISECONDS = 2000  # how often the page asks for news, as in Dagster's own command


def main() -> None:
    """Serve the `Page` whose JSON is the only line of stdin, until SIGINT or SIGTERM."""
    keep_files_private()
    page = Page.model_validate_json(sys.stdin.readline())
    settings = load_settings()
    library = ReportLibrary(Catalog(settings.models), settings.reports)
    configure_loggers(log_level="INFO")
    setup_interrupt_handlers()
    with DagsterInstance.get() as instance:
        instance.optimize_for_webserver(
            DEFAULT_DB_STATEMENT_TIMEOUT, DEFAULT_POOL_RECYCLE, DEFAULT_POOL_MAX_OVERFLOW
        )
        target = WorkspaceFileTarget(paths=[str(page.workspace)])
        with WorkspaceProcessContext(instance, target, version=__version__) as context:
            app = create_app_from_workspace_process_context(
                context, live_data_poll_rate=_POLL_MILLISECONDS, lifespan=_lifespan
            )
            uvicorn.run(
                Door(ReportPages(app, library), page.rules),
                host=page.host,
                port=page.port,
                ssl_certfile=page.certificate,
                ssl_keyfile=page.key,
                log_level="warning",  # no line for each request: the first has the token
                proxy_headers=False,  # a connection's peer is who connects, not who a header names
                server_header=False,
            )


if __name__ == "__main__":
    main()
