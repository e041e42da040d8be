"""Marks of a row: whose words it holds, and of which sensitivity class.

A mark is what a column says about a text: the tags of a note, the metadata of a conversation, mood
and mode, the personality. No text is searched: a word list would miss most of what people write of
their health, and would take a client's "heart of the matter" for a diagnosis.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from maverick_assets.recipes import SensitivityClass

# Words of marks, in the languages of mails: "Health", "mental health", "Gesundheit/Arzt".
_HEALTH = """
health healthcare medical medicine doctor therapy therapist diagnosis hospital
gesundheit arzt medizin therapie santé sante médecin medecin salute medico salud médico saúde saude
gezondheid zorg dokter sundhed læge hälsa halsa läkare zdrowie lekarz
"""
_INTIMATE = """
intimate intimacy sex sexual erotic
intim intimität intime íntimo intimo íntima intima intiem intymne
"""
# Marks that are such a word and nothing else: a "private label" and "personal care" are business.
# Private without a reason being named counts as the class that fewest may read.
_PRIVATE_TEXT = "private personal privat privé privée prive privato privado pessoal prywatne"
_PRIVATE = frozenset(_PRIVATE_TEXT.split())
_WORDS: dict[SensitivityClass, frozenset[str]] = {
    "health": frozenset(_HEALTH.split()),
    "intimate": frozenset(_INTIMATE.split()),
}
_WORD = re.compile(r"[^\W\d_]+")

# Keys of `conversations.metadata`, and prefixes of tags: "personality:robbie".
_PERSONALITY_KEYS = frozenset({"personality", "persona"})
_MOOD_KEYS = frozenset({"mood", "moods"})
_CLASS_KEYS = frozenset({"mode", "modes", "tag", "tags", "label", "labels", "categories"}) | {
    "category",
    "sensitivity",
    "class",
}


@dataclass(frozen=True)
class Marks:
    """What the marks of a row say."""

    personality: str | None = None  # whom the row names; several: a name that no recipe has
    classes: frozenset[SensitivityClass] = field(default_factory=frozenset)

    @property
    def sensitivity(self) -> str | None:
        """The classes as `clean/turns` stores them."""
        return joined_classes(*self.classes)


def joined_classes(*classes: str | None) -> str | None:
    """Classes, some joined already, as `clean/turns` stores them: "health+intimate", sorted.

    None where there is none: these are business words.
    """
    return "+".join(sorted({part for each in classes if each for part in each.split("+")})) or None


def classes_of(marks: Iterable[str | None]) -> frozenset[SensitivityClass]:
    """The classes that some marks name, by whole words: `mental-health`, but not `healthy`."""
    folded = [mark.casefold().strip() for mark in marks if mark]
    words = {word for mark in folded for word in _WORD.findall(mark)}
    classes = {name for name, known in _WORDS.items() if words & known}
    return frozenset(classes | ({"intimate"} if _PRIVATE & set(folded) else set()))


def tag_marks(tags: Iterable[str | None] | None) -> Marks:
    """The marks of a row with these tags; `personality:robbie` names a personality."""
    pairs = [("tag", tag) if ":" not in tag else _split(tag) for tag in tags or () if tag]
    return _from_pairs(pairs)


def conversation_marks(metadata: str | None) -> Marks:
    """The marks of a conversation with this metadata, JSON at any depth.

    Metadata that is not JSON names no personality and no class.
    """
    try:
        content = json.loads(metadata or "null")
    except (ValueError, RecursionError):
        return Marks()
    return _from_pairs(list(_pairs(content, "")))


def _from_pairs(pairs: Iterable[tuple[str, str]]) -> Marks:
    pairs = list(pairs)
    names = {_as_name(value) for key, value in pairs if key in _PERSONALITY_KEYS} - {""}
    classes = classes_of(value for key, value in pairs if key in _CLASS_KEYS)
    # Moods are asked of a companion. Where none is named, nobody may know whose words these are.
    if not names and any(value for key, value in pairs if key in _MOOD_KEYS):
        classes |= {"intimate"}
    return Marks(",".join(sorted(names)) or None, classes)


def _pairs(content: Any, key: str) -> Iterator[tuple[str, str]]:
    """Every text in JSON with the key that it stands under; one of a list has the list's key."""
    if isinstance(content, dict):
        for name, value in content.items():
            yield from _pairs(value, name.casefold())
    elif isinstance(content, list):
        for value in content:
            yield from _pairs(value, key)
    elif isinstance(content, str):
        yield key, content


def _split(tag: str) -> tuple[str, str]:
    key, _, value = tag.partition(":")
    key = key.strip().casefold()
    known = key in _PERSONALITY_KEYS | _MOOD_KEYS | _CLASS_KEYS
    return (key, value) if known else ("tag", tag)


def _as_name(value: str) -> str:
    """`Health Monitor` -> `health-monitor`: as recipes spell names."""
    return "-".join(re.findall(r"[^\W_]+", value.casefold()))
