"""`maverick chat`: a conversation with a personality."""

import json
from typing import Annotated, Any

import typer

from maverick_assets.cli.console import AsJson, PersonalityName, note, print_result
from maverick_assets.errors import BadInput
from maverick_assets.recipes import load_recipes, recipe_named
from maverick_assets.settings import load_settings


def chat(
    personality: PersonalityName,
    message: Annotated[
        str | None, typer.Argument(help="One message; without it a conversation begins.")
    ] = None,
    version: Annotated[
        str, typer.Option(help="A version, such as v1.0, or `final`, the one in service.")
    ] = "final",
    mood: Annotated[str | None, typer.Option(help="One of its moods, such as joy.")] = None,
    mode: Annotated[str | None, typer.Option(help="One of its modes, such as intimate.")] = None,
    context: Annotated[
        str | None,
        typer.Option(
            help="What the first message is about, as JSON, such as "
            '\'{"deal_amount": 50000, "deal_stage": "negotiation"}\'.'
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Talk to a personality."""
    from maverick_assets.serving.chat import open_chat

    recipe, about = recipe_named(load_recipes(), personality), _context(context)
    conversation = open_chat(load_settings(), recipe, version, mood, mode)
    if message is not None or about:
        answer = conversation.say(message or "", about)
        print_result({"version": str(conversation.version), "answer": answer}, answer, as_json)
        return
    note(f"{recipe.title} {conversation.version}; an empty line ends the conversation")
    for line in iter(lambda: typer.prompt("you", default="", show_default=False), ""):
        typer.echo(f"{recipe.title}: {conversation.say(line)}")


def _context(text: str | None) -> dict[str, Any] | None:
    """What the option `--context` holds. Raises `BadInput` unless it is an object of JSON."""
    if text is None:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"--context is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadInput('--context must be an object of JSON, such as {"note_title": "Pricing"}')
    return value
