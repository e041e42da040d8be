"""Expands the templates of the phrase banks, which are a small grammar in YAML.

A template is text in which a blank line separates *parts*; within a part each line is one
alternative, and a line `~` says nothing. Inside a line, `{a|b}` is an inline alternative (nesting
allowed), `<name>` is a slot, and a literal `\\n` is a line break.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from maverick_assets.yaml_files import parse_yaml

TRIES = 40  # to draw a text that was not drawn before; a small bank may have no other

# "{a|b}"; of nested choices the innermost
_CHOICE = re.compile(r"\{([^{}]*)\}")
# "<brand>"
_NAME = re.compile(r"<([a-z_0-9]+)>")
# The first letter of a sentence, or of an item of a list: "Yes. thanks", "\n2. oats"
_SENTENCE_START = re.compile(r"(^|[.?!][\"')]? |\n(?:\d\. )?)([a-z])")
# "a" before the sound of a vowel: "a 8 % rise", "a offer", but not "a one-off", "a unit", "a user"
_ARTICLE = re.compile(
    r"\b([Aa]) (?=8\b|8\d|11\b|18\b|(?!one\b|once\b|eu|[Uu]ni|us[ae])[aeiouAEIOU])"
)


@cache
def load_bank(name: str) -> dict[str, Any]:
    """The phrase bank `banks/<name>.yaml` of this package."""
    bank: dict[str, Any] = parse_yaml(Path(__file__).parent / "banks" / f"{name}.yaml")
    return bank


def tidy(text: str) -> str:
    """Repair what joining clauses leaves behind: spaces, capitals of sentences, and a or an."""
    text = re.sub(r" {2,}", " ", text).strip()
    text = re.sub(r" ([,.;?!])(?=\s|$)", r"\1", text)
    text = _ARTICLE.sub(r"\1n ", text)
    return _SENTENCE_START.sub(lambda m: m[1] + m[2].upper(), text)


class Expander:
    """Expands templates. Draws alternatives from shuffled decks, so that all are used evenly."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.seen: set[str] = set()  # texts that `fresh` returned
        self._decks: dict[tuple[str, ...], list[str]] = {}

    def pick(self, options: Sequence[str]) -> str:
        """One of the options. Each is drawn once before any is drawn again."""
        deck = self._decks.setdefault(tuple(options), [])
        if not deck:
            deck.extend(options)
            self.rng.shuffle(deck)
        return deck.pop()

    def parts(self, template: str, slots: Mapping[str, str]) -> list[str]:
        """The template's parts, expanded. Parts that say nothing are left out.

        Raises `KeyError` with the name of a slot that is not given.
        """
        blocks = [block.splitlines() for block in template.strip().split("\n\n")]
        lines = [self._line(self.pick(block), slots) for block in blocks]
        return [tidy(line) for line in lines if line.strip() not in ("", "~")]

    def text(self, template: str, slots: Mapping[str, str]) -> str:
        """The template's parts, expanded, in one paragraph."""
        return " ".join(self.parts(template, slots))

    def longer(self, template: str, slots: Mapping[str, str], second_line: float) -> str:
        """As `text`, but with probability `second_line` a part gives two of its lines."""
        texts = []
        for part in template.strip().split("\n\n"):
            lines = part.splitlines()
            first = lines.index(self.pick(lines))
            picks = {first}
            if self.rng.random() < second_line:
                picks.add((first + 1) % len(lines))
            texts += [self.text(lines[pick], slots) for pick in sorted(picks)]
        return " ".join(text for text in texts if text)

    def bind(self, choices: Mapping[str, str], slots: Mapping[str, str]) -> dict[str, str]:
        """The slots and a choice for each name, which may use the slots and earlier choices."""
        bound = dict(slots)
        for name, options in choices.items():
            bound[name] = self._line(self.pick(str(options).strip().splitlines()), bound)
        return bound

    def fresh(self, make: Callable[[], str]) -> str:
        """A text from `make` that was not returned before; after TRIES, whatever comes last."""
        text = make()
        for _ in range(TRIES):
            if text not in self.seen:
                break
            text = make()
        self.seen.add(text)
        return text

    def _line(self, line: str, slots: Mapping[str, str]) -> str:
        while _CHOICE.search(line):
            line = _CHOICE.sub(lambda m: self.pick(m[1].split("|")), line)
        return _NAME.sub(lambda m: slots[m[1]], line).replace("\\n", "\n")
