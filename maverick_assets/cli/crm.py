"""`maverick crm`: import mail and rows into the CRM."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from maverick_assets.cli.console import AsJson, note, print_result
from maverick_assets.cli.services import dagster_instance, running_services
from maverick_assets.crm.connection import adopt, connect, is_own
from maverick_assets.errors import BadInput
from maverick_assets.private.run_home import open_run_home
from maverick_assets.settings import load_settings

if TYPE_CHECKING:
    import psycopg

    from maverick_assets.crm.importers import ImportReport

crm_app = typer.Typer(help="Fill the CRM with records of your own.", no_args_is_help=True)


@crm_app.command("create")
def crm_create() -> None:
    """Create the CRM's tables in the empty database of MAVERICK_CRM_URL, for Maverick to fill.

    Those of Dagster are created as well. The embedded CRM needs no such call.
    """
    settings = load_settings()
    open_run_home(settings.home)
    if settings.crm_url:
        adopt(settings)
    with running_services(settings), dagster_instance():
        note("the tables of the CRM and of Dagster are there")


@crm_app.command("import")
def crm_import(
    mbox: Annotated[Path | None, typer.Option(help="An mbox file.")] = None,
    maildir: Annotated[
        Path | None, typer.Option(help="A Maildir, or any tree of files with one mail each.")
    ] = None,
    jsonl: Annotated[
        list[str] | None,
        typer.Option(help="TABLE=FILE, one row of the table per line; may be repeated."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import mail and rows into a CRM that Maverick made; no other one is ever written to.

    What the CRM has already stays, and is repaired where an earlier release read it wrongly; a
    broken mail is named and skipped.
    """
    if not (mbox or maildir or jsonl):
        raise BadInput("nothing to import: give --mbox FILE, --maildir DIR or --jsonl TABLE=FILE")
    settings = load_settings()
    if not is_own(settings):
        raise BadInput(
            "`maverick crm import` fills a CRM that Maverick made, and MAVERICK_CRM_URL names "
            "another one, to which it never writes: unset it, or fill that one with its own tools"
        )
    with running_services(settings), connect(load_settings()) as connection:
        reports = _import_all(connection, mbox, maildir, jsonl or [])
    for report in reports.values():
        for skipped in report.skipped:
            note(f"skipped {skipped.name}: {skipped.reason}")
    result = {
        source: {
            "imported": report.imported,
            "repaired": report.repaired,
            "unchanged": report.unchanged,
            "skipped": len(report.skipped),
        }
        for source, report in reports.items()
    }
    lines = [
        f"{source}: {counts['imported']} imported, {counts['repaired']} repaired, "
        f"{counts['unchanged']} unchanged, "
        f"{counts['skipped']} skipped"
        for source, counts in result.items()
    ]
    print_result(result, "\n".join(lines), as_json)


def _import_all(
    connection: "psycopg.Connection", mbox: Path | None, maildir: Path | None, jsonl: list[str]
) -> dict[str, "ImportReport"]:
    """The report of each file or folder, by its name."""
    from maverick_assets.crm import importers
    from maverick_assets.crm.mailboxes.folders import read_mail

    reports = {}
    for mailbox in filter(None, (mbox, maildir)):
        reports[str(mailbox)] = importers.import_mail(connection, read_mail(mailbox))
    for argument in jsonl:
        table, separator, file = argument.partition("=")
        if not separator:
            raise BadInput(f"--jsonl {argument}: write TABLE=FILE")
        reports[file] = importers.import_jsonl(connection, table, Path(file))
    return reports
