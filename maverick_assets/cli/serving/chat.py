"""`maverick chat`: a conversation with a personality."""

from typing import Annotated

import typer

from maverick_assets.cli.console import AsJson, PersonalityName, note, print_result
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
    as_json: AsJson = False,
) -> None:
    """Talk to a personality."""
    from maverick_assets.serving.chat import open_chat

    recipe = recipe_named(load_recipes(), personality)
    conversation = open_chat(load_settings(), recipe, version, mood, mode)
    if message is not None:
        answer = conversation.say(message)
        print_result({"version": str(conversation.version), "answer": answer}, answer, as_json)
        return
    note(f"{recipe.title} {conversation.version}; an empty line ends the conversation")
    for line in iter(lambda: typer.prompt("you", default="", show_default=False), ""):
        typer.echo(f"{recipe.title}: {conversation.say(line)}")
