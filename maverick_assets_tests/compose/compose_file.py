"""compose.yaml as Docker would read it: variables replaced, merge keys resolved."""

import re
from pathlib import Path
from typing import Any

import yaml
from dotenv import dotenv_values

PROJECT = Path(__file__).parents[2]
COMPOSE = PROJECT / "compose.yaml"
EXAMPLE_ENV = PROJECT / "compose" / "example.env"
# An innermost ${NAME}, ${NAME:-default} or ${NAME:?message}.
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<text>[^${}]*))?\}")

# What a person fills in.
FILLED = {
    "MAVERICK_OWNER_EMAIL": "allan@testpilot.example",
    "POSTGRES_PASSWORD": "0123456789abcdef",
    # of the word "figtree", with few rounds
    "LOGIN_HASH": "$2b$04$9DR4tN7qjIuTaZPZe5pLpeB3Fzlf3uQBmqRuO7zWk1JqGBnF8Hz6m",
}


def example_values() -> dict[str, str]:
    """The example of .env, unchanged."""
    return {name: value or "" for name, value in dotenv_values(EXAMPLE_ENV).items()}


def read_compose(values: dict[str, str]) -> dict[str, Any]:
    """The file for these variables. Raises `KeyError` for a required one without a value."""
    text = COMPOSE.read_text(encoding="utf-8")
    while _VARIABLE.search(text):
        text = _VARIABLE.sub(lambda match: _value(match, values), text)
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def variables() -> set[str]:
    """Names of all variables of compose.yaml."""
    return set(re.findall(r"\$\{(\w+)", COMPOSE.read_text(encoding="utf-8")))


def _value(match: re.Match[str], values: dict[str, str]) -> str:
    value = values.get(match["name"], "")
    if value:
        return value
    if match["kind"] == "?":
        raise KeyError(match["name"])
    return match["text"] or ""
