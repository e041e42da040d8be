"""Real mailboxes, notes and messages, which lie beside a checkout and are no part of it."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

REAL_DATA = Path(__file__).parents[3] / "shared/data"
needs_real_data = pytest.mark.skipif(
    not REAL_DATA.is_dir(), reason=f"the real texts of {REAL_DATA} are not here"
)


def read_rows(name: str, data: Path = REAL_DATA) -> Iterator[dict[str, Any]]:
    """The rows of `name`.jsonl.gz, a path relative to `data`."""
    with gzip.open(data / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)
