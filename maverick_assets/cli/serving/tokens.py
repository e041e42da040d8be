"""`maverick tokens`: who may call the HTTP API, and for what."""

from typing import Annotated

import typer
from rich.table import Table as RichTable

from maverick_assets.api.tokens import SCOPES, Scope, TokenBook
from maverick_assets.cli.console import AsJson, cell, print_result, print_table
from maverick_assets.errors import BadInput
from maverick_assets.private.run_home import open_run_home
from maverick_assets.settings import load_settings

TokenName = Annotated[str, typer.Argument(help="Name of the token, such as phone.")]

tokens_app = typer.Typer(help="List, add and remove tokens of the API.", no_args_is_help=True)


@tokens_app.command("list")
def tokens_list(as_json: AsJson = False) -> None:
    """List the tokens with what each is good for."""
    rows = [
        {
            "name": token.name,
            "scopes": sorted(token.scopes),
            "created_at": token.created_at.isoformat(timespec="seconds"),
        }
        for token in _book().tokens()
    ]
    table = RichTable("name", "scopes", "made")
    for row in rows:
        table.add_row(
            cell(str(row["name"])), cell(" ".join(row["scopes"])), cell(str(row["created_at"]))
        )
    print_table(rows, table, as_json)


@tokens_app.command("add")
def tokens_add(
    name: TokenName,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="What it is good for, such as chat; may be repeated. Unset: chat."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token, in a file that only you can read."""
    path = _book().add(name, _scopes(scope or ["chat"]))
    text = f"the token is in {path}; remove the file once it is read"
    print_result({"name": name, "file": str(path)}, text, as_json)


@tokens_app.command("remove")
def tokens_remove(name: TokenName, as_json: AsJson = False) -> None:
    """Make a token worthless, at once."""
    _book().remove(name)
    print_result({"removed": name}, f"{name} opens nothing any more", as_json)


def _book() -> TokenBook:
    settings = load_settings()
    open_run_home(settings.home)
    return TokenBook(settings.home / "keys")


def _scopes(words: list[str]) -> list[Scope]:
    known: list[Scope] = [scope for scope in SCOPES if scope in words]
    unknown = sorted(set(words) - SCOPES)
    if unknown:
        raise BadInput(f"no scope {unknown[0]!r}; there are: {', '.join(sorted(SCOPES))}")
    return known
