"""`maverick crm`: what the personalities are made from, imported."""

from pathlib import Path
from typing import Annotated

import typer

from maverick_assets.cli.console import AsJson, note, print_result
from maverick_assets.cli.services import running_services
from maverick_assets.crm.connection import connect
from maverick_assets.errors import BadInput
from maverick_assets.settings import load_settings

crm_app = typer.Typer(help="The CRM: what the personalities are made from.", no_args_is_help=True)


@crm_app.command("import")
def crm_import(
    mbox: Annotated[Path | None, typer.Option(help="An mbox file.")] = None,
    maildir: Annotated[Path | None, typer.Option(help="A Maildir, or any tree of mails.")] = None,
    jsonl: Annotated[list[str] | None, typer.Option(help="TABLE=FILE, repeatable.")] = None,
    as_json: AsJson = False,
) -> None:
    """Load mail and rows; what is there already is left alone."""
    from maverick_assets.crm import importers

    if not (mbox or maildir or jsonl):
        raise BadInput("nothing to import: give --mbox FILE, --maildir DIR or --jsonl TABLE=FILE")
    settings = load_settings()
    reports: dict[str, importers.ImportReport] = {}
    with running_services(settings), connect(load_settings()) as connection:
        if mbox:
            reports[str(mbox)] = importers.import_mail(connection, importers.read_mbox(mbox))
        if maildir:
            mails = importers.read_maildir(maildir)
            reports[str(maildir)] = importers.import_mail(connection, mails)
        for entry in jsonl or []:
            table, separator, file = entry.partition("=")
            if not separator:
                raise BadInput(f"--jsonl {entry}: write TABLE=FILE")
            reports[file] = importers.import_jsonl(connection, table, Path(file))
    for report in reports.values():
        for skipped in report.skipped:
            note(f"skipped {skipped.name}: {skipped.reason}")
    result = {
        source: {"imported": r.imported, "unchanged": r.unchanged, "skipped": len(r.skipped)}
        for source, r in reports.items()
    }
    lines = [
        f"{source}: {r['imported']} imported, {r['unchanged']} known, {r['skipped']} skipped"
        for source, r in result.items()
    ]
    print_result(result, "\n".join(lines), as_json)
