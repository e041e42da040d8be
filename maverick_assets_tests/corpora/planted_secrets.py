"""Texts with one planted secret each, and look-alikes without one, in ten languages.

The phrases of `planted/*.yaml` were written before the detector and without a look at its rules:
they come from how people hand over passwords, PINs and account numbers in mails and notes, not
from what a pattern would match. Every value is drawn from a seed; nothing is real.
"""

import random
from dataclasses import dataclass
from typing import Any

from maverick_assets.datasets.secrets.find import find_secrets
from maverick_assets_tests.corpora.drawn_values import HARMLESS_VALUES, SECRET_VALUES
from maverick_assets_tests.corpora.files import read_corpus

# Texts are drawn in this order: another order, or another language between, draws other texts.
LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "da", "sv", "pl")
_PHRASES: dict[str, dict[str, Any]] = {
    language: read_corpus(f"planted/{language}.yaml") for language in LANGUAGES
}
_HARMLESS_IN_ANY_LANGUAGE: list[str] = read_corpus("planted/any_language.yaml")["harmless"]


@dataclass(frozen=True)
class PlantedSecret:
    language: str
    kind: str  # a key of SECRET_VALUES
    text: str
    start: int  # text[start:end] is the secret
    end: int


def is_found(planted: PlantedSecret) -> bool:
    """Whether some finding overlaps the planted secret."""
    return any(
        finding.start < planted.end and finding.end > planted.start
        for finding in find_secrets(planted.text)
    )


def planted_texts(count: int, seed: int = 4) -> list[PlantedSecret]:
    """`count` texts with one secret each, in equal parts of every language and kind."""
    rng = random.Random(seed)
    planted = []
    for number in range(count):
        language = LANGUAGES[number % len(LANGUAGES)]
        phrases: dict[str, list[str]] = _PHRASES[language]["secrets"]
        kind = list(phrases)[number // len(LANGUAGES) % len(phrases)]
        before, _, after = rng.choice(phrases[kind]).partition("@")
        secret = rng.choice(SECRET_VALUES[kind])(rng)
        opening, closing = _surroundings(rng, language)
        before = opening + _fill(before, rng)
        text = before + secret + _fill(after, rng) + closing
        planted.append(PlantedSecret(language, kind, text, len(before), len(before) + len(secret)))
    return planted


def clean_texts(count: int, seed: int = 5) -> list[str]:
    """`count` texts without a secret, in equal parts of every language."""
    rng = random.Random(seed)
    texts = []
    for number in range(count):
        language = LANGUAGES[number % len(LANGUAGES)]
        opening, closing = _surroundings(rng, language)
        phrase = rng.choice(_PHRASES[language]["harmless"] + _HARMLESS_IN_ANY_LANGUAGE)
        texts.append(opening + _fill(phrase, rng) + closing)
    return texts


def _surroundings(rng: random.Random, language: str) -> tuple[str, str]:
    """Text before and after the phrase: none in a chat, greeting and small talk in a mail."""
    phrases = _PHRASES[language]
    greetings, talk, sign_offs = phrases["greetings"], phrases["small_talk"], phrases["sign_offs"]
    return rng.choice(
        [
            ("", ""),
            (f"{rng.choice(greetings)},\n\n", ""),
            (
                f"{rng.choice(greetings)}\n{rng.choice(talk)} ",
                f"\n\n{rng.choice(sign_offs)}\n",
            ),
            ("", f" {rng.choice(talk)}"),
            (f"{rng.choice(talk)}\n\n", f"\n{rng.choice(talk)}\n{rng.choice(sign_offs)}"),
        ]
    )


def _fill(template: str, rng: random.Random) -> str:
    """The template with a drawn value in place of each `{name}`."""
    filled, rest = "", template
    while "{" in rest:
        head, _, rest = rest.partition("{")
        name, _, rest = rest.partition("}")
        filled += head + HARMLESS_VALUES[name](rng)
    return filled + rest
