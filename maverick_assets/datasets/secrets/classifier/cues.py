"""Classes of words that stand around secrets, of `cues.yaml`: "passwort" is a "password"."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import yaml

# Letters of Chinese and Japanese, with their signs.
CJK_RANGES = "\u3000-\u30ff\u3400-\u9fff\uff00-\uffef"
_HAS_CJK = re.compile(f"[{CJK_RANGES}]")

# Letters that decomposing leaves as they are; \u0131 is the Turkish i without a dot.
_UNACCENTED = str.maketrans(
    {"ł": "l", "ø": "o", "ß": "ss", "æ": "ae", "\u0131": "i", "đ": "d", "œ": "oe"}
)
_LONGEST_PART = 14  # no beginning or ending in `cues.yaml` is longer
_LONGEST_WORD = 40  # letters of a word that are looked at


@dataclass(frozen=True)
class Cues:
    """`cues.yaml`: the class of a word by all of it, its beginning, its ending, a part of it."""

    announcing: frozenset[str]  # near a word of these classes, secrets are looked for
    whole: dict[str, str]
    beginning: dict[str, str]
    ending: dict[str, str]
    part: dict[str, str]
    any_part: re.Pattern[str]
    unspaced: dict[str, str]
    any_unspaced: re.Pattern[str]
    figures: dict[str, list[str]]  # language: the words for 0 to 9
    turns: dict[str, list[str]]  # language: left, right
    spelled: frozenset[str]  # any word for a figure
    directions: frozenset[str]  # any word for left or right


def fold(word: str) -> str:
    """The word in lower case without accents."""
    word = word.lower()
    if word.isascii() or _HAS_CJK.search(word):
        return word
    decomposed = unicodedata.normalize("NFD", word.translate(_UNACCENTED))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


@cache
def cues() -> Cues:
    text = Path(__file__).with_name("cues.yaml").read_text(encoding="utf-8")
    listed: dict[str, dict[str, str]] = yaml.safe_load(text)
    whole: dict[str, str] = {}
    beginning: dict[str, str] = {}
    ending: dict[str, str] = {}
    part: dict[str, str] = {}
    for name, entries in (listed["announcing"] | listed["ordinary"]).items():
        for entry in entries.split():
            starts, ends = entry.startswith("*"), entry.endswith("*")
            table = part if starts and ends else ending if starts else beginning if ends else whole
            table.setdefault(fold(entry.strip("*")), name)
    unspaced = {word: name for name, all_ in listed["unspaced"].items() for word in all_.split()}
    figures = {language: line.split() for language, line in listed["figures"].items()}
    turns = {language: line.split() for language, line in listed["turns"].items()}
    return Cues(
        announcing=frozenset(listed["announcing"]),
        whole=whole,
        beginning=beginning,
        ending=ending,
        part=part,
        any_part=_any_of(part),
        unspaced=unspaced,
        any_unspaced=_any_of(unspaced),
        figures=figures,
        turns=turns,
        spelled=frozenset(fold(word) for words in figures.values() for word in words),
        directions=frozenset(fold(word) for words in turns.values() for word in words),
    )


def _any_of(entries: dict[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(entries, key=len, reverse=True))))


@lru_cache(maxsize=50_000)
def class_of(word: str) -> str:
    """The class of a folded word; "" when it has none."""
    known = cues()
    if word in known.whole:
        return known.whole[word]
    word = word[:_LONGEST_WORD]
    if found := known.any_part.search(word):
        return known.part[found.group()]
    for size in range(min(len(word), _LONGEST_PART), 1, -1):
        name = known.beginning.get(word[:size]) or known.ending.get(word[-size:])
        if name:
            return name
    if _HAS_CJK.search(word) and (inside := known.any_unspaced.search(word)):
        return known.unspaced[inside.group()]
    return ""
