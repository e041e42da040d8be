"""A style card: how somebody writes, in sentences that a model can follow, computed from his texts.

It holds habits and phrases that many of his texts share, and no text of any of them.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from statistics import quantiles

from maverick_assets.evaluation.style.habits import NONE, case_habits, closing, greeting
from maverick_assets.evaluation.style.masking import NAME, Masking

_MARKS = {"!": "exclamation marks", "?": "question marks", "...": "dots", "--": "dashes"}
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_PHRASE_WORDS = 3
_PHRASES = 5
_LEAST_SHARE = 0.1  # of the texts that have a habit which the card names
_LEAST_TEXTS = 3  # that a phrase stands in: it is then a habit, and gives no text away


def style_card(texts: Sequence[str], masking: Masking) -> str:
    """The card of some texts of one person; empty without a text. Names are "(name)" in it."""
    if not texts:
        return ""
    masked = [masking(text) for text in texts]
    sentences = [
        "Write exactly as this person writes.",
        _length(texts),
        _most_frequent(masked, greeting, "open with", "do not greet"),
        _most_frequent(masked, closing, "close with", "do not sign"),
        _case(masked),
        _punctuation(masked),
        _phrases(masked),
    ]
    card = " ".join(sentence for sentence in sentences if sentence)
    return card.replace(NAME, "(name)")


def _length(texts: Sequence[str]) -> str:
    words = [len(text.split()) for text in texts]
    low, middle, high = quantiles(words, n=4) if len(words) > 1 else words * 3
    return f"Length: about {middle:.0f} words, mostly {low:.0f} to {high:.0f}."


def _most_frequent(
    texts: Sequence[str], habit: Callable[[str], str], does: str, does_not: str
) -> str:
    """What most texts do: `Most messages open with "hi (name),".`"""
    counts = Counter(habit(text) for text in texts)
    without = counts.pop(NONE, 0)
    frequent = [
        f'"{form}"' for form, count in counts.most_common(2) if count >= _LEAST_SHARE * len(texts)
    ]
    if 2 * without > len(texts) or not frequent:
        return f"Most messages {does_not}" + (
            f"; others {does} {' or '.join(frequent)}." if frequent else "."
        )
    return f"Most messages {does} {' or '.join(frequent)}."


def _case(texts: Sequence[str]) -> str:
    habits = Counter(habit for text in texts for habit in case_habits(text))
    begun = habits["small"] + habits["capital"]
    if begun and habits["small"] > begun / 2:
        return "Sentences begin with a small letter."
    if begun and habits["small"] > begun * _LEAST_SHARE:
        return "Some sentences begin with a small letter."
    return "Sentences begin with a capital."


def _punctuation(texts: Sequence[str]) -> str:
    having = {name: sum(mark in text for text in texts) for mark, name in _MARKS.items()}
    used = [name for name, count in having.items() if count >= _LEAST_SHARE * len(texts)]
    rare = [name for name, count in having.items() if count < 0.02 * len(texts)]
    return " ".join(
        [
            *([f"Uses {', '.join(used)}."] if used else []),
            *([f"Hardly ever uses {', '.join(rare)}."] if rare else []),
        ]
    )


def _phrases(texts: Sequence[str]) -> str:
    """Runs of words that stand in several texts, the most frequent first."""
    texts_with: defaultdict[str, set[int]] = defaultdict(set)
    for at, text in enumerate(texts):
        for line in text.splitlines():
            words = _WORD.findall(line.replace(NAME, "\n"))
            for start in range(len(words) - _PHRASE_WORDS + 1):
                texts_with[" ".join(words[start : start + _PHRASE_WORDS])].add(at)
    ranked = sorted(texts_with, key=lambda phrase: (-len(texts_with[phrase]), phrase))
    frequent = [phrase for phrase in ranked if len(texts_with[phrase]) >= _LEAST_TEXTS]
    listed = ", ".join(f'"{phrase}"' for phrase in frequent[:_PHRASES])
    return f"Phrases: {listed}." if listed else ""
