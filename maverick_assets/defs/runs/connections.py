"""Connections of a run to Dagster's database."""

from dagster import DagsterInstance

_SECONDS = 1
_STATEMENT_MILLISECONDS = 600_000  # as good as no limit: what waits here is a run, and no page


def keep_connections(instance: DagsterInstance) -> None:
    """Use each connection to Dagster's database for a second, in place of one for each query.

    A run has hundreds of events, and PostgreSQL starts a process for each connection. Dagster's
    webserver keeps its connections in the same way, for longer: a second is enough here, and a
    server that was restarted meanwhile is noticed only as a connection that is too old.
    """
    instance.optimize_for_webserver(
        statement_timeout=_STATEMENT_MILLISECONDS, pool_recycle=_SECONDS, max_overflow=20
    )
