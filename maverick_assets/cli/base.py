"""`maverick base`: which base models there are, whether one can be used, and how to get one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TimeRemainingColumn
from rich.table import Table as RichTable

from maverick_assets.base_model.hub import HubName, find_pulled, pull
from maverick_assets.base_model.prepare import PreparedBase, find_base, prepared_bases
from maverick_assets.base_model.tested_bases import TestedBase, tested_bases
from maverick_assets.cli.console import AsJson, cell, note, print_result, styled_console
from maverick_assets.errors import BadInput
from maverick_assets.settings import Settings, load_settings

if TYPE_CHECKING:
    from maverick_assets.pipeline.base.check import Fact

TABLE_WIDTH = 104  # characters: hub ids are copied from it, so none is cut

HubId = Annotated[str, typer.Argument(help="org/name, or org/name@revision.")]

base_app = typer.Typer(
    help="Base models: those that are tested, and your own.", no_args_is_help=True
)


@base_app.command("list")
def base_list(as_json: AsJson = False) -> None:
    """List the tested base models with the memory each needs, and those of this run home."""
    settings = load_settings()
    rows = [_tested_row(base) for base in tested_bases()]
    prepared = [_prepared_row(settings, base) for base in prepared_bases(settings)]
    if as_json:
        print_result({"tested": rows, "prepared": prepared}, "", as_json)
        return
    console = styled_console()
    console.width = max(console.width, TABLE_WIDTH)
    console.print(_tested_table(rows))
    for row in prepared:
        mark = "in use" if row["in_use"] else "prepared"
        line = f"{mark:8}  {row['digest'][:12]}  {cell(row['source'])}"
        console.print(line, soft_wrap=True)


@base_app.command("check")
def base_check(
    model: Annotated[str, typer.Argument(help="A directory, or the hub id of a pulled model.")],
    as_json: AsJson = False,
) -> None:
    """Find out whether a model can be a base; exit code 2, and the remedy, if it cannot."""
    settings = load_settings()
    _show_check(_facts(settings, _directory_of(settings, model), model), as_json)


@base_app.command("pull")
def base_pull(model: HubId, as_json: AsJson = False) -> None:
    """Pull a base model from the Hugging Face hub, pinned to a commit, and check it.

    An interrupted pull resumes where it stopped. MAVERICK_BASE_MODEL may then name the hub id or
    the directory.
    """
    name = HubName.parse(model)
    if name is None:
        raise BadInput(f"{model} is no hub id; write org/name or org/name@revision")
    settings = load_settings()
    before = find_pulled(settings.base_dir, name)
    with _progress(model) as on_progress:
        pulled = pull(settings.base_dir, name, on_progress, renew=True)
    if before and before.commit != pulled.commit:
        note(
            f"the hub has another commit now; {name} stands for {before.commit[:12]} as before, "
            f"set MAVERICK_BASE_MODEL={pulled.model}@{pulled.commit} for the new one"
        )
    facts = {"hub_id": f"{pulled.model}@{pulled.commit}", "directory": str(pulled.directory)}
    if not as_json:
        for subject, text in facts.items():
            typer.echo(f"{subject.replace('_', ' '):10} {text}")
    _show_check(_facts(settings, pulled.directory, str(name)), as_json, facts)


def _facts(settings: Settings, directory: Path, name: str) -> Iterator["Fact"]:
    # Loads torch, which nobody should wait for who is to read that there is no such model.
    from maverick_assets.pipeline.base.check import check_base

    yield from check_base(settings, directory, name)


def _show_check(
    facts: Iterator["Fact"], as_json: bool, first: dict[str, str] | None = None
) -> None:
    """Print each fact as soon as it is known; as JSON all at the end."""
    result = dict(first or {})
    for fact in facts:
        result[fact.subject] = fact.text
        if not as_json:
            typer.echo(f"{fact.subject:10} {fact.text}")
    if as_json:
        print_result(result, "", as_json)


def _directory_of(settings: Settings, model: str) -> Path:
    path = Path(model).expanduser()
    if path.is_dir():
        return path.absolute()
    name = HubName.parse(model)
    pulled = find_pulled(settings.base_dir, name) if name else None
    if pulled:
        return pulled.directory
    remedy = f"; `maverick base pull {model}` gets it from the hub" if name else ""
    raise BadInput(f"{model} is no directory{' and was not pulled' if name else ''}{remedy}")


@contextmanager
def _progress(model: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr that appears with the first call."""
    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    progress = Progress(f"pulling {cell(model)}", *columns, console=styled_console(stderr=True))
    tasks: list[TaskID] = []

    def show(there: int, total: int) -> None:
        if not tasks:
            progress.start()
            tasks.append(progress.add_task("pull", total=total))
        progress.update(tasks[0], completed=there)

    try:
        yield show
    finally:
        if tasks:
            progress.stop()


def _tested_row(base: TestedBase) -> dict[str, Any]:
    return {
        "name": base.name,
        "hub_id": base.hub_id,
        "revision": base.revision,
        "parameters": base.parameters,
        "licence": base.licence,
        "gated": base.gated,
        "training_gib": {
            "bf16": round(base.training_gib("none"), 1),
            "nf4": round(base.training_gib("nf4"), 1),
        },
        "serving_gib": {kind: round(base.serving_gib(kind), 1) for kind in ("f16", "q8", "q4")},
        "tested": base.tested.model_dump(),
    }


def _tested_table(rows: list[dict[str, Any]]) -> RichTable:
    table = RichTable(box=None)
    for heading in ("hub id", "parameters", "licence"):
        table.add_column(heading, no_wrap=True)
    for heading in ("bf16", "NF4", "f16", "q8", "q4"):
        table.add_column(heading, justify="right")
    for row in rows:
        gated = " (gated)" if row["gated"] else ""
        sizes = [*row["training_gib"].values(), *row["serving_gib"].values()]
        served = row["tested"]["family"] or row["tested"]["real_weights"]
        table.add_row(
            row["hub_id"] + ("*" if served else ""),
            f"{row['parameters'] / 1e9:.2f} B",
            row["licence"] + gated,
            *(f"{size:.1f}" for size in sizes),
        )
    table.caption = (
        "GiB for all six personalities: to train in bf16 or NF4, to serve in f16, q8 or q4; "
        "computed, not measured.\nEach one's chat format and arithmetic are tested; * its family "
        "also from rows to an answer through llama.cpp."
    )
    return table


def _prepared_row(settings: Settings, base: tuple[str, PreparedBase]) -> dict[str, Any]:
    source, prepared = base
    current = find_base(settings)
    return {
        "source": source,
        "directory": str(prepared.directory),
        "digest": prepared.digest,
        "in_use": current is not None and current.directory == prepared.directory,
    }
