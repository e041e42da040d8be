"""Reads the data files of this folder."""

from pathlib import Path
from typing import Any

import yaml


def read_corpus(name: str) -> dict[str, Any]:
    """The mapping in the YAML file `name`, a path relative to this folder."""
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content
