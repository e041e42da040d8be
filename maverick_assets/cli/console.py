"""What the command line prints: text for people, JSON with `--json`."""

import json
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table as RichTable

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
PersonalityName = Annotated[
    str, typer.Argument(help="Name of a personality, such as allan-maverick.")
]


def note(line: str) -> None:
    """Print a line that is not part of the result, to stderr."""
    print(line, file=sys.stderr, flush=True)


class TerminalLog:
    """The log of work that a command does itself: its lines go to stderr, whatever their level."""

    def info(self, msg: str) -> None:
        note(msg)

    def warning(self, msg: str) -> None:
        note(msg)

    def error(self, msg: str) -> None:
        note(msg)


def print_result(result: Any, text: str, as_json: bool) -> None:
    """Print `result` as JSON, or the `text` that says the same."""
    typer.echo(json.dumps(result, ensure_ascii=False, default=str) if as_json else text)


def print_table(result: Any, table: RichTable, as_json: bool) -> None:
    """Print `result` as JSON, or the `table` that shows the same."""
    if as_json:
        print_result(result, "", as_json)
    else:
        Console().print(table)
