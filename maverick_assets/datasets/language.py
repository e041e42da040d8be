"""Which language a text is in."""

from collections.abc import Collection
from functools import cache
from typing import Any

LETTERS = 20  # fewer tell nothing
UNLIKELY = 0.05

_NO_WORDS = ("@", "://", "www.")  # what addresses have


def may_be_in(languages: Collection[str], text: str) -> bool:
    """Whether a text may be in one of the languages (ISO 639-1); so may one too short to tell."""
    words = " ".join(w for w in text.split() if not any(part in w for part in _NO_WORDS))
    if sum(letter.isalpha() for letter in words) < LETTERS:
        return True
    likely: dict[str, float] = dict(_identifier().rank(words))
    return sum(likely.get(language, 0.0) for language in languages) >= UNLIKELY


@cache
def _identifier() -> Any:
    """py3langid's model of 140 languages; half a second to load."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
