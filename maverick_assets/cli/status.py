"""`maverick status`: rows of the CRM, versions in service, last runs."""

from collections import Counter
from collections.abc import Mapping, Sequence

import psycopg
from psycopg import sql

from maverick_assets.cli.console import AsJson, print_result
from maverick_assets.cli.models import summary, versions_in_service
from maverick_assets.cli.services import dagster_instance, running_services
from maverick_assets.crm.connection import connect, describe_database
from maverick_assets.crm.schema import TABLES
from maverick_assets.recipes import load_recipes
from maverick_assets.settings import load_settings


def status(as_json: AsJson = False) -> None:
    """Show the run home, the rows of the CRM, the versions in service and the last runs."""
    from maverick_assets.datasets.quality.unused_tables import read_warnings
    from maverick_assets.datasets.turns.mail_authors import authorship_counts

    settings = load_settings()
    with running_services(settings):
        with connect(load_settings()) as connection:
            rows = {name: _count_rows(connection, name) for name in TABLES}
            where = describe_database(load_settings().crm_url or "")
        with dagster_instance() as instance:
            runs = [
                {"job": run.job_name, "status": run.status.value, "run": run.run_id}
                for run in instance.get_runs(limit=5)
            ]
    versions = [summary(manifest) for manifest in versions_in_service(settings)]
    warnings = {name: read_warnings(settings.dataset_cards(name)) for name in load_recipes()}
    mails = authorship_counts(settings.lake)
    result = {
        "home": str(settings.home),
        "crm": where,
        "rows": rows,
        "warnings": {name: lines for name, lines in warnings.items() if lines},
        "mails": dict(mails),
        "versions": versions,
        "runs": runs,
    }
    lines = [
        f"run home  {settings.home}",
        f"CRM       {where}",
        *(
            f"          {name}: {'no table' if count is None else f'{count} rows'}"
            for name, count in rows.items()
        ),
        *warning_lines(warnings),
        *_mail_lines(mails),
        *(f"version   {version['personality']} {version['version']}" for version in versions),
        *(f"run       {run['job']} {run['status']} {run['run'][:8]}" for run in runs),
    ]
    print_result(result, "\n".join(lines), as_json)


def warning_lines(warnings: Mapping[str, Sequence[str]]) -> list[str]:
    """Tables that give a personality no example, each with the reason; each reason once."""
    readers: dict[str, list[str]] = {}
    for name, lines in warnings.items():
        for line in lines:
            readers.setdefault(line, []).append(name)
    return [f"warning   {line} ({', '.join(names)})" for line, names in readers.items()]


def _mail_lines(mails: Counter[str]) -> list[str]:
    """Mails that are not taken for their sender's words, and where those that wait can be seen."""
    from maverick_assets.datasets.authorship.judgement import WAITING

    if not mails:
        return []
    counts = ", ".join(f"{count} {reason}" for reason, count in mails.most_common())
    waiting = sum(mails[reason] for reason in WAITING)
    hint = f"; {waiting} wait: maverick datasets quarantine" if waiting else ""
    return [f"mails     not their sender's words: {counts}{hint}"]


def _count_rows(connection: psycopg.Connection, table: str) -> int | None:
    """The number of rows in a table; None when the CRM does not have the table."""
    exists = connection.execute("select to_regclass(%s) is not null", [table]).fetchone()
    if not exists or not exists[0]:
        return None
    query = sql.SQL("select count(*) from {}").format(sql.Identifier(table))
    count = connection.execute(query).fetchone()
    return int(count[0]) if count else None
