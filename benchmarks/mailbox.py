"""Synthetic examples with the lengths of a real mailbox's, and with habits that can be learned.

No text is real. Only the distribution of prompt and completion lengths is that of the 933 examples
of the public mailbox in `docs/results.md`.
"""

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from maverick_assets.base_model.tokenizer import ChatTokenizer, Encoded, Message

# Quantiles of the lengths in tokens: 0 %, 5 %, 10 %, ... 100 %.
PROMPT = (25, 32, 37, 39, 40, 40, 41, 42, 43, 48, 54, 62, 68, 78, 91, 106, 130, 162, 210, 314, 507)
COMPLETION = (3, 5, 7, 8, 9, 11, 13, 14, 16, 18, 21, 24, 27, 31, 36, 42, 51, 63, 88, 138, 348)
MAX_LENGTH = 512

_SYSTEM = "You are Allan."
_OPENERS = "Please|Could you|Today we|They must|I will|Nobody may|Our team can|Let me"
_VERBS = "send|check|sign|review|copy|close|move|print|return|split|price|draft|hold|order"
_NOUNS = "contract|report|invoice|budget|offer|letter|forecast|list|plan|deal|file|order|lease|bill"
_MOMENTS = (
    "today|before Friday|next week|at noon|this month|after lunch|in March|once more|by phone"
)


def mailbox_rows(tokenizer: ChatTokenizer, count: int, adapter: str, part: str) -> list[Encoded]:
    """`count` examples of one part ("train" or "held out", the validation rows) for one adapter.

    Each adapter has habits of its own, which all its parts share; so what it learns from one part
    lowers the loss on another. Lengths are the distribution's quantiles at even distances, not
    random draws: even few rows then have the whole distribution.
    """
    habits = _Habits(random.Random(adapter))
    rng = random.Random(f"{adapter} {part}")
    prompts, completions = (
        rng.sample([_quantile(table, (row + 0.5) / count) for row in range(count)], count)
        for table in (PROMPT, COMPLETION)
    )
    frame = len(tokenizer.encode_prompt(_prompt("")))
    rows = []
    for prompt, completion in zip(prompts, completions, strict=True):
        question = _cut(tokenizer, habits.words(rng), prompt - frame)
        answer = _cut(tokenizer, habits.words(rng), min(completion, MAX_LENGTH - prompt) - 1)
        messages = [*_prompt(question), Message(role="assistant", content=answer)]
        rows.append(tokenizer.encode(messages, MAX_LENGTH))
    return rows


class _Habits:
    """Sentences in which opener, verb, noun and moment belong together, differently by adapter."""

    def __init__(self, rng: random.Random) -> None:
        self._openers, self._verbs, self._nouns, self._moments = (
            rng.sample(words.split("|"), 4) for words in (_OPENERS, _VERBS, _NOUNS, _MOMENTS)
        )

    def words(self, rng: random.Random) -> Iterator[str]:
        """An endless stream of words; 80 % of those after an opener are the ones tied to it."""
        while True:
            habit = rng.randrange(4)
            kinds = [habit if rng.random() < 0.8 else rng.randrange(4) for _ in range(3)]
            sentence = (
                f"{self._openers[habit]} {self._verbs[kinds[0]]} the {self._nouns[kinds[1]]} "
                f"{self._moments[kinds[2]]}."
            )
            yield from sentence.split()


def _prompt(question: str) -> list[Message]:
    return [Message(role="system", content=_SYSTEM), Message(role="user", content=question)]


def _quantile(table: Sequence[int], share: float) -> int:
    """The length below which `share` of the examples are, interpolated in a table of quantiles."""
    position = share * (len(table) - 1)
    low = int(position)
    return round(table[low] + (position - low) * (table[low + 1] - table[low]))


def _cut(tokenizer: ChatTokenizer, words: Iterator[str], tokens: int) -> str:
    """The first words of a stream, about `tokens` tokens but at least one word."""
    most = max(tokens, 1)
    taken = [next(words) for _ in range(most)]
    sizes = list(accumulate(tokenizer.count(f" {word}") for word in taken))
    return " ".join(taken[: max(1, bisect_right(sizes, most))])
