"""`maverick datasets`: what the personalities are trained on, and what is held back."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table as RichTable

from maverick_assets.cli.console import AsJson, PersonalityName, print_result, print_table
from maverick_assets.lake.paths import dataset_path
from maverick_assets.recipes import load_recipes, recipe_named
from maverick_assets.settings import load_settings

ExampleId = Annotated[str, typer.Argument(help="Id of an example, or the start of one.")]

datasets_app = typer.Typer(help="Look at what the personalities learn from.", no_args_is_help=True)
quarantine_app = typer.Typer(help="Examples that are held back because of a secret.")
datasets_app.add_typer(quarantine_app, name="quarantine")


@datasets_app.command("show")
def datasets_show(personality: PersonalityName, as_json: AsJson = False) -> None:
    """Show a dataset: what was left out and why, shares, lengths, a few examples."""
    from maverick_assets.datasets.examples.example import read_examples
    from maverick_assets.datasets.examples.refresh import read_selection
    from maverick_assets.datasets.quality.card import card_text, make_card
    from maverick_assets.lake.delta import open_table

    lake = load_settings().lake
    recipe = recipe_named(load_recipes(), personality)
    selection = read_selection(lake, recipe)
    path = dataset_path(lake, recipe.name)
    table = open_table(path)
    version = table.version() if table else 0
    card = make_card(lake, recipe, version, selection, read_examples(path, version))
    print_result(asdict(card), card_text(card), as_json)


@quarantine_app.callback(invoke_without_command=True)
def quarantine_list(
    context: typer.Context,
    personality: Annotated[str | None, typer.Option(help="Only those of this personality.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the examples that are held back because of a secret; `show` and `release` take an id."""
    from maverick_assets.datasets.secrets.quarantine import quarantined_examples

    if context.invoked_subcommand is None:
        recipes = load_recipes()
        names = [recipe_named(recipes, personality).name] if personality else [*recipes]
        examples = quarantined_examples(load_settings().lake, names)
        table = RichTable("id", "personality", "source", "when", "rules", "excerpt")
        for held in examples:
            rules = ", ".join(held.rules) + (f" (released: {held.reason})" if held.reason else "")
            when, source = f"{held.occurred_at:%Y-%m-%d}", f"{held.source} {held.source_ids[-1]}"
            cells = (held.example_id[:8], held.personality, source, when, rules, held.excerpt)
            table.add_row(*map(escape, cells))
        print_table([asdict(held) for held in examples], table, as_json)


@quarantine_app.command("show")
def quarantine_show(example_id: ExampleId, as_json: AsJson = False) -> None:
    """Show a held example: its source, the rules that found a secret, the text around it."""
    from maverick_assets.datasets.secrets.quarantine import find_quarantined

    held = asdict(find_quarantined(load_settings().lake, [*load_recipes()], example_id))
    lines = [f"{name:12} {value}" for name, value in held.items() if value is not None]
    print_result(held, "\n".join(lines), as_json)


@quarantine_app.command("release")
def quarantine_release(
    example_id: ExampleId,
    reason: Annotated[str, typer.Option(help="Why it holds no secret.")],
    as_json: AsJson = False,
) -> None:
    """Release an example that holds no secret after all; the next ingest includes it."""
    from maverick_assets.datasets.secrets.quarantine import find_quarantined, release_example

    lake, names = load_settings().lake, [*load_recipes()]
    held = find_quarantined(lake, names, example_id)
    release_example(lake, held, reason)
    text = f"{held.example_id} is released; the next ingest includes it for {held.personality}"
    print_result(asdict(find_quarantined(lake, names, held.example_id)), text, as_json)
