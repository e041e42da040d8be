"""`maverick rate --decisions`: the owner decides once more on old decisions of his."""

import secrets
from datetime import UTC, datetime

import typer

from maverick_assets.cli.console import note
from maverick_assets.cli.evaluation.asking import ask_choice, indented
from maverick_assets.errors import BadInput
from maverick_assets.settings import Settings


def decide_again(settings: Settings, personality: str, count: int | None) -> None:
    """Ask about old decisions, and keep what the owner decides. An empty line ends.

    Raises `BadInput` where no decision is old enough.
    """
    from maverick_assets.evaluation.people.asked_again import (
        MOST,
        NO_OLD_DECISION,
        OldDecisions,
        RepeatedDecisionFile,
    )
    from maverick_assets.serving.names.owner_view import owner_view

    old = OldDecisions(settings.lake, personality, datetime.now(UTC))
    if not old:
        raise BadInput(f"{personality} {NO_OLD_DECISION}")
    kept = RepeatedDecisionFile(settings.judgements)
    answered = {each.example_id for each in kept.read(personality)}
    drawn = old.draw(count or MOST, secrets.randbits(32), answered)
    shown = owner_view(settings)
    note("decide as you would today; S skips a decision, an empty line ends")
    for number, question in enumerate(drawn, start=1):
        typer.echo(f"\nDecision {number} of {len(drawn)}\n{indented(shown(question.text))}")
        letters = "ABCD"[: len(question.options)]
        options = dict(zip(letters, question.options, strict=True))
        named = ", ".join(f"{letter} {option}" for letter, option in options.items())
        said = ask_choice(f"What do you decide: {named}", [*letters, "S"])
        if said is None:
            break
        if said != "S":
            kept.add(old.decided(question.example_id, question.seed, options[said]))
