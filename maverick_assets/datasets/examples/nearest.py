"""The examples whose prompts are nearest to a prompt: what was really answered to something alike.

They come from a dataset, so that what a dataset must not hold (secrets, names of others, what was
forgotten) is in none.
"""

from collections.abc import Callable, Sequence
from functools import cached_property

from maverick_assets.datasets.bm25 import WordIndex
from maverick_assets.datasets.examples.example import Example


class NearestExamples:
    """An index of examples by the words of their prompts."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.examples = examples

    def to(
        self, prompt: str, most: int, may_take: Callable[[Example], bool] = lambda _: True
    ) -> list[tuple[Example, float]]:
        """At most `most` examples with their nearness (BM25), the nearest first.

        Those whose prompt has no word in common with this one are left out.
        """
        scores = self._index.scores(prompt)
        near = [(self.examples[at], score) for at, score in scores.items()]
        allowed = [(example, score) for example, score in near if may_take(example)]
        return sorted(allowed, key=lambda pair: (-pair[1], pair[0].example_id))[:most]

    @cached_property
    def _index(self) -> WordIndex:
        return WordIndex([asked(example) for example in self.examples])


def asked(example: Example) -> str:
    """The message that the completion answers."""
    return example.messages[-2]["content"]
