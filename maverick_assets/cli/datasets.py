"""`maverick datasets`: what the personalities are trained on, and what is in quarantine."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as RichTable

from maverick_assets.cli.console import AsJson, PersonalityName, cell, print_result, print_table
from maverick_assets.lake.paths import dataset_path
from maverick_assets.recipes import load_recipes, recipe_named
from maverick_assets.settings import load_settings

if TYPE_CHECKING:  # its room takes a second to import
    from maverick_assets.datasets.secrets.quarantine import QuarantinedExample

ExampleId = Annotated[str, typer.Argument(help="Id of an example or a mail, or the start of one.")]

datasets_app = typer.Typer(help="Look at what the personalities learn from.", no_args_is_help=True)
quarantine_app = typer.Typer(
    help="Examples that are left out because they hold a secret, and mails that say they are the "
    "owner's while nothing shows it."
)
datasets_app.add_typer(quarantine_app, name="quarantine")


@datasets_app.command("show")
def datasets_show(personality: PersonalityName, as_json: AsJson = False) -> None:
    """Show a dataset: what became of each row and why, shares, lengths, a few examples."""
    from maverick_assets.datasets.examples.example import read_examples
    from maverick_assets.datasets.examples.refresh import read_selection
    from maverick_assets.datasets.owner import Owner
    from maverick_assets.datasets.quality.card import card_text, make_card, with_fates
    from maverick_assets.datasets.quality.fates import row_fates
    from maverick_assets.lake.delta import open_table

    settings = load_settings()
    lake, owner = settings.lake, Owner(settings.owner_emails, settings.owner_user_ids)
    recipe = recipe_named(load_recipes(), personality)
    selection = read_selection(lake, recipe)
    fates = row_fates(lake, recipe, owner, selection)
    path = dataset_path(lake, recipe.name)
    table = open_table(path)
    version = table.version() if table else 0
    examples = read_examples(path, version)
    card = with_fates(make_card(lake, recipe, version, selection, examples), fates)
    print_result(asdict(card), card_text(card), as_json)


@quarantine_app.callback(invoke_without_command=True)
def quarantine_list(
    context: typer.Context,
    personality: Annotated[str | None, typer.Option(help="Only those of this personality.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the examples and mails in quarantine; `show` and `release` take an id."""
    from maverick_assets.datasets.secrets.quarantine import quarantined_examples
    from maverick_assets.datasets.turns.mail_authors import waiting_mails

    if context.invoked_subcommand is None:
        recipes = load_recipes()
        names = [recipe_named(recipes, personality).name] if personality else [*recipes]
        lake = load_settings().lake
        mails = [] if personality else waiting_mails(lake)
        examples = [*quarantined_examples(lake, names), *mails]
        table = RichTable("id", "personality", "source", "when", "rules", "excerpt")
        for example in examples:
            released = f" (released: {example.reason})" if example.reason else ""
            cells = (
                example.example_id[:8],
                example.personality or "mail",
                f"{example.source} {example.source_ids[-1]}",
                f"{example.occurred_at:%Y-%m-%d}",
                ", ".join(example.rules) + released,
                example.excerpt,
            )
            table.add_row(*map(cell, cells))
        print_table([asdict(example) for example in examples], table, as_json)


@quarantine_app.command("show")
def quarantine_show(example_id: ExampleId, as_json: AsJson = False) -> None:
    """Show an example in quarantine: its source, the rules that found a secret, the text around it.

    Of a mail: what is doubtful about its author, and its first words.
    """
    fields = asdict(_find(load_settings().lake, example_id))
    lines = [f"{name:12} {value}" for name, value in fields.items() if value is not None]
    print_result(fields, "\n".join(lines), as_json)


@quarantine_app.command("release")
def quarantine_release(
    example_id: ExampleId,
    reason: Annotated[str, typer.Option(help="Why it holds no secret, or is the owner's.")],
    as_json: AsJson = False,
) -> None:
    """Release an example that holds no secret after all, or a mail that the owner did write.

    The next ingest includes it.
    """
    from maverick_assets.datasets.secrets.quarantine import release_example

    lake = load_settings().lake
    example = _find(lake, example_id)
    release_example(lake, example, reason)
    whom = f"for {example.personality}" if example.personality else "as the owner's words"
    text = f"{example.example_id} is released; the next ingest includes it {whom}"
    print_result(asdict(_find(lake, example.example_id)), text, as_json)


def _find(lake: Path, example_id: str) -> "QuarantinedExample":
    """The example or mail in quarantine whose id starts like this."""
    from maverick_assets.datasets.secrets.quarantine import find_quarantined
    from maverick_assets.datasets.turns.mail_authors import waiting_mails

    return find_quarantined(lake, [*load_recipes()], example_id, waiting_mails(lake))
