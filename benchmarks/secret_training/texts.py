"""Training texts, put together from words of eighteen languages, layouts and drawn values.

Words stand in `words.yaml`, layouts in `layouts.yaml`. No sentence of a test corpus stands there:
`test_secret_training.py` compares them.
"""

import random
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from benchmarks.secret_training import lookalikes as parts
from benchmarks.secret_training.lookalikes import HARMLESS
from benchmarks.secret_training.values import SECRETS


def _read(name: str) -> dict[str, Any]:
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def _layouts(name: str) -> tuple[str, ...]:
    return tuple(line.replace("⏎", "\n") for line in _read("layouts.yaml")[name].splitlines())


_COMMON, _LOGIN, _THING = _layouts("common"), _layouts("login"), _layouts("thing")
_ONE_TIME, _LOOSE, _HARMLESS = _layouts("one_time"), _layouts("loose"), _layouts("harmless")
_CONTEXT, _PAIR, _MESSAGE = _layouts("context"), _layouts("pair"), _layouts("message")
_FIELDS = _layouts("fields")
_OF_FIELDS = frozenset({"pw", "login", "wifi", "phrase", "key", "groups"})
_NUMBERED = tuple(layout for layout in _HARMLESS if "{X} {V}" in layout or "{X}: {V}" in layout)
_NOUNS_OF = {"phrase": "pw", "groups": "pw"}  # kinds that take the nouns of another one
# Fields from which the word near a value of a kind is drawn.
_NEAR = {
    "pw": ("pw", "pw", "login", "as", "system", "enter", "opens", "wifi", "changed"),
    "login": ("pw", "login", "login", "as", "system", "ask"),
    "wifi": ("wifi", "pw"),
    "phrase": ("pw", "pw", "seed", "safe"),
    "groups": ("pw", "pw", "key", "backup"),
    "pin": ("pin", "pin", "pin", "card", "enter", "opens"),
    "door": ("door", "door", "door", "enter", "opens"),
    "safe": ("safe", "safe", "enter", "opens"),
    "key": ("key", "key", "login", "system", "pw", "enter"),
    "otp": ("otp", "otp", "exp", "yours"),
}
_FIGURES = frozenset({"pin", "door", "safe", "otp"})
_THINGS = frozenset({"door", "safe", "pin", "pw", "phrase"})
_HANDED_OVER = _THINGS | {"wifi", "groups", "key", "otp"}  # also where no noun announces them
_KINDS = (
    ["pw"] * 5
    + ["login"] * 7
    + ["wifi"] * 2
    + ["phrase"] * 2
    + ["groups", "groups"]
    + ["pin"] * 3
    + ["door"] * 4
    + ["safe"] * 3
    + ["seed"] * 2
    + ["backup"] * 2
    + ["key"] * 3
    + ["lic"] * 2
    + ["tax"] * 2
    + ["answer"] * 2
    + ["card", "bank"]
    + ["otp"] * 4
)

Words = dict[str, list[str]]


@dataclass(frozen=True)
class TrainingText:
    language: str
    kind: str  # of the secret; "" for none
    text: str
    secrets: tuple[tuple[int, int], ...]  # where they stand


@cache
def words() -> dict[str, Words]:
    """The words of `words.yaml`: language, field, entries."""
    return {
        language: {name: entries.split(" | ") for name, entries in fields.items()}
        for language, fields in _read("words.yaml").items()
    }


def draw_text(rng: random.Random, secret: bool) -> TrainingText:
    """A text with a secret, or with what only looks like one."""
    languages = list(words())
    language = rng.choices(languages, [3, 2] + [1] * (len(languages) - 2))[0]
    entries = words()[language]
    if rng.random() < 0.08:  # people mix English nouns into other languages
        entries = entries | {name: words()["en"][name] for name in ("pw", "login", "key", "wifi")}
    if rng.random() < 0.2:  # what is learnt of one language's words must hold for all of them
        entries = {name: words()[rng.choice(languages)][name] for name in entries}
    kind = rng.choice(_KINDS)
    layout = _secret_layout(rng, kind) if secret else _harmless_layout(rng)
    text, spans = _fill(rng, layout, entries, kind, secret)
    before, after = _surroundings(rng, entries)
    spans = tuple((start + len(before), end + len(before)) for start, end in spans)
    return TrainingText(language, kind if secret else "", before + text + after, spans)


def _harmless_layout(rng: random.Random) -> str:
    return rng.choice(_NUMBERED if rng.random() < 0.25 else _HARMLESS)


def _secret_layout(rng: random.Random, kind: str) -> str:
    if rng.random() < 0.35:
        return rng.choice(_LOOSE)
    if kind in _OF_FIELDS and rng.random() < 0.25:
        return rng.choice(_FIELDS)
    if kind == "login":
        return rng.choice(_LOGIN if rng.random() < 0.6 else _PAIR)
    if kind == "otp" and rng.random() < 0.8:
        return rng.choice(_ONE_TIME if rng.random() < 0.5 else _MESSAGE)
    if kind in _HANDED_OVER and rng.random() < 0.6:
        return rng.choice(_CONTEXT)
    if kind in _THINGS and rng.random() < 0.5:
        return rng.choice(_THING)
    return rng.choice(_COMMON)


def _fill(
    rng: random.Random, layout: str, entries: Words, kind: str, secret: bool
) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The layout with its parts drawn, and where its secrets stand."""
    text, rest = "", layout
    spans = []
    while "{" in rest:
        head, _, rest = rest.partition("{")
        name, _, rest = rest.partition("}")
        text += head
        if name in ("V", "V2"):
            value = _secret(rng, kind) if secret else HARMLESS[rng.choice(list(HARMLESS))](rng)
            if secret:
                spans.append((len(text), len(text) + len(value)))
            text += value
        else:
            text += _part(rng, name, entries, kind)
    return text + rest, tuple(spans)


def _secret(rng: random.Random, kind: str) -> str:
    """A secret of a kind, at times in words: "four seven one nine", "links 34, rechts 12"."""
    if kind in _FIGURES and rng.random() < 0.12:
        return parts.spelled(rng, rng.randint(3, 6))
    if kind == "safe" and rng.random() < 0.25:
        return parts.turns(rng)
    return SECRETS[kind](rng)


def _part(rng: random.Random, name: str, entries: Words, kind: str) -> str:
    """One part of a layout other than its value."""
    if name == "~":
        return _any_words(rng, entries)
    if name == "list":  # "budget, hiring, office, travel"
        spoken = " ".join(entries["talk"] + entries["misc"]).replace(" V", "").split()
        return ", ".join(rng.choice(spoken).strip(".?!,") for _ in range(rng.randint(3, 14)))
    drawn = {
        "machine": parts.machine,
        "K": parts.setting,
        "K0": parts.harmless_setting,
        "few": lambda rng: parts.spelled(rng, rng.choice([1, 1, 2, 3])),
        "way": parts.way,
        "version": parts.version,
        "url": parts.web,
        "file": parts.file_name,
        "commit": parts.commit,
        "bare": parts.bare_number,
        "promo": parts.promotion,
        "count": parts.count,
        "U": parts.user,
        "M": parts.mail,
        "H": parts.host,
        "W": parts.web,
        "PH": parts.phone,
        "P": parts.place_name,
        "P0": parts.place_name,
        "P1": parts.place_name,
        "date": parts.date,
        "clock": parts.clock,
        "price": parts.price,
        "price2": parts.price,
    }
    if name in drawn:
        return drawn[name](rng)
    noun = rng.choice(entries[_NOUNS_OF.get(kind, kind)])
    if name in ("N", "N2"):
        return _typed(rng, noun)
    if name in ("C", "C2"):
        near = _NEAR.get(kind, (kind,))
        return _typed(rng, rng.choice(entries[rng.choice(near)]).replace("N", noun))
    if name in ("ask", "vain"):
        return _typed(rng, rng.choice(entries[name]).replace("N", noun))
    if name in ("ask_x", "ask_s"):
        asked = rng.choice(
            entries["things" if name == "ask_x" else rng.choice(("login", "system"))]
        )
        return rng.choice(entries["ask"]).replace("N", asked)
    if name in ("misc", "misc2"):
        value = HARMLESS[rng.choice(list(HARMLESS))](rng)
        return rng.choice(entries["misc"]).replace("V", value)
    field = {"S": "system", "L": "login", "X": "things", "X2": "things", "exp2": "exp"}.get(
        name, name
    )
    return _typed(rng, rng.choice(entries[field]))


def _any_words(rng: random.Random, entries: Words) -> str:
    """Up to five words of the language that belong to nothing."""
    sentences = [
        *entries["talk"],
        *entries["talk"],
        *entries["note"],
        *entries["reply"],
        *entries["with"],
    ]
    sentence = rng.choice(sentences).strip(".?!:").split()
    start = rng.randrange(len(sentence))
    return " ".join(sentence[start : start + rng.randint(1, 5)]).rstrip(".,:")


def _typed(rng: random.Random, text: str) -> str:
    """The text as somebody may type it: in lower case, without accents, with a letter missing."""
    chance = rng.random()
    if chance < 0.15:
        return text.lower()
    if chance < 0.22:
        plain = unicodedata.normalize("NFD", text)
        return "".join(char for char in plain if not unicodedata.combining(char))
    if chance < 0.27 and len(text) > 5:
        at = rng.randrange(1, len(text))
        return text[:at] + text[at + 1 :]
    if chance < 0.31:
        return text.upper()
    return text[:1].upper() + text[1:] if chance < 0.6 else text


def _surroundings(rng: random.Random, entries: Words) -> tuple[str, str]:
    """What stands before and after: mostly nothing, else small talk, figures, a signature."""

    def talk() -> str:
        if rng.random() < 0.3:
            return _fill(rng, rng.choice(_HARMLESS), entries, rng.choice(_KINDS), False)[0]
        return rng.choice(entries["talk"])

    chance = rng.random()
    if chance < 0.45:
        return "", ""
    if chance < 0.6:
        return f"{talk()} ", ""
    if chance < 0.75:
        return f"{talk()}\n", f"\n{talk()}"
    if chance < 0.87:
        return "", f" {talk()}"
    paragraphs = [talk() for _ in range(rng.randint(2, 8))]
    at = rng.randint(0, len(paragraphs))
    return "\n\n".join([*paragraphs[:at], ""]), "\n".join(["", *paragraphs[at:]])
