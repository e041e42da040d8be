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

from maverick_assets.crm.schema import MADE_BY, MAVERICK
from maverick_assets.recipes import SensitivityClass, load_recipes
from maverick_assets.settings import PACKAGED_PERSONALITIES

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
# Other programs write it, too: {"persona": "Marketing Manager"}. It names one of ours, or nobody.
_AMBIGUOUS_KEY = "persona"
_MOOD_KEYS = frozenset({"mood", "moods"})
_CLASS_KEYS = frozenset({"mode", "modes", "tag", "tags", "label", "labels", "categories"}) | {
    "category",
    "sensitivity",
    "class",
}
_MAX_DECODINGS = 5  # of JSON within a text of JSON


@dataclass(frozen=True)
class KnownPersonalities:
    """Names and moods of recipes: what a mark of ours can say, and of another program cannot."""

    names: frozenset[str]
    moods: frozenset[str]


def known_personalities() -> KnownPersonalities:
    """Of the setting MAVERICK_PERSONALITIES, and the packaged ones, whose rows may still be there.

    Raises what `load_recipes` raises.
    """
    recipes = [*load_recipes([PACKAGED_PERSONALITIES]).values(), *load_recipes().values()]
    moods = {mood.casefold() for recipe in recipes for mood in recipe.moods}
    return KnownPersonalities(frozenset(recipe.name for recipe in recipes), frozenset(moods))


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


def tag_marks(tags: Iterable[str | None] | None, known: KnownPersonalities) -> Marks:
    """The marks of a row with these tags; `personality:robbie` names a personality."""
    pairs = [("tag", tag) if ":" not in tag else _split(tag) for tag in tags or () if tag]
    return _from_pairs(pairs, known)


def conversation_marks(metadata: str | None, known: KnownPersonalities) -> Marks:
    """The marks of a conversation with this metadata, JSON at any depth, also within its texts.

    Metadata that is not JSON names no personality and no class.
    """
    return _from_pairs(list(_pairs(_decoded(metadata or ""))), known)


def is_made_by_maverick(metadata: str | None) -> bool:
    """Whether a conversation with this metadata is one with a personality of ours."""
    content = _decoded(metadata or "")
    return isinstance(content, dict) and content.get(MADE_BY) == MAVERICK


def _from_pairs(pairs: list[tuple[str, str]], known: KnownPersonalities) -> Marks:
    written = {(key, _as_name(value)) for key, value in pairs if key in _PERSONALITY_KEYS}
    names = {name for key, name in written if key != _AMBIGUOUS_KEY or name in known.names} - {""}
    classes = classes_of(value for key, value in pairs if key in _CLASS_KEYS)
    # A companion's moods are asked of it, so without its name these are still its words. Others
    # are another program's: {"mood": "neutral"}.
    moods = {value.strip().casefold() for key, value in pairs if key in _MOOD_KEYS}
    if not names and moods & known.moods:
        classes |= {"intimate"}
    return Marks(",".join(sorted(names)) or None, classes)


def _pairs(content: Any) -> Iterator[tuple[str, str]]:
    """Every text in JSON with the key that it stands under; one of a list has the list's key.

    A text that is JSON itself is followed by the texts in it. A loop, because JSON that is just
    not too deep for its parser would be so for a function that calls itself.
    """
    open_values: list[tuple[str, Any, int]] = [("", content, 0)]
    while open_values:
        key, value, decodings = open_values.pop()
        if isinstance(value, dict):
            open_values += [(name.casefold(), each, decodings) for name, each in value.items()]
        elif isinstance(value, list):
            open_values += [(key, each, decodings) for each in value]
        elif isinstance(value, str):
            yield key, value
            if decodings < _MAX_DECODINGS and value.lstrip().startswith(("{", "[", '"')):
                open_values.append((key, _decoded(value), decodings + 1))


def _decoded(text: str) -> Any:
    """The value of JSON; None for other text, and for JSON that is too deep."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _split(tag: str) -> tuple[str, str]:
    key, _, value = tag.partition(":")
    key = key.strip().casefold()
    known = key in _PERSONALITY_KEYS | _MOOD_KEYS | _CLASS_KEYS
    return (key, value) if known else ("tag", tag)


def _as_name(value: str) -> str:
    """`Health Monitor` -> `health-monitor`: as recipes spell names."""
    return "-".join(re.findall(r"[^\W_]+", value.casefold()))
