"""`maverick`: the command line, assembled from its commands and command groups."""

import os
import sys

import typer

from maverick_assets.cli.base import base_app
from maverick_assets.cli.console import guard_terminal, note
from maverick_assets.cli.crm import crm_app
from maverick_assets.cli.datasets import datasets_app
from maverick_assets.cli.demo import demo
from maverick_assets.cli.evaluation.rate import rate
from maverick_assets.cli.forget import forget
from maverick_assets.cli.models.group import models_app
from maverick_assets.cli.run import run
from maverick_assets.cli.serving.chat import chat
from maverick_assets.cli.serving.deploy import deploy
from maverick_assets.cli.serving.serve import serve
from maverick_assets.cli.serving.tokens import tokens_app
from maverick_assets.cli.status import status
from maverick_assets.cli.ui import ui
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.files import keep_files_private
from maverick_assets.printable import one_line
from maverick_assets.private.run_home import open_run_home
from maverick_assets.settings import load_settings

app = typer.Typer(
    help="Personalities trained from one person's own business records.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (demo, run, chat, rate, serve, deploy, ui, status, forget):
    app.command()(command)
app.add_typer(base_app, name="base")
app.add_typer(crm_app, name="crm")
app.add_typer(models_app, name="models")
app.add_typer(datasets_app, name="datasets")
app.add_typer(tokens_app, name="tokens")


@app.callback()
def close_run_home() -> None:
    # No docstring: it would replace the application's help.
    try:
        home = load_settings().home
    except BadInput:  # the command says so, unless it only shows its help
        return
    if os.path.exists(home) and (line := open_run_home(home)):  # noqa: PTH110 (or cannot be seen)
        note(f"maverick: {line}")


def main() -> None:
    """Entry point: an error is one line on stderr, exit code 2 for bad input and 1 for failure."""
    guard_terminal()
    keep_files_private()
    try:
        app()
    except MaverickError as error:
        print(f"maverick: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except OSError as error:  # a full disk, a missing permission: the system says it best
        print(f"maverick: {one_line(str(error))}", file=sys.stderr)
        sys.exit(MaverickError.exit_code)
