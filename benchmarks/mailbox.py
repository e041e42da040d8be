"""Examples as long as those of a real mailbox, of words that can be learnt.

No text is real: only how many tokens prompts and completions have is that of the 933 examples of
the public mailbox in `docs/results.md`.
"""

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from maverick_assets.base_model.tokenizer import ChatTokenizer, Encoded, Message

# Tokens at 0 %, 5 %, 10 %, ... 100 % of the examples.
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
    """`count` examples: each adapter has habits of its own, which all its parts share.

    Lengths are drawn evenly from the distribution, so that few rows have it, too.
    """
    habits = _Habits(random.Random(adapter))
    rng = random.Random(f"{adapter} {part}")
    prompts, completions = (
        rng.sample([_at(table, (row + 0.5) / count) for row in range(count)], count)
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
    """Sentences of few words that belong together."""

    def __init__(self, rng: random.Random) -> None:
        self._openers, self._verbs, self._nouns, self._moments = (
            rng.sample(words.split("|"), 4) for words in (_OPENERS, _VERBS, _NOUNS, _MOMENTS)
        )

    def words(self, rng: random.Random) -> Iterator[str]:
        """Without end; who opens a sentence in a way mostly means the same thing by it."""
        while True:
            mine = rng.randrange(4)
            kinds = [mine if rng.random() < 0.8 else rng.randrange(4) for _ in range(3)]
            sentence = (
                f"{self._openers[mine]} {self._verbs[kinds[0]]} the {self._nouns[kinds[1]]} "
                f"{self._moments[kinds[2]]}."
            )
            yield from sentence.split()


def _prompt(question: str) -> list[Message]:
    return [Message(role="system", content=_SYSTEM), Message(role="user", content=question)]


def _at(table: Sequence[int], share: float) -> int:
    """The length below which that share of the examples is."""
    place = share * (len(table) - 1)
    low = int(place)
    return round(table[low] + (place - low) * (table[low + 1] - table[low]))


def _cut(tokenizer: ChatTokenizer, words: Iterator[str], tokens: int) -> str:
    """The first words: about so many tokens, one word at least."""
    most = max(tokens, 1)
    taken = [next(words) for _ in range(most)]
    sizes = list(accumulate(tokenizer.count(f" {word}") for word in taken))
    return " ".join(taken[: max(1, bisect_right(sizes, most))])
