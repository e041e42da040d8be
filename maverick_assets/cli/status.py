"""`maverick status`: rows of the CRM, versions in service, last runs."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from maverick_assets.cli.console import AsJson, print_result
from maverick_assets.cli.models.versions import summary, versions_in_service
from maverick_assets.cli.services import dagster_instance, running_services
from maverick_assets.crm.connection import connect, describe_database
from maverick_assets.crm.schema import TABLES
from maverick_assets.recipes import load_recipes
from maverick_assets.settings import load_settings

if TYPE_CHECKING:
    from maverick_assets.pipeline.production.days import VersionMetrics

UNLIKELY = 0.01  # by chance alone: then a line says it


def status(as_json: AsJson = False) -> None:
    """Show the run home, the rows of the CRM, the versions in service and the last runs."""
    from maverick_assets.datasets.quality.unused_tables import read_warnings
    from maverick_assets.datasets.turns.mail_authors import authorship_counts
    from maverick_assets.pipeline.production.refresh import last_week

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
    week = last_week(settings, datetime.now(UTC))
    result = {
        "home": str(settings.home),
        "crm": where,
        "rows": rows,
        "warnings": {name: lines for name, lines in warnings.items() if lines},
        "mails": dict(mails),
        "versions": versions,
        "week": [asdict(row) for row in week],
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
        *(f"week      {week_line(row)}" for row in week),
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


def week_line(row: "VersionMetrics") -> str:
    """What a version did in the last seven days.

    `robbie v1.0: 31 answers, 0.4 s to the first word (95 %: 1.2 s), 12 ratings of 7.3 (6.1 to 8.4),
    2 corrections, asked about other things than in training`
    """
    parts = [f"{row.answers} answers"]
    if row.first_token_ms_p50 is not None and row.first_token_ms_p95 is not None:
        p50, p95 = row.first_token_ms_p50 / 1000, row.first_token_ms_p95 / 1000
        parts.append(f"{p50:.1f} s to the first word (95 %: {p95:.1f} s)")
    if row.rating_mean is not None:
        sure = row.rating_low is not None and row.rating_high is not None
        interval = f" ({row.rating_low:.1f} to {row.rating_high:.1f})" if sure else ""
        parts.append(f"{row.ratings} ratings of {row.rating_mean:.1f}{interval}")
    if row.corrections:
        parts.append(f"{row.corrections} corrections")
    if row.judgements:
        rated = "" if row.judged_mean is None else f", rated {row.judged_mean:.1f}"
        parts.append(
            f"{row.judgements} judged blind{rated}, taken for the owner in {row.taken_for_owner}"
        )
    if row.topic_p is not None and row.topic_p < UNLIKELY:
        parts.append("asked about other things than in training")
    if row.length_p is not None and row.length_p < UNLIKELY:
        parts.append("answers of other lengths than in training")
    return f"{row.personality} {row.version}: {', '.join(parts)}"


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
