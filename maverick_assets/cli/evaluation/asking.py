"""Questions in the terminal."""

from collections.abc import Sequence

import typer

from maverick_assets.cli.console import note
from maverick_assets.printable import printable


def ask_choice(question: str, choices: Sequence[str]) -> str | None:
    """One of `choices`, in capitals; None for an empty line or the end of the input."""
    while True:
        try:
            said = typer.prompt(question, default="", show_default=False).strip().upper()
        except typer.Abort:
            return None
        if not said or said in choices:
            return said or None
        note(f"{said} is not one of: {', '.join(choices)}")


def indented(text: str) -> str:
    """A text of somebody else, apart from the questions."""
    return "\n".join(f"    {line}" for line in printable(text).splitlines() or [""])
