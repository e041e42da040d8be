"""People whom no column of the CRM knows: found by a model in English texts, and replaced.

A model this small calls companies, products and headings persons, so what it finds is a name only
where lists of names say so, too: a given name, alone or with a surname after it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from maverick_assets.datasets.language import may_be_in
from maverick_assets.datasets.pseudonyms.contacts import Contact, folded, name_words
from maverick_assets.datasets.pseudonyms.name_lists import (
    SHORT_FORMS,
    given_names,
    is_made_up,
    is_ordinary,
    surnames,
)
from maverick_assets.datasets.pseudonyms.person_ner import persons
from maverick_assets.datasets.pseudonyms.surrogates import Surrogates, key_fingerprint, load_key
from maverick_assets.datasets.pseudonyms.third_parties import (
    Span,
    alike,
    is_greeted,
    replaced,
    stands_for_someone,
)
from maverick_assets.datasets.pseudonyms.vocabulary import GIVEN_NAMES

# A word of a name, without the `'s` of the possessive. Addresses hold none.
_WORD = re.compile(
    r"(?<![\w@./-])[^\W\d_]+(?:(?:['\u2019](?!s\b)|-)[^\W\d_]+)*(?![\w@/]|\.[^\W_]{2}|-\w)"
)
_BETWEEN = re.compile(r"\.?(?:[ \t]{1,3}|[ \t]{0,3}\n[> \t]{0,3})")  # two words of a name
_INSIDE = re.compile(r"\b[a-z]+,? \Z")  # a capital that follows begins no sentence
_PARTICLES_TEXT = "van von der den de del della di da dos du la le ter ten bin al"
_PARTICLES = frozenset(_PARTICLES_TEXT.split())
_STAND_INS = frozenset(name.lower() for name in GIVEN_NAMES)
_PIECE = 4000  # characters that the model sees at once, at most
_WORDS = 5  # of a name, at most

Name = tuple[str, ...]  # words as `folded` has them; a single one is a given name


class PersonNames:
    """Names of persons in the texts of a candidate, and what stands for them there.

    `owner`: the words of each of his names; they stay, and so do stand-ins, which are told by
    their form. Where only his given name is known, everyone stays who is called so. What a text
    becomes depends on the key and the texts that it is protected with, on nothing else.
    """

    def __init__(self, key: bytes, owner: Iterable[Sequence[str]] = ()) -> None:
        names = sorted({tuple(words) for words in owner})
        self._owner = frozenset(word for words in names for word in words)
        self._called = frozenset(words[0] for words in names if len(words) == 1)
        self._surrogates = Surrogates(key, tuple(self._owner))
        self.basis = f"{key_fingerprint(key)} {names}"
        self._found: dict[str, tuple[Name, ...]] = {}

    def read(self, texts: Iterable[str]) -> None:
        """Look for names in all of the texts at once: that is faster than one after the other."""
        new = [text for text in dict.fromkeys(texts) if text not in self._found]
        pieces = {text: _pieces(text) if may_be_in(("en",), text) else [] for text in new}
        each = dict.fromkeys(piece for found in pieces.values() for piece in found)
        telling = [piece for piece in each if self._may_tell(piece)]
        spans = dict(zip(telling, persons(telling), strict=True)) if telling else {}
        names = {piece: list(self._names(piece, where)) for piece, where in spans.items()}
        for text in new:
            found = (name for piece in pieces[text] for name in names.get(piece, ()))
            self._found[text] = tuple(dict.fromkeys(found))

    def protect(self, texts: Sequence[str]) -> list[str]:
        """The texts with stand-ins; a name that is found in one of them is replaced in all."""
        self.read(texts)
        found = list(dict.fromkeys(name for text in texts for name in self._found[text]))
        if not found:
            return list(texts)
        full = [name for name in found if len(name) > 1]
        alone = self._alone(full, [name[0] for name in found if len(name) == 1])
        return [replaced(text, list(self._spans(text, full, alone))) for text in texts]

    def _may_tell(self, piece: str) -> bool:
        """Whether a text can hold a name that `_names` lets pass: the model is slow."""
        tokens = list(_WORD.finditer(piece))
        words = [folded(token.group()) for token in tokens]
        for at, token in enumerate(tokens):
            following = words[at + 1] if at + 1 < len(tokens) else ""
            if words[at] in given_names():
                if following in surnames():
                    return True
                followed = following and tokens[at + 1].group()[0].isupper()
                other = words[at] not in _STAND_INS and words[at] not in self._owner
                if token.group()[0].isupper() and (followed or other) and not is_made_up(following):
                    return True
            elif token.group()[0].isupper() and following in surnames():
                return True
        return False

    def _names(self, piece: str, spans: Iterable[tuple[int, int]]) -> Iterator[Name]:
        for start, end in spans:
            line = piece[start:end].strip().split("\n")[0]
            start = piece.index(line, start)
            tokens = [
                token for token in _WORD.finditer(piece, start) if token.start() < start + len(line)
            ]
            at = 0
            while at < len(tokens):
                name, at = self._name_at(piece, tokens, at)
                if name and not self._owner.issuperset(name) and name[0] not in self._called:
                    yield name

    def _name_at(
        self, text: str, tokens: Sequence[re.Match[str]], at: int
    ) -> tuple[Name | None, int]:
        """The name that begins with a token, if one does, and where to go on."""
        run = _run(text, tokens, at)
        words = [folded(token.group()) for token in run]
        if any(is_made_up(word) for word in words):
            return None, at + len(run)
        length = _surname_at(run, words)
        if length:
            return tuple(words[: length + 1]), at + length + 1
        if self._is_given_alone(text, run, words):
            return (words[0],), at + 1
        return None, at + 1

    def _is_given_alone(
        self, text: str, run: Sequence[re.Match[str]], words: Sequence[str]
    ) -> bool:
        first, name = words[0], run[0].group()
        if len(run) > 1 and len(words[1]) > 1 and run[1].group()[0].isupper():
            return False  # Henry Hub
        if not name.istitle() or first not in given_names(english=True) or first in _STAND_INS:
            return False
        if any(first.startswith(word) or word.startswith(first) for word in self._owner):
            return False  # Johnny
        if first in SHORT_FORMS or not is_ordinary(first):
            return True
        before = text[max(run[0].start() - 16, 0) : run[0].start()]
        return bool(_INSIDE.search(before)) or is_greeted(text, run[0])

    def _alone(self, full: Iterable[Name], given: Iterable[str]) -> dict[str, str]:
        """Given names and surnames that stand alone, with their stand-ins."""
        found: dict[str, str] = {}
        for name in full:
            for word, new in zip((name[0], name[-1]), self._stand_in(name), strict=True):
                listed = word in surnames() or word in given_names() or not is_ordinary(word)
                if listed and len(word) > 2 and word not in self._owner | _STAND_INS:
                    found.setdefault(word, new)
        for word in given:
            found.setdefault(word, self._surrogates.person(word)[0])
        return found

    def _stand_in(self, name: Name) -> tuple[str, str]:
        """Given name and surname. What may be a stand-in for a given name already stays, so that
        who is greeted by it signs with it, too."""
        given, surname = self._surrogates.person(Contact("person", " ".join(name)).identity)
        return (name[0].capitalize() if name[0] in _STAND_INS else given), surname

    def _spans(self, text: str, full: Sequence[Name], alone: Mapping[str, str]) -> Iterator[Span]:
        tokens = list(_WORD.finditer(text))
        words = [folded(token.group()) for token in tokens]
        at = 0
        while at < len(tokens):
            match = next(
                (
                    (name, last)
                    for name in full
                    if words[at] in (name[0], name[-1])
                    and (last := _last_of(text, tokens, words, at, name))
                ),
                None,
            )
            if match:
                name, last = match
                given, surname = self._stand_in(name)
                new = f"{given} {surname}" if words[at] == name[0] else f"{surname}, {given}"
                start, end = tokens[at].start(), tokens[last].end()
                yield start, end, alike(text[start:end], new)
                at = last
            elif words[at] in alone and stands_for_someone(text, tokens[at]):
                token = tokens[at]
                yield token.start(), token.end(), alike(token.group(), alone[words[at]])
            at += 1


def person_names(lake: Path, owner: Sequence[str]) -> PersonNames:
    """With the key of a lake; `owner`: his addresses, as patterns."""
    names = [name_words(address.lower().split("@")[0]) for address in owner]
    return PersonNames(load_key(lake), [words for words in names if words])


def _pieces(text: str) -> list[str]:
    """Paragraphs, long ones in parts: the model's memory grows with what it sees at once."""
    return [
        paragraph[at : at + _PIECE]
        for paragraph in re.split(r"\n\s*\n", text)
        for at in range(0, len(paragraph), _PIECE)
    ]


def _run(text: str, tokens: Sequence[re.Match[str]], at: int) -> Sequence[re.Match[str]]:
    """The words from a token on that may be one name, as far as what is between them tells."""
    end = at + 1
    while end < min(at + _WORDS, len(tokens)):
        before, token = tokens[end - 1], tokens[end]
        between = _BETWEEN.fullmatch(text, before.end(), token.start())
        dotted = text[before.end()] == "." and len(before.group()) > 1
        if not between or dotted:
            break
        end += 1
    return tokens[at:end]


def _surname_at(run: Sequence[re.Match[str]], words: Sequence[str]) -> int:
    """Which word of a run is the surname of the name that it begins with; 0 where it is none."""
    first, found = run[0].group(), 0
    for at, token in enumerate(run[1:], 1):
        word = token.group()
        if _is_surname(first, word, words[at]):
            found = at
        elif not (len(word) == 1 and word.isupper()) and words[at] not in _PARTICLES:
            break
    if not found or words[0] in given_names():
        return found
    initial = len(first) == 1 and first.isupper()
    told = initial or (first.istitle() and len(first) > 2 and not is_ordinary(words[0]))
    return found if told and words[found] in surnames() else 0


def _is_surname(first: str, word: str, plain: str) -> bool:
    """Whether a word may be the surname after a given name, by its form and by the lists."""
    if len(word) == 1:
        return False
    if word.islower() or word.isupper():
        alike_written = word.islower() == first.islower() and word.isupper() == first.isupper()
        return alike_written and plain in surnames()
    return (
        word[0].isupper()
        and first[0].isupper()
        and (plain in surnames() or plain in given_names() or not is_ordinary(plain))
    )


def _last_of(
    text: str,
    tokens: Sequence[re.Match[str]],
    words: Sequence[str],
    at: int,
    name: Name,
) -> int | None:
    """The last token of a full name that begins at one, middle names or not, or backwards."""
    if words[at] == name[-1]:
        behind = at + 1 < len(tokens) and words[at + 1] == name[0]
        comma = behind and text[tokens[at].end() : tokens[at + 1].start()].strip(" \t") == ","
        return at + 1 if comma else None
    for end, token in enumerate(_run(text, tokens, at)[1:], at + 1):
        if words[end] == name[-1]:
            return end
        if len(token.group()) > 1 and words[end] not in name:
            return None
    return None
