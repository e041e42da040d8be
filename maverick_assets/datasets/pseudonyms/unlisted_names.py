"""Names of people whom no column of the CRM lists: a model finds them in English texts.

So small a model takes companies, products and headings for persons. What it finds therefore counts
as a name only if lists of names agree: a given name, alone or with a surname after it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

from maverick_assets.crm.people.folding import fold
from maverick_assets.datasets.language import may_be_in
from maverick_assets.datasets.pseudonyms.contacts import Contact, name_words
from maverick_assets.datasets.pseudonyms.name_index import Words
from maverick_assets.datasets.pseudonyms.name_lists import (
    given_names,
    is_dictionary_word,
    surnames,
)
from maverick_assets.datasets.pseudonyms.name_pools import SHORT_FORMS
from maverick_assets.datasets.pseudonyms.person_ner import person_spans
from maverick_assets.datasets.pseudonyms.replacements import (
    Replacement,
    apply_replacements,
    match_case,
)
from maverick_assets.datasets.pseudonyms.surrogates import Surrogates, key_fingerprint, load_key
from maverick_assets.datasets.pseudonyms.third_parties import greets_or_signs, is_used_as_name

# A word of a name, without the `'s` of the possessive: "Whitlock's", "O'Neill", "Lopez-Garcia".
# Words of addresses do not count: "jeff.whitlock@acme.com", "www.whitlock.com", "acme.com/jeff"
_WORD = re.compile(
    r"(?<![\w@./-])[^\W\d_]+(?:(?:['\u2019](?!s\b)|-)[^\W\d_]+)*(?![\w@/]|\.[^\W_]{2}|-\w)"
)
# What may stand between two words of a name: "Jeff Whitlock", "J. Whitlock", "Jeff\n> Whitlock"
_BETWEEN = re.compile(r"\.?(?:[ \t]{1,3}|[ \t]{0,3}\n[> \t]{0,3})")
# In front of a capitalised word inside a sentence: "and then Rose", "yes, Rose"
_INSIDE_SENTENCE = re.compile(r"\b[a-z]+,? \Z")
_LOOK_BACK = 16  # characters before a word that say whether it stands inside a sentence
# Words between a given name and a surname: "Anna van der Berg", "Luis de la Cruz", "Omar bin Said"
# Dutch, German, Spanish, Italian, Portuguese, French and Arabic; another language's are added here.
_PARTICLES_TEXT = "van von der den de del della di da dos du la le ter ten bin al"
_PARTICLES = frozenset(_PARTICLES_TEXT.split())
_PART_OF_WORD = re.compile(r"[^\W_]+")
_MAX_PIECE = 4000  # characters that the model sees at once
_MAX_WORDS = 5  # of a name

PersonName = tuple[str, ...]  # words as `fold` has them; a single one is a given name


class KeepingText(NamedTuple):
    """A text, and the words of the surrogates that it holds already."""

    text: str
    keep: frozenset[str] = frozenset()


class UnlistedNames:
    """Replaces names of persons in the texts of an example by surrogates.

    The owner's names stay, and so do surrogates, whose words the caller knows (`keep`). The result
    depends only on the key, and on the texts that are protected together and their surrogates.
    """

    def __init__(self, key: bytes, owner_names: Iterable[Sequence[str]] = ()) -> None:
        """`owner_names`: the words of each name. A single word is a given name; it always stays."""
        names = sorted({tuple(words) for words in owner_names})
        self._owner_words = frozenset(word for words in names for word in words)
        self._owner_given_names = frozenset(words[0] for words in names if len(words) == 1)
        self._surrogates = Surrogates(key, tuple(self._owner_words))
        # What the protected texts depend on besides the texts themselves.
        self.cache_key = f"{key_fingerprint(key)} {names}"
        self._names_in: dict[KeepingText, tuple[PersonName, ...]] = {}

    def recognize(self, texts: Iterable[KeepingText]) -> None:
        """Find the names in all texts at once, which is faster than in one after the other."""
        new = [text for text in dict.fromkeys(texts) if text not in self._names_in]
        pieces = {text: _pieces(text.text) if may_be_in(("en",), text.text) else [] for text in new}
        candidates = dict.fromkeys(
            piece
            for text, parts in pieces.items()
            for piece in parts
            if self._may_hold_name(piece, text.keep)
        )
        spans = (
            dict(zip(candidates, person_spans([*candidates]), strict=True)) if candidates else {}
        )
        for text in new:
            in_text = (
                name
                for piece in pieces[text]
                # Whether another text made the model look at this piece must not matter.
                if piece in spans and self._may_hold_name(piece, text.keep)
                for name in self._names(piece, spans[piece], text.keep)
            )
            self._names_in[text] = tuple(dict.fromkeys(in_text))

    def protect(self, texts: Sequence[str], keep: frozenset[str] = frozenset()) -> list[str]:
        """The texts with surrogates. A name that is found in one of them is replaced in all.

        `keep`: words of the surrogates that the texts hold already, as `fold` has them.
        """
        replacements = self.replacements(texts, keep)
        return [apply_replacements(*pair) for pair in zip(texts, replacements, strict=True)]

    def for_one_prompt(self) -> "UnlistedNames":
        """The same, with a memory of its own: this one would keep every text that it has seen."""
        other = copy(self)
        other._names_in = {}
        return other

    def replacements(
        self, texts: Sequence[str], keep: frozenset[str] = frozenset()
    ) -> list[list[Replacement]]:
        """What `protect` replaces in each text."""
        keeping = [KeepingText(text, keep) for text in texts]
        self.recognize(keeping)
        names = list(dict.fromkeys(name for text in keeping for name in self._names_in[text]))
        if not names:
            return [[] for _ in texts]
        full = {name: self._surrogate(name, keep) for name in names if len(name) > 1}
        single = self._single_names(full, [name[0] for name in names if len(name) == 1], keep)
        return [list(_replacements(text, full, single)) for text in texts]

    def _may_hold_name(self, piece: str, keep: frozenset[str]) -> bool:
        """Whether a text can hold a name that `_names` accepts. If not, the model is spared."""
        words = _words_of(piece)
        capitalised = [token.group()[0].isupper() for token in words.tokens]
        for position, word in enumerate(words.folded):
            following = words.folded[position + 1] if position + 1 < len(capitalised) else ""
            if following and _is_kept(f"{word} {following}", keep):
                continue
            if word in given_names():
                if following in surnames():
                    return True
                if not capitalised[position]:
                    continue
                if not _is_kept(word, keep) and word not in self._owner_words:
                    return True
                if following and capitalised[position + 1]:
                    return True
            elif capitalised[position] and following in surnames():
                return True
        return False

    def _names(
        self, piece: str, spans: Iterable[tuple[int, int]], keep: frozenset[str]
    ) -> Iterator[PersonName]:
        """The names within the spans that the model calls persons."""
        for start, end in spans:
            line = piece[start:end].strip().split("\n")[0]
            start = piece.index(line, start)
            words = _words_of(piece, start, start + len(line))
            position = 0
            while position < len(words.tokens):
                name, position = self._name_at(words, position)
                is_surrogate = name and _is_kept(f"{name[0]} {name[-1]}", keep)
                if name and not is_surrogate and not self._is_owner(name):
                    yield name

    def _is_owner(self, name: PersonName) -> bool:
        return self._owner_words.issuperset(name) or name[0] in self._owner_given_names

    def _name_at(self, words: Words, first: int) -> tuple[PersonName | None, int]:
        """The name that begins with a word, if one does, and the next word to look at."""
        run = _run(words, first)
        surname = _surname_position(run)
        if surname:
            return tuple(run.folded[: surname + 1]), first + surname + 1
        if self._is_given_name_alone(run):
            return (run.folded[0],), first + 1
        return None, first + 1

    def _is_given_name_alone(self, run: Words) -> bool:
        first, token = run.folded[0], run.tokens[0]
        if len(run.tokens) > 1 and len(run.folded[1]) > 1 and run.tokens[1].group()[0].isupper():
            return False  # "Henry Hub" is a place
        if first not in given_names(english=True) or not token.group().istitle():
            return False
        if any(first.startswith(word) or word.startswith(first) for word in self._owner_words):
            return False  # "Johnny", where the owner is John
        if first in SHORT_FORMS or not is_dictionary_word(first):
            return True
        before = run.text[max(token.start() - _LOOK_BACK, 0) : token.start()]
        return bool(_INSIDE_SENTENCE.search(before)) or greets_or_signs(run.text, token)

    def _single_names(
        self,
        full: Mapping[PersonName, tuple[str, str]],
        given: Iterable[str],
        keep: frozenset[str],
    ) -> dict[str, str]:
        """Given names and surnames that may stand alone, with their surrogates."""
        singles: dict[str, str] = {}
        for name, surrogate in full.items():
            for word, new in zip((name[0], name[-1]), surrogate, strict=True):
                is_name = word in surnames() or word in given_names()
                if not is_name and is_dictionary_word(word):
                    continue
                stays = word in self._owner_words or _is_kept(word, keep)
                if len(word) > 2 and not stays:
                    singles.setdefault(word, new)
        for word in given:
            singles.setdefault(word, self._surrogates.person(word)[0])
        return singles

    def _surrogate(self, name: PersonName, keep: frozenset[str]) -> tuple[str, str]:
        """Given name and surname. A part that is a surrogate already stays."""
        given, surname = self._surrogates.person(Contact("person", " ".join(name)).identity)
        return (
            name[0].capitalize() if _is_kept(name[0], keep) else given,
            name[-1].capitalize() if _is_kept(name[-1], keep) else surname,
        )


def _replacements(
    text: str, full: Mapping[PersonName, tuple[str, str]], single: Mapping[str, str]
) -> Iterator[Replacement]:
    words = _words_of(text)
    position = 0
    while position < len(words.tokens):
        token, word = words.tokens[position], words.folded[position]
        match = _full_name_at(words, position, full)
        if match:
            name, position = match
            given, surname = full[name]
            new = f"{given} {surname}" if word == name[0] else f"{surname}, {given}"
            start, end = token.start(), words.tokens[position].end()
            yield Replacement(start, end, match_case(text[start:end], new))
        elif word in single and is_used_as_name(text, token):
            yield Replacement(*token.span(), match_case(token.group(), single[word]))
        position += 1


def _is_kept(word: str, keep: frozenset[str]) -> bool:
    """Whether all parts of a word or a name are of surrogates."""
    return bool(keep) and keep.issuperset(_PART_OF_WORD.findall(word))


def unlisted_names(lake: Path, owner_emails: Sequence[str]) -> UnlistedNames:
    """`UnlistedNames` by the key of a lake. The owner's addresses (patterns) give his names."""
    return UnlistedNames(load_key(lake), owner_names(owner_emails))


def owner_names(owner_emails: Sequence[str]) -> list[list[str]]:
    """The names that the owner's addresses (patterns) spell, each as its words."""
    names = [name_words(address.lower().split("@")[0]) for address in owner_emails]
    return [words for words in names if words]


def _words_of(text: str, start: int = 0, stop: int | None = None) -> Words:
    """The words of a text, or those that begin from `start` to before `stop`."""
    end = len(text) if stop is None else stop
    # Not `finditer(text, start, stop)`, which would take the part of a word for the whole.
    tokens = list(takewhile(lambda token: token.start() < end, _WORD.finditer(text, start)))
    return Words(text, tokens, [fold(token.group()) for token in tokens])


def _pieces(text: str) -> list[str]:
    """Paragraphs, long ones in parts: the model takes more memory the more it sees at once."""
    return [
        paragraph[start : start + _MAX_PIECE]
        for paragraph in re.split(r"\n\s*\n", text)
        for start in range(0, len(paragraph), _MAX_PIECE)
    ]


def _run(words: Words, first: int) -> Words:
    """The words from `first` on that may be one name, judging by what is between them."""
    end = first + 1
    while end < min(first + _MAX_WORDS, len(words.tokens)):
        before, token = words.tokens[end - 1], words.tokens[end]
        if not _BETWEEN.fullmatch(words.text, before.end(), token.start()):
            break
        # A full stop belongs to an initial; after a longer word it ends a sentence.
        if words.text[before.end()] == "." and len(before.group()) > 1:
            break
        end += 1
    return Words(words.text, words.tokens[first:end], words.folded[first:end])


def _surname_position(run: Words) -> int:
    """Position of the surname in a run that begins with a name; 0 where it does not."""
    first, surname = run.tokens[0].group(), 0
    for position, token in enumerate(run.tokens[1:], 1):
        word, folded = token.group(), run.folded[position]
        is_initial = len(word) == 1 and word.isupper()
        if _is_surname(first, word, folded):
            surname = position
        elif not is_initial and folded not in _PARTICLES:
            break
    if not surname or run.folded[0] in given_names():
        return surname
    # After an initial, or a word that is not listed as a given name, the surname must be listed.
    is_initial = len(first) == 1 and first.isupper()
    may_be_given = first.istitle() and len(first) > 2 and not is_dictionary_word(run.folded[0])
    return surname if (is_initial or may_be_given) and run.folded[surname] in surnames() else 0


def _is_surname(first: str, word: str, folded: str) -> bool:
    """Whether `word` may be the surname behind the given name `first`, by form and by the lists."""
    if len(word) == 1:
        return False
    if word.islower() or word.isupper():
        # "jeff whitlock" and "JEFF WHITLOCK", but neither "Jeff whitlock" nor "Jeff HR"
        same_case = word.islower() == first.islower() and word.isupper() == first.isupper()
        return same_case and folded in surnames()
    if not (word[0].isupper() and first[0].isupper()):
        return False
    return folded in surnames() or folded in given_names() or not is_dictionary_word(folded)


def _full_name_at(
    words: Words, position: int, names: Iterable[PersonName]
) -> tuple[PersonName, int] | None:
    """The first of `names` that stands at a word, and its last word."""
    word = words.folded[position]
    for name in names:
        if word in (name[0], name[-1]):
            last = _last_word(words, position, name)
            if last:
                return name, last
    return None


def _last_word(words: Words, first: int, name: PersonName) -> int | None:
    """The last word of a full name that begins at `first`; None where it does not.

    It may have middle names that `name` lacks, or stand backwards: `Whitlock, Jeff`.
    """
    if words.folded[first] == name[-1]:
        if first + 1 == len(words.tokens) or words.folded[first + 1] != name[0]:
            return None
        between = words.text[words.tokens[first].end() : words.tokens[first + 1].start()]
        return first + 1 if between.strip(" \t") == "," else None
    run = _run(words, first)
    for offset, token in enumerate(run.tokens[1:], 1):
        if run.folded[offset] == name[-1]:
            return first + offset
        if len(token.group()) > 1 and run.folded[offset] not in name:
            return None
    return None
