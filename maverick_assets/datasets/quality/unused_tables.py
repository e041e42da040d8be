"""What the last refresh of a dataset warned of: tables that a recipe reads and that give nothing.

A small file beside the card, so that `maverick status` says it without reading the lake.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from maverick_assets.files import write_atomically

_NAME = "warnings.json"


def write_warnings(folder: Path, warnings: Sequence[str]) -> None:
    """Keep a dataset's warnings in the folder of its cards, in place of earlier ones."""
    write_atomically(folder / _NAME, json.dumps(list(warnings), ensure_ascii=False).encode())


def read_warnings(folder: Path) -> list[str]:
    """The warnings that the last refresh wrote; none before the first one."""
    try:
        lines = json.loads((folder / _NAME).read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return []
    return [str(line) for line in lines]
