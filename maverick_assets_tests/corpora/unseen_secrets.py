"""Texts with a secret, and look-alikes, by phrases that no rule and no classifier was made from.

Half of the phrases of the first set are locked: a hash of the phrase says which. Rules, vocabulary,
classifier and its bound may be tuned on the others. All of the second and third set is locked. Of
what is locked one looks at figures, never at misses.
"""

import hashlib
import random
from dataclasses import dataclass

from maverick_assets_tests.corpora.files import read_corpus
from maverick_assets_tests.corpora.planted_secrets import PlantedSecret
from maverick_assets_tests.corpora.unseen_values import CLEAN_VALUES, UNSEEN_VALUES

_TIMES = 3  # texts of one phrase


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


def second_phrases(clean: bool) -> list[Phrase]:
    """The phrases of the second set, or its look-alikes."""
    return _phrases_of_set("second", clean)


def third_phrases(clean: bool) -> list[Phrase]:
    """The phrases of the third set, or its look-alikes."""
    return _phrases_of_set("third", clean)


def _phrases_of_set(name: str, clean: bool) -> list[Phrase]:
    listed = read_corpus(f"planted/unseen_{name}.yaml")
    if clean:
        return [
            Phrase(language, "clean", line)
            for language, lines in listed["clean"].items()
            for line in lines.splitlines()
        ]
    return [
        Phrase(language, kind, line)
        for language, kinds in listed.items()
        if language != "clean"
        for kind, lines in kinds.items()
        for line in lines.splitlines()
    ]


def unseen_texts(locked: bool) -> list[PlantedSecret]:
    """Three texts of each phrase of one half of the first set."""
    return _planted(unseen_phrases(locked), seed=17)


def second_texts() -> list[PlantedSecret]:
    """Three texts of each phrase of the second set."""
    return _planted(second_phrases(clean=False), seed=19)


def third_texts() -> list[PlantedSecret]:
    """Three texts of each phrase of the third set."""
    return _planted(third_phrases(clean=False), seed=21)


def unseen_clean_texts(locked: bool) -> list[str]:
    """Three texts of each look-alike of one half of the first set."""
    return _filled(clean_phrases(locked), seed=18)


def second_clean_texts() -> list[str]:
    """Three texts of each look-alike of the second set."""
    return _filled(second_phrases(clean=True), seed=20)


def third_clean_texts() -> list[str]:
    """Three texts of each look-alike of the third set."""
    return _filled(third_phrases(clean=True), seed=22)


def _planted(phrases: list[Phrase], seed: int) -> list[PlantedSecret]:
    """_TIMES texts of each phrase, with other values in each."""
    rng = random.Random(seed)
    texts = []
    for phrase in phrases:
        for _ in range(_TIMES):
            before, _, after = _with_borders(phrase.text).partition("@")
            secret = UNSEEN_VALUES[phrase.kind](rng)
            before = _fill(before, rng)
            text = before + secret + _fill(after, rng)
            end = len(before) + len(secret)
            texts.append(PlantedSecret(phrase.language, phrase.kind, text, len(before), end))
    return texts


def _filled(phrases: list[Phrase], seed: int) -> list[str]:
    rng = random.Random(seed)
    return [_fill(_with_borders(phrase.text), rng) for phrase in phrases for _ in range(_TIMES)]


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
