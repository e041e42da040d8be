"""Texts with phone numbers in the forms of 18 countries, and figures that are none.

Rules are tuned on the half that is not locked. The other half says what they forecast: look at its
score, not at its failures. A hash of the text decides which half it belongs to, so a new line moves
no other.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from maverick_assets_tests.corpora.files import read_corpus

_SURROGATE = re.compile(r"\+999(?: \d{3}){4}")
# Digits beside a number that may stay: an extension, an hour
_DIGITS_LEFT = 4


@dataclass(frozen=True)
class LabelledText:
    """A text with a phone number, or one with figures that are none."""

    text: str
    group: str  # a country, or a kind of figures
    is_locked: bool


def phone_texts() -> list[LabelledText]:
    """Texts with phone numbers and hardly another digit. Each number has one sentence."""
    texts = []
    countries: dict[str, Any] = read_corpus("phone_numbers.yaml")
    for country, content in countries.items():
        carriers: list[str] = content["carriers"]
        for at, number in enumerate(content["numbers"]):
            texts.append(_text(carriers[at % len(carriers)].replace("@", number), country))
    return texts


def clean_figures() -> list[LabelledText]:
    """Texts with figures and without a phone number."""
    kinds: dict[str, list[str]] = read_corpus("figures_that_are_no_phones.yaml")
    return [_text(text, kind) for kind, texts in kinds.items() for text in texts]


def keeps_number(text: str, protect: Callable[[str], str]) -> bool:
    """Whether `protect` leaves more digits of a text than an extension has."""
    left = re.sub(r"\D", "", _SURROGATE.sub("", protect(text)))
    return len(left) > _DIGITS_LEFT


def _text(text: str, group: str) -> LabelledText:
    return LabelledText(text, group, sha256(text.encode()).digest()[0] % 2 == 1)
