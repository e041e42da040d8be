"""Reads the data files of this folder."""

from pathlib import Path
from typing import Any

import yaml


def read_corpus(name: str) -> dict[str, Any]:
    """The mapping in the YAML file `name`, a path relative to this folder."""
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def corpus_files(folder: str) -> dict[str, str]:
    """The YAML files of a folder inside this one: path by name without its ending, in order."""
    root = Path(__file__).parent
    files = sorted((root / folder).glob("*.yaml"))
    return {file.stem: str(file.relative_to(root)) for file in files}


def read_list(name: str) -> list[dict[str, Any]]:
    """The list of mappings in the YAML file `name`, a path relative to this folder."""
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    content: list[dict[str, Any]] = yaml.safe_load(text)
    return content
