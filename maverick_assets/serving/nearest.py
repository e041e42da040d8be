"""The owner's own texts that are nearest to a prompt: what he really wrote to something alike.

They come from the personality's dataset, so that what a dataset must not hold (secrets, names of
others, what was forgotten) is in none. Nearness is Okapi BM25 (Robertson et al. 1994) of the
prompts' words.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from maverick_assets.crm.people.folding import fold
from maverick_assets.datasets.examples.example import Example, read_examples
from maverick_assets.lake.delta import open_table
from maverick_assets.lake.paths import dataset_path

_WORD = re.compile(r"\w+")
_SATURATION, _LENGTH = 1.2, 0.75  # k1 and b, as Okapi's authors recommend


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
    scores = _scores([_words(_asked(example)) for example in examples], _words(prompt))
    best = sorted(scores, key=lambda at: (-scores[at], examples[at].example_id))[:most]
    return [
        NearText(
            _asked(examples[at]),
            examples[at].messages[-1]["content"],
            examples[at].source,
            examples[at].source_ids,
            scores[at],
        )
        for at in best
    ]


def _scores(documents: Sequence[Sequence[str]], query: Sequence[str]) -> dict[int, float]:
    """BM25 of the documents that have a word of the query, by index."""
    counts = [Counter(words) for words in documents]
    mean = sum(map(len, documents)) / max(1, len(documents))
    scores: defaultdict[int, float] = defaultdict(float)
    for word in set(query):
        having = [at for at, count in enumerate(counts) if word in count]
        # Rarer words weigh more; the 1 keeps a word of most documents from counting against them.
        rarity = math.log(1 + (len(documents) - len(having) + 0.5) / (len(having) + 0.5))
        for at in having:
            length = 1 - _LENGTH + _LENGTH * len(documents[at]) / mean
            count = counts[at][word]
            scores[at] += rarity * count * (_SATURATION + 1) / (count + _SATURATION * length)
    return dict(scores)


def _asked(example: Example) -> str:
    return example.messages[-2]["content"]


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text))
