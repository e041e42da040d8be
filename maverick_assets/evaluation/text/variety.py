"""Variety of answers: different words, and answers that turn in circles."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import chain

_WORD = re.compile(r"\w+(?:'\w+)?|[^\w\s]")  # a word with its apostrophe, or a sign

# An answer repeats itself where four words come three times, or where a fifth of its runs of four
# words came before. Of the owner's own answers in the sample CRM none does.
LOOP_WORDS = 4
_LOOP_TIMES = 3
_LOOP_SHARE = 0.2
_FEWEST_RUNS = 8  # in fewer, one repeated greeting would be a fifth


def words(text: str) -> list[str]:
    """Words and signs of a text, in lower case."""
    return _WORD.findall(text.lower())


def distinct(texts: Sequence[str], n: int) -> float:
    """Distinct-n (Li et al. 2016): different runs of n words / runs of n words, 0 to 1.

    Of all texts together, so that the same answer to every prompt is no variety. It falls with the
    number of words; compare equal numbers of texts. NaN without a run.
    """
    runs = list(chain.from_iterable(_runs(text, n) for text in texts))
    return len(set(runs)) / len(runs) if runs else float("nan")


def loops(text: str) -> bool:
    """Whether a text repeats itself, as answers of small models do (Holtzman et al. 2020)."""
    runs = _runs(text, LOOP_WORDS)
    if not runs:
        return False
    counts = Counter(runs)
    repeated = len(runs) - len(counts)
    return max(counts.values()) >= _LOOP_TIMES or (
        len(runs) >= _FEWEST_RUNS and repeated / len(runs) >= _LOOP_SHARE
    )


def _runs(text: str, n: int) -> list[tuple[str, ...]]:
    found = words(text)
    return [tuple(found[at : at + n]) for at in range(len(found) - n + 1)]
