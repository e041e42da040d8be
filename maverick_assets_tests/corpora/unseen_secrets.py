"""Texts with a secret, and look-alikes, by phrases that no rule and no classifier was made from.

Half of the phrases are locked: a hash of the phrase says which. Rules, vocabulary, classifier and
its bound may be tuned on the others. Of the locked half one looks at figures, never at misses.
"""

import hashlib
import random
from dataclasses import dataclass

from maverick_assets_tests.corpora.files import read_corpus
from maverick_assets_tests.corpora.planted_secrets import PlantedSecret
from maverick_assets_tests.corpora.unseen_values import CLEAN_VALUES, UNSEEN_VALUES


@dataclass(frozen=True)
class Phrase:
    language: str
    kind: str  # of the value; "clean" for a look-alike
    text: str  # `@` for the value, `{name}` for harmless ones

    @property
    def is_locked(self) -> bool:
        return is_locked(self.text)


def is_locked(phrase: str) -> bool:
    """Whether nobody may look at what becomes of the phrase until the end."""
    return hashlib.sha256(phrase.encode()).digest()[0] % 2 == 1


def unseen_phrases(locked: bool) -> list[Phrase]:
    phrases = [
        Phrase(language, kind, line)
        for language, kinds in read_corpus("planted/unseen.yaml").items()
        for kind, lines in kinds.items()
        for line in lines.splitlines()
    ]
    return [phrase for phrase in phrases if phrase.is_locked == locked]


def clean_phrases(locked: bool) -> list[Phrase]:
    phrases = [
        Phrase(language, "clean", line)
        for language, lines in read_corpus("planted/unseen_clean.yaml").items()
        for line in lines.splitlines()
    ]
    return [phrase for phrase in phrases if phrase.is_locked == locked]


def unseen_texts(locked: bool, times: int = 3, seed: int = 17) -> list[PlantedSecret]:
    """`times` texts of each phrase, with other values in each."""
    rng = random.Random(seed)
    texts = []
    for phrase in unseen_phrases(locked):
        for _ in range(times):
            before, _, after = _with_borders(phrase.text).partition("@")
            secret = UNSEEN_VALUES[phrase.kind](rng)
            before = _fill(before, rng)
            text = before + secret + _fill(after, rng)
            end = len(before) + len(secret)
            texts.append(PlantedSecret(phrase.language, phrase.kind, text, len(before), end))
    return texts


def unseen_clean_texts(locked: bool, times: int = 3, seed: int = 18) -> list[str]:
    """`times` texts of each look-alike."""
    rng = random.Random(seed)
    return [
        _fill(_with_borders(phrase.text), rng)
        for phrase in clean_phrases(locked)
        for _ in range(times)
    ]


def _with_borders(phrase: str) -> str:
    """The phrase with line breaks, as the messages of an example are joined before the search."""
    return phrase.replace(" ‖ ", "\n").replace("‖", "\n").replace("⏎", "\n")


def _fill(template: str, rng: random.Random) -> str:
    filled, rest = "", template
    while "{" in rest:
        head, _, rest = rest.partition("{")
        name, _, rest = rest.partition("}")
        filled += head + CLEAN_VALUES[name](rng)
    return filled + rest
