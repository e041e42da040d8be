"""The test set of a major version, frozen with the first version of it.

Test examples are never trained on (`datasets.splits`), but new threads bring new ones. The versions
of one major are compared on those that there were when it began. They are kept as rows of the CRM,
without their words: cleaning that is mended later changes an example's words and id, but not its
row, and what is forgotten is in no dataset any more.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from maverick_assets.datasets.examples.example import Example
from maverick_assets.files import write_atomically


def frozen_rows(
    models: Path, personality: str, major: int, examples: Iterable[Example]
) -> frozenset[str]:
    """Rows (`table:id`) with the answers of the test set of `v<major>`.

    Where it is not frozen yet it is now, as the test examples among `examples`.
    """
    path = models / personality / f"test-v{major}.json"
    if not path.exists():
        rows = sorted({answer_row(each) for each in examples if each.split == "test"})
        write_atomically(path, json.dumps(rows, indent=1) + "\n")
    return frozenset(json.loads(path.read_text(encoding="utf-8")))


def answer_row(example: Example) -> str:
    """The row that the completion is from, or ends with."""
    return f"{example.source}:{example.source_ids[-1]}"
