"""The owner's own texts that are nearest to a prompt: what he really wrote to something alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from maverick_assets.datasets.examples.example import read_examples
from maverick_assets.datasets.examples.nearest import NearestExamples, asked
from maverick_assets.lake.delta import open_table
from maverick_assets.lake.paths import dataset_path


@dataclass(frozen=True)
class NearText:
    """A text of the owner, what it answers, and the rows that it comes from."""

    prompt: str
    text: str
    source: str
    row_ids: Sequence[str]
    score: float


def nearest_texts(
    lake: Path,
    personality: str,
    prompt: str,
    may_show: Callable[[str | None], bool] = lambda _: True,
    most: int = 3,
) -> list[NearText]:
    """The texts whose prompts have most in common with this one, the nearest first.

    Those without a word in common are left out, and those in a mode that `may_show` denies. Raises
    what `read_examples` raises.
    """
    path = dataset_path(lake, personality)
    table = open_table(path)
    if table is None:
        return []
    examples = [each for each in read_examples(path, table.version()) if may_show(each.mode)]
    return [
        NearText(
            asked(example),
            example.messages[-1]["content"],
            example.source,
            example.source_ids,
            score,
        )
        for example, score in NearestExamples(examples).to(prompt, most)
    ]
