"""Nearness of texts by their words: Okapi BM25 (Robertson et al. 1994)."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from maverick_assets.crm.people.folding import fold

_WORD = re.compile(r"\w+")
_SATURATION, _LENGTH = 1.2, 0.75  # k1 and b, as Okapi's authors recommend


class WordIndex:
    """The words of some texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = [Counter(_words(text)) for text in texts]
        self._lengths = [count.total() for count in counts]
        self._mean = sum(self._lengths) / max(1, len(texts))
        self._having: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for at, count in enumerate(counts):
            for word, times in count.items():
                self._having[word].append((at, times))

    def scores(self, query: str) -> dict[int, float]:
        """BM25 of the texts that have a word of the query, by their place among the texts."""
        scores: defaultdict[int, float] = defaultdict(float)
        for word in set(_words(query)):
            having = self._having.get(word, [])
            # Rarer words weigh more; the 1 keeps a word of most texts from counting against them.
            rarity = math.log(1 + (len(self._lengths) - len(having) + 0.5) / (len(having) + 0.5))
            for at, times in having:
                length = 1 - _LENGTH + _LENGTH * self._lengths[at] / self._mean
                scores[at] += rarity * times * (_SATURATION + 1) / (times + _SATURATION * length)
        return dict(scores)


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text))
