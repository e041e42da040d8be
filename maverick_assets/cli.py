"""`maverick`: the command line."""

import json
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import psycopg
import typer
from psycopg import sql
from rich.table import Table as RichTable

from maverick_assets import services
from maverick_assets.cli_datasets import datasets_app, forget
from maverick_assets.console import AsJson, note, print_result, print_table
from maverick_assets.crm.database import connect, without_password
from maverick_assets.crm.schema import TABLES, create_tables
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.recipes import load_recipes
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.plan import in_service
from maverick_assets.registry.store import Registry
from maverick_assets.settings import Settings, load_settings
from maverick_assets.ui import run_ui

app = typer.Typer(
    help="Personalities trained from one person's own business records.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
crm_app = typer.Typer(help="The CRM: what the personalities are made from.", no_args_is_help=True)
models_app = typer.Typer(help="Versions: list, show, release, roll back.", no_args_is_help=True)
app.add_typer(crm_app, name="crm")
app.add_typer(models_app, name="models")
app.add_typer(datasets_app, name="datasets")


class Job(StrEnum):
    ingest = "ingest"
    nightly = "nightly"
    weekly = "weekly"
    monthly = "monthly"
    quarterly = "quarterly"


@app.command()
def demo(
    mbox: Annotated[
        Path | None, typer.Option(help="Real mail (mbox file or folder) instead of the sample's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Load a CRM and run the whole graph; a second time nothing is left to do."""
    settings = load_settings()
    if settings.crm_url:
        raise BadInput(
            "`maverick demo` fills the embedded CRM, and MAVERICK_CRM_URL names another: unset it, "
            "or use `maverick run weekly`"
        )
    with services.services(settings):
        for table, count in _load_demo(mbox).items():
            note(f"CRM table {table}: {count} new rows")
        failures = services.execute_job("weekly", [])
        show_versions(_in_service(settings), as_json)
        services.raise_failures(failures)


@app.command()
def run(
    job: Job,
    personality: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be given several times.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a job now, here."""
    settings = load_settings()
    with services.services(settings):
        services.create_in_embedded(settings)
        failures = services.execute_job(job, personality or [])
        if job not in (Job.ingest, Job.quarterly):
            show_versions(_in_service(settings), as_json)
        services.raise_failures(failures)


@app.command()
def chat(
    personality: str,
    message: Annotated[str | None, typer.Argument(help="Left out: a conversation.")] = None,
    version: Annotated[
        str, typer.Option(help="A version instead of the one in service.")
    ] = "final",
    mood: Annotated[str | None, typer.Option()] = None,
    mode: Annotated[str | None, typer.Option()] = None,
    as_json: AsJson = False,
) -> None:
    """Talk to a personality."""
    from maverick_assets.serving.chat import open_chat

    recipe = services.known_recipe(load_recipes(), personality)
    conversation = open_chat(load_settings(), recipe, version, mood, mode)
    if message is not None:
        answer = conversation.say(message)
        print_result({"version": str(conversation.version), "answer": answer}, answer, as_json)
        return
    note(f"{recipe.title} {conversation.version}; an empty line ends the conversation")
    for line in iter(lambda: typer.prompt("you", default="", show_default=False), ""):
        typer.echo(f"{recipe.title}: {conversation.say(line)}")


@app.command()
def ui(
    host: Annotated[str, typer.Option()] = "127.0.0.1",
    port: Annotated[int, typer.Option()] = 3000,
) -> None:
    """Dagster's webserver and daemon, until Ctrl-C."""
    with services.services(load_settings()):
        run_ui(host, port)


@app.command()
def status(as_json: AsJson = False) -> None:
    """The CRM's rows, the versions in service, the last runs."""
    settings = load_settings()
    with services.services(settings):
        services.create_in_embedded(settings)
        with connect(load_settings()) as connection:
            rows = {name: _count_rows(connection, name) for name in TABLES}
            where = without_password(load_settings().crm_url or "")
        with services.dagster_instance() as instance:
            runs = [
                {"job": run.job_name, "status": run.status.value, "run": run.run_id}
                for run in instance.get_runs(limit=5)
            ]
    versions = [_summary(manifest) for manifest in _in_service(settings)]
    result = {
        "home": str(settings.home),
        "crm": where,
        "rows": rows,
        "versions": versions,
        "runs": runs,
    }
    lines = [
        f"run home  {settings.home}",
        f"CRM       {where}",
        *(f"          {name}: {'missing' if n is None else n} rows" for name, n in rows.items()),
        *(f"version   {v['personality']} {v['version']}" for v in versions),
        *(f"run       {r['job']} {r['status']} {r['run'][:8]}" for r in runs),
    ]
    print_result(result, "\n".join(lines), as_json)


app.command()(forget)


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
    with services.services(settings):
        services.create_in_embedded(settings)
        with connect(load_settings()) as connection:
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


@models_app.command("list")
def models_list(
    personality: Annotated[str | None, typer.Argument()] = None, as_json: AsJson = False
) -> None:
    """Every version, its state and its held-out perplexity."""
    show_versions(list(Registry(load_settings().models).list(personality)), as_json)


@models_app.command("show")
def models_show(personality: str, version: str = "final", as_json: AsJson = False) -> None:
    """A version's manifest; its files are verified."""
    registry = Registry(load_settings().models)
    manifest = registry.get(personality, version)
    registry.verify(personality, version)
    content = manifest.model_dump(mode="json")
    brief = content | {"training": {k: v for k, v in manifest.training.items() if k != "losses"}}
    print_result(content, json.dumps(brief, indent=2, ensure_ascii=False), as_json)


@models_app.command("release")
def models_release(
    personality: str,
    version: str,
    reason: Annotated[str | None, typer.Option(help="Why, when its gate refused it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put a version in service."""
    from maverick_assets.serving.publish import publish

    settings = load_settings()
    registry = Registry(settings.models)
    if "adapter.gguf" not in registry.get(personality, version).files:
        publish(settings, personality, version)
    show_versions([registry.release(personality, version, reason)], as_json)


@models_app.command("rollback")
def models_rollback(
    personality: str,
    to: Annotated[str | None, typer.Option(help="Default: the one released before.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put an earlier version back in service."""
    show_versions([Registry(load_settings().models).rollback(personality, to)], as_json)


def _load_demo(mbox: Path | None) -> dict[str, int]:
    """Fill the embedded CRM, once: the sample, or real mail beside the sample's curated texts."""
    from maverick_assets.crm import importers
    from maverick_assets.crm.sample import sample_crm

    rows = sample_crm()
    kept = rows if mbox is None else {"personality_samples": rows["personality_samples"]}
    added = {}
    with connect(load_settings()) as connection:
        create_tables(connection)
        for table, content in kept.items():
            added[table] = importers.insert_rows(connection, table, content)[0]
        if mbox is not None:
            reader = importers.read_maildir if mbox.is_dir() else importers.read_mbox
            added["crm_emails"] = importers.import_mail(connection, reader(mbox)).imported
    return added


def _count_rows(connection: psycopg.Connection, table: str) -> int | None:
    exists = connection.execute("select to_regclass(%s) is not null", [table]).fetchone()
    if not exists or not exists[0]:
        return None
    query = sql.SQL("select count(*) from {}").format(sql.Identifier(table))
    count = connection.execute(query).fetchone()
    return int(count[0]) if count else None


def _in_service(settings: Settings) -> list[Manifest]:
    registry = Registry(settings.models)
    return [
        manifest
        for name in registry.personalities()
        if (manifest := in_service(registry, name)) is not None
    ]


def main() -> None:
    """Entry point: an error is one line on stderr, exit code 2 for bad input and 1 for failure."""
    try:
        app()
    except MaverickError as error:
        print(f"maverick: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:  # a full disk, a file without permission: the system says it best
        print(f"maverick: {error}", file=sys.stderr)
        sys.exit(MaverickError.exit_code)


def show_versions(manifests: Iterable[Manifest], as_json: bool) -> None:
    rows = [_summary(manifest) for manifest in manifests]
    table = RichTable("personality", "version", "state", "base", "adapter", "ratio")
    table.caption = "held-out perplexity on supervised tokens"
    for row in rows:
        figures = (row["perplexity_base"], row["perplexity_adapter"], row["ratio"])
        shown = ("" if figure is None else f"{figure:.2f}" for figure in figures)
        table.add_row(row["personality"], row["version"], row["state"], *shown)
    print_table(rows, table, as_json)


def _summary(manifest: Manifest) -> dict[str, Any]:
    metrics = manifest.metrics
    return {
        "personality": manifest.personality,
        "version": str(manifest.version),
        "state": manifest.state,
        "perplexity_base": metrics["base"]["perplexity"] if metrics else None,
        "perplexity_adapter": metrics["adapter"]["perplexity"] if metrics else None,
        "ratio": metrics["ratio"] if metrics else None,
    }


if __name__ == "__main__":
    main()
