"""Maverick: personalities trained from one person's own business records, as a Dagster graph."""

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    # `maverick_assets.AllanBot` is imported when it is asked for: all else imports this package.
    if name == "AllanBot":
        return import_module("maverick_assets.serving.allanbot").AllanBot
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
