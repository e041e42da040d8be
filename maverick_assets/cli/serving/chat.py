"""`maverick chat`: a conversation with a personality."""

import json
from typing import Annotated, Any

import typer

from maverick_assets.cli.console import AsJson, PersonalityName, note, print_result
from maverick_assets.errors import BadInput
from maverick_assets.recipes import load_recipes, recipe_named
from maverick_assets.settings import load_settings

_SMALL_BASE = (
    "The embedded base speaks in the owner's tone and does not reason: trust what was decided "
    "before, not the sentence or the odds. `maverick base list` shows larger ones."
)


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
    option: Annotated[
        list[str] | None,
        typer.Option(
            help="An answer to choose from; repeat it for each. Unset: yes and no, where the "
            'message asks for a decision, such as "Should we ...?".'
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Talk to a personality, or have a twin decide."""
    from maverick_assets.cli.serving.decision import decision_on, decision_text
    from maverick_assets.serving.asked import Ask
    from maverick_assets.serving.chat import open_chat

    settings = load_settings()
    recipe, about = recipe_named(load_recipes(), personality), _context(context)
    if option and message is None and not about:
        raise BadInput("--option is for a message; write what is to be decided")
    conversation = open_chat(settings, recipe, version, mood, mode)
    if message is not None or about:
        decision = decision_on(settings, recipe, conversation, Ask(message or "", about), option)
        answer = conversation.say(message or "", about)
        result: dict[str, Any] = {"version": str(conversation.version), "answer": answer}
        if decision is None:
            print_result(result, answer, as_json)
            return
        result["decision"] = decision.model_dump(mode="json")
        print_result(result, decision_text(decision, recipe.title, answer), as_json)
        if settings.base_model is None:
            note(_SMALL_BASE)
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
