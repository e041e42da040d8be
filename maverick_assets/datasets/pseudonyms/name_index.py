"""An index of known names by spelling, and the longest name that begins at a word of a text."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from maverick_assets.crm.people.folding import fold

_LETTERS_AND_DIGITS = re.compile(r"[^\W_]+")
# What may stand between two words of one name. A line may be wrapped and quoted there:
#   "Dana Cole"  "Acme-Foods"  "Acme & Foods"  "COLE, DANA"  "dana_cole"  "Dana\n> Cole"
BETWEEN_WORDS = re.compile(r"[ \t]{0,3}(?:[-&.,'\u2019+_]?|\n)[\s>]{0,3}")


@dataclass(frozen=True)
class KnownName:
    """A name that a text may hold, and what its surrogate is computed from."""

    form: Literal["person", "backwards", "company"]  # backwards: `Cole, Dana`
    identity: str


@dataclass(frozen=True)
class NameIndex:
    """Names by spelling: their folded letters and digits, without what is between words.

    Thanks to the prefixes, most words of a text cost a single lookup.
    """

    names: dict[str, KnownName] = field(default_factory=dict)  # by spelling
    prefixes: set[str] = field(default_factory=set)  # all beginnings of spellings

    def add(self, spelling: str, name: KnownName) -> None:
        """Add a spelling, unless the index has it already."""
        if self.names.setdefault(spelling, name) is name:
            self.prefixes.update(spelling[:end] for end in range(1, len(spelling) + 1))

    def may_begin(self, first: str, second: str, third: str) -> bool:
        """Whether a name may begin with the first of three words, whatever is between them."""
        return (
            first in self.names
            or first + second in self.prefixes
            or (len(second) == 1 and first + third in self.names)  # Dana M. Cole
        )


def folded_words(text: str) -> list[str]:
    """The runs of letters and digits in a text, folded."""
    if text.isascii():  # lowering the text at once is faster than folding each word
        return _LETTERS_AND_DIGITS.findall(text.lower())
    return [fold(word) for word in _LETTERS_AND_DIGITS.findall(text)]


def words_added(before: str, after: str) -> set[str]:
    """The words, folded, that a text has and did not have before names in it were replaced."""
    return set() if before == after else {*folded_words(after)} - {*folded_words(before)}


@dataclass(frozen=True)
class Words:
    """The words of a text. The expression that found `tokens` decides what counts as a word."""

    text: str
    tokens: Sequence[re.Match[str]]  # where each word stands
    folded: Sequence[str]  # each word, folded

    def span(self, first: int, last: int) -> str:
        """The text from the word `first` to the word `last`, both included."""
        return self.text[self.tokens[first].start() : self.tokens[last].end()]


def find_words(text: str, folded: Sequence[str]) -> Words:
    """The words of a text whose `folded_words` the caller has already."""
    return Words(text, list(_LETTERS_AND_DIGITS.finditer(text)), folded)


# Takes a name and its first and last word in a text. Returns its surrogate, or None where the
# spelling shows that the text means something else.
SurrogateOf = Callable[[KnownName, Words, int, int], str | None]


def longest_name(
    words: Words, first: int, indexes: Iterable[NameIndex], surrogate_of: SurrogateOf
) -> tuple[int, str] | None:
    """The longest known name that begins with the word `first`: its last word and its surrogate.

    None where no name begins there. Of two names of equal length, the one in the earlier index
    counts.
    """
    best: tuple[int, str] | None = None
    for index in indexes:
        spelling, last = words.folded[first], first
        while spelling in index.prefixes and (last == first or _may_continue(words, last)):
            name = index.names.get(spelling)
            if name and (best is None or last > best[0]):
                surrogate = surrogate_of(name, words, first, last)
                best = best if surrogate is None else (last, surrogate)
            last += 1
            if last == len(words.tokens):
                break
            spelling += words.folded[last]
        best = best or _name_around_initial(words, first, index, surrogate_of)
    return best


def _name_around_initial(
    words: Words, first: int, index: NameIndex, surrogate_of: SurrogateOf
) -> tuple[int, str] | None:
    """`Dana M. Cole`, where `Dana Cole` is known."""
    last = first + 2
    if last >= len(words.tokens) or len(words.folded[first + 1]) != 1:
        return None
    name = index.names.get(words.folded[first] + words.folded[last])
    if name is None or name.form != "person" or not _may_continue(words, first + 1):
        return None
    surrogate = surrogate_of(name, words, first, last)
    return None if surrogate is None else (last, surrogate)


def _may_continue(words: Words, position: int) -> bool:
    """Whether the word at `position` may belong to the same name as the word before it."""
    end, start = words.tokens[position - 1].end(), words.tokens[position].start()
    return BETWEEN_WORDS.fullmatch(words.text, end, start) is not None


Window = tuple[str, str, str]  # three words that follow each other


def first_words(
    folded: Sequence[str], indexes: tuple[NameIndex, NameIndex], single_names: Mapping[str, str]
) -> set[str]:
    """The words that may be a name or begin one, whatever follows."""
    contacts, participants = indexes
    return {
        word
        for word in set(folded)
        if word in contacts.prefixes or word in participants.prefixes or word in single_names
    }


def name_windows(
    windows: Sequence[Window],
    first_words: set[str],
    indexes: tuple[NameIndex, NameIndex],
    single_names: Mapping[str, str],
) -> set[Window]:
    """The windows whose first word may be a name or begin one, given the two that follow."""
    contacts, participants = indexes
    return {
        window
        for window in set(windows)
        if window[0] in first_words
        and (
            window[0] in single_names
            or contacts.may_begin(*window)
            or participants.may_begin(*window)
        )
    }
