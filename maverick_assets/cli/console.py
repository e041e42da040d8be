"""What the command line prints: text for people, JSON with `--json`."""

import io
import json
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from maverick_assets.printable import UNPRINTABLE, PrintableOutput, one_line, printable

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
PersonalityName = Annotated[
    str, typer.Argument(help="Name of a personality, such as allan-maverick.")
]


def guard_terminal() -> None:
    """Have everything that this process prints made printable, whoever prints it."""
    for name in ("stdout", "stderr"):
        plain = getattr(sys, name)
        if isinstance(plain, io.TextIOWrapper):
            guarded = PrintableOutput(
                plain.buffer, plain.encoding, plain.errors, line_buffering=plain.line_buffering
            )
            setattr(sys, name, guarded)


def styled_console(*, stderr: bool = False) -> Console:
    """A console that draws tables and bars. What it is given must be printable: see `cell`."""
    stream = sys.stderr if stderr else sys.stdout
    if isinstance(stream, PrintableOutput):
        stream = sys.__stderr__ if stderr else sys.__stdout__
    return Console(file=stream)


def cell(text: str) -> str:
    """A text as a cell of a table shows it."""
    return escape(one_line(text))


def note(line: str) -> None:
    """Print a line that is not part of the result, to stderr."""
    print(one_line(line), file=sys.stderr, flush=True)


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
    if as_json:
        content = json.dumps(result, ensure_ascii=False, default=str)
        text = UNPRINTABLE.sub(lambda match: json.dumps(match.group())[1:-1], content)
    typer.echo(printable(text))


def print_table(result: Any, table: RichTable, as_json: bool) -> None:
    """Print `result` as JSON, or the `table` that shows the same."""
    if as_json:
        print_result(result, "", as_json)
    else:
        styled_console().print(table)
