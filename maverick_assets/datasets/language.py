"""Which language a text is in."""

from collections.abc import Collection
from functools import cache
from typing import Any

MIN_LETTERS = 20  # a shorter text may be in any language
MIN_PROBABILITY = 0.05  # of the languages in question, added up

_ADDRESS_PARTS = ("@", "://", "www.")  # addresses have no language


def may_be_in(languages: Collection[str], text: str) -> bool:
    """Whether a text may be in one of the languages (ISO 639-1).

    A text with fewer than MIN_LETTERS letters may be in any language.
    """
    words = _words_of(text)
    if sum(char.isalpha() for char in words) < MIN_LETTERS:
        return True
    probabilities: dict[str, float] = dict(_identifier().rank(words))
    return sum(probabilities.get(language, 0.0) for language in languages) >= MIN_PROBABILITY


def languages_of(text: str) -> list[str]:
    """The languages (ISO 639-1) that a text may be in, the likeliest first; empty for a short text.

    Related languages are told apart by few words, so several may be likely.
    """
    words = _words_of(text)
    if sum(char.isalpha() for char in words) < MIN_LETTERS:
        return []
    ranked: list[tuple[str, float]] = _identifier().rank(words)
    return [language for language, probability in ranked if probability >= MIN_PROBABILITY]


def _words_of(text: str) -> str:
    """The words of a text without addresses."""
    return " ".join(
        word for word in text.split() if not any(part in word for part in _ADDRESS_PARTS)
    )


@cache
def _identifier() -> Any:
    """py3langid's model of 140 languages; loading it takes half a second."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
