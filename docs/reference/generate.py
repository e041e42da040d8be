"""The pages of this folder, written from the code: `make reference`.

Settings, recipes, fleets and sources say what they are in their fields' descriptions, commands in
their help. A test fails when a page here is not what the code says.
"""

import types
from collections.abc import Iterator, Sequence
from enum import EnumType
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.core import TyperArgument, TyperCommand, TyperGroup

from maverick_assets.cli.app import app
from maverick_assets.crm.sources.caldav_server import CalDavServer
from maverick_assets.crm.sources.calendar import CalendarEntry
from maverick_assets.crm.sources.documents import DocumentsEntry
from maverick_assets.crm.sources.hubspot import HubSpotEntry
from maverick_assets.fleets import Fleet, Host, Node
from maverick_assets.recipes import ExampleSource, Gates, Limit, Recipe, Training
from maverick_assets.settings import PREFIX, Settings

FOLDER = Path(__file__).parent
NOTE = "*Generated from the code by `make reference`; do not edit.*"

OTHER_VARIABLES = {
    "WANDB_API_KEY": "when set, training curves also go to Weights & Biases: numbers and training "
    "settings, no text",
    "WANDB_MODE": "`offline` keeps them on this machine instead",
    "HF_TOKEN": "token for a base model on the Hugging Face hub that is not public",
}

# Heading and model of each section of recipes.md; a key of such a type links to it.
SECTIONS: dict[str, type[BaseModel]] = {
    "A personality": Recipe,
    "A source of examples": ExampleSource,
    "Training": Training,
    "Gates": Gates,
    "A limit of a gate": Limit,
    "A fleet": Fleet,
    "A node": Node,
    "A host of a node": Host,
    "HubSpot": HubSpotEntry,
    "A calendar": CalendarEntry,
    "A CalDAV server": CalDavServer,
    "Documents": DocumentsEntry,
}
INTRODUCTIONS = {
    "A personality": "One file per personality, in `maverick_assets/personalities/` or a folder "
    "that [`MAVERICK_PERSONALITIES`](settings.md) names.",
    "A fleet": "One file per fleet, in `maverick_assets/fleets/` or wherever "
    "[`MAVERICK_FLEET`](settings.md) points to.",
    "HubSpot": "An entry of `sources` in the file that [`MAVERICK_SOURCES`](settings.md) names, "
    "like the three that follow.",
}

# What a type of Python is called on these pages.
WORDS: dict[Any, str] = {
    bool: "flag",
    int: "whole number",
    float: "number",
    str: "text",
    Path: "path",
}


def pages() -> dict[str, str]:
    """File name -> content of every generated page."""
    return {
        "settings.md": settings_page(),
        "recipes.md": recipes_page(),
        "commands.md": commands_page(),
    }


def settings_page() -> str:
    rows = [
        (f"`{PREFIX}{name.upper()}`", _default(field), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    others = [(f"`{name}`", meaning) for name, meaning in OTHER_VARIABLES.items()]
    lines = [
        "# Settings",
        "",
        NOTE,
        "",
        "Settings are environment variables; an empty one counts as unset. A value that cannot be",
        "used is reported in one line that names the variable. Paths may begin with `~`.",
        "",
        *_table(("variable", "default", "meaning"), rows),
        "",
        "## Variables of other programs",
        "",
        *_table(("variable", "meaning"), others),
    ]
    return _page(lines)


def recipes_page() -> str:
    lines = ["# Recipes, fleets and sources", "", NOTE, ""]
    lines += [
        "The keys of the YAML files. An unknown key and a value that does not fit are refused with",
        "file and line. A key without a default is required.",
    ]
    for heading, model in SECTIONS.items():
        lines += ["", f"## {heading}", ""]
        if heading in INTRODUCTIONS:
            lines += [INTRODUCTIONS[heading], ""]
        rows = [
            (f"`{name}`", _type(field), _default(field), field.description or "")
            for name, field in model.model_fields.items()
        ]
        lines += _table(("key", "type", "default", "meaning"), rows)
    return _page(lines)


def commands_page() -> str:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    lines = ["# Commands", "", NOTE, ""]
    lines += [
        "An error is one line on stderr; the exit code is 2 for bad input and 1 for a failure.",
        "`--json` prints the result as JSON, on stdout.",
    ]
    for path, command in _commands("maverick", group):
        lines += ["", f"## {path}", "", f"    {_usage(path, command)}", ""]
        lines += [" ".join((command.help or "").split())]
        rows = [_parameter_row(parameter) for parameter in command.params]
        if rows:
            lines += ["", *_table(("argument or option", "default", "meaning"), rows)]
    return _page(lines)


def _commands(path: str, group: TyperGroup) -> Iterator[tuple[str, TyperCommand]]:
    """Every command with its full name; a group that does something by itself counts as one."""
    for name, command in group.commands.items():
        full = f"{path} {name}"
        if not isinstance(command, TyperGroup) or command.invoke_without_command:
            yield full, command
        if isinstance(command, TyperGroup):
            yield from _commands(full, command)


def _usage(path: str, command: TyperCommand) -> str:
    words = [path]
    for parameter in command.params:
        if isinstance(parameter, TyperArgument):
            word = (parameter.name or "").upper()
        else:
            word = parameter.opts[0]
            if not parameter.is_flag:
                word += f" {(parameter.name or '').upper()}"
            if parameter.multiple:
                word += " ..."
        words.append(word if parameter.required else f"[{word}]")
    return " ".join(words)


def _parameter_row(parameter: Any) -> tuple[str, str, str]:
    is_argument = isinstance(parameter, TyperArgument)
    name = (parameter.name or "").upper() if is_argument else parameter.opts[0]
    choices = parameter.type_descriptor.annotation
    meaning = parameter.help or ""
    if isinstance(choices, EnumType):
        meaning += " One of " + ", ".join(f"`{choice}`" for choice in choices) + "."
    shown = parameter.default not in (None, False)
    return f"`{name}`", f"`{parameter.default}`" if shown else "", meaning


def _type(field: FieldInfo) -> str:
    """The type of a key in words, with its bounds."""
    bounds = []
    for constraint in field.metadata:
        match constraint:
            case annotated_types.Gt(gt=bound):
                bounds.append(f"above {bound}")
            case annotated_types.Ge(ge=bound):
                bounds.append(f"at least {bound}")
            case annotated_types.Lt(lt=bound):
                bounds.append(f"below {bound}")
            case annotated_types.Le(le=bound):
                bounds.append(f"at most {bound}")
    return ", ".join([_words(field.annotation), *bounds])


def _words(annotation: Any) -> str:
    if annotation in WORDS:
        return WORDS[annotation]
    headings = [heading for heading, model in SECTIONS.items() if model is annotation]
    if headings:
        anchor = headings[0].lower().replace(" ", "-")
        return f"[{headings[0][0].lower()}{headings[0][1:]}](#{anchor})"
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _words(arguments[0])
    if origin is Literal:
        return " or ".join(f"`{choice}`" for choice in arguments)
    if origin in (Union, types.UnionType):
        return ", or ".join(_words(part) for part in arguments if part is not type(None))
    if origin in (list, tuple):
        return f"list of {_words(arguments[0])}"
    if origin is dict:
        return f"map of {_words(arguments[0])} to {_words(arguments[1])}"
    raise TypeError(f"no words for {annotation}")


def _default(field: FieldInfo) -> str:
    default = field.default
    if field.is_required() or isinstance(default, BaseModel):
        return ""
    if default in (None, "", (), [], {}):
        return "unset" if default in (None, "") else "none"
    return f"`{default}`"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table; a pipe inside a cell would end it."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return [
        "| " + " | ".join(header) + " |",
        "|" + "---|" * len(header),
        *("| " + " | ".join(row) + " |" for row in cells),
    ]


def _page(lines: Sequence[str]) -> str:
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for name, content in pages().items():
        (FOLDER / name).write_text(content, encoding="utf-8")
