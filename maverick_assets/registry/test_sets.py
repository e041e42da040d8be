"""The test set of a major version, frozen with its first evaluation.

Test examples are never trained on, but new threads bring new ones. The versions of one major are
compared on the examples that existed when it began. They are stored as ids of rows of the CRM,
without any text: a later fix of the cleaning changes the words and id of an example, but not its
row, and a forgotten row is in no dataset any more.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from maverick_assets.datasets.examples.example import Example
from maverick_assets.files import write_atomically


def frozen_test_set(
    models: Path, personality: str, major: int, examples: Iterable[Example]
) -> frozenset[str]:
    """The test set of `v<major>`, as the rows (`table:id`) that hold its answers.

    The first call freezes it: it then consists of the test examples among `examples`.
    """
    path = models / personality / f"test-v{major}.json"
    if not path.exists():
        rows = sorted({answer_row(example) for example in examples if example.split == "test"})
        write_atomically(path, json.dumps(rows, indent=1) + "\n")
    return frozenset(json.loads(path.read_text(encoding="utf-8")))


def answer_row(example: Example) -> str:
    """The row that an example's completion comes from, or ends with."""
    return f"{example.source}:{example.source_ids[-1]}"
