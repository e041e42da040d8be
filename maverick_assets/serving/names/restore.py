"""Real names in the place of surrogates, in a text that comes in pieces.

What comes back depends on the text alone, never on where a piece ends. So a streamed answer is the
answer, and the end of a piece is held back only while it may still become a surrogate.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from maverick_assets.crm.people.folding import fold
from maverick_assets.datasets.pseudonyms.name_index import BETWEEN_WORDS
from maverick_assets.datasets.pseudonyms.name_lists import (
    given_names,
    is_dictionary_word,
    surnames,
)
from maverick_assets.datasets.pseudonyms.replacements import match_case
from maverick_assets.datasets.pseudonyms.third_parties import greets_or_signs
from maverick_assets.serving.names.table import NameTable

_WORD = re.compile(r"(?<=%)40|[^\W_]+")  # "%40acme" is "@acme" in a link
# Between the words of a domain: "banning-group.com.example"
_DOT = re.compile(r"[.-]")
# Around the @ of an address, as people and programs spell it: "ruth.whitlow (at) banning.example"
_AT = re.compile(r"\s{0,2}[\[({<]?\s?(?:@|at|AT|%40|&#64;)\s?[\])}>]?\s{0,2}")
_AT_WORDS = ("at", "AT", "40", "64")
# What may become one of these. Nothing longer stands inside of a name.
_GAP = re.compile(r"[\s\-&.,'\u2019+_>@\[\](){}<%#;]{0,10}")
# "+999 123 456 789 012", however its digits are grouped
_PHONE = re.compile(r"999(?:[ .()/-]{0,3}\d){12}(?!\d)")
_PHONE_BEGUN = re.compile(r"999(?:[ .()/-]{0,3}\d){0,12}[ .()/-]{0,3}")
# "Mr. Whitlow", "Frau Whitlow"
_TITLE = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Herrn?|Frau|Mme|Monsieur|Madame|Sra?|Signora?|Sig|Pani?|Dhr|Mevr)"
    r"\.? \Z"
)
# "and then Baker"
_INSIDE_SENTENCE = re.compile(r"[^\W_],? \Z")
# Of names in sentences, as `fold` has them: German, Nordic, Polish, Czech, Finnish, Turkish
_ENDINGS = ("s", "es", "a", "u", "em", "ie", "owi", "iem", "om", "e", "y", "i", "n", "in", "ej")
_MIN_STEM = 4
_MAX_WORDS = 12  # of an address
_LONGEST_WORD = 60
_LOOK_BACK = 32


class _Match(NamedTuple):
    """What comes back in the place of a part of the text."""

    start: int
    end: int
    new: str
    person: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())  # words of surrogate and real name


class _Undecided(Exception):
    """The text may go on in a way that decides."""


class Restorer:
    """Puts real names into one answer."""

    def __init__(self, known: NameTable, conversation: NameTable) -> None:
        """`conversation`: what was replaced in the question. It counts before `known`.

        A word of it is meant where it stands, even where it is an ordinary word, too.
        """
        self._tables = (conversation, NameTable(), known)
        self._text = ""  # from a little before `_at`
        self._at = 0  # up to here everything was given out

    def feed(self, piece: str) -> str:
        """What can be given out of the text so far."""
        self._text += piece
        return self._decide(is_end=False)

    def end(self) -> str:
        """The rest of the text."""
        return self._decide(is_end=True)

    def _decide(self, *, is_end: bool) -> str:
        out: list[str] = []
        scan = _Scan(self._tables, self._text, is_end=is_end)
        at, stop = self._at, len(self._text)
        for token in _WORD.finditer(self._text, self._word_start(at)):
            if token.start() < at:  # part of a name that came back
                continue
            try:
                match = scan.match(token)
            except _Undecided:
                stop = scan.start_of(token)
                break
            if match is not None:
                out += [self._text[at : match.start], match.new]
                at = match.end
                for surrogate, real in zip(*match.person, strict=False):
                    # "Ruth Whitlow called. Ruth wants ...": this Ruth, of several
                    self._tables[1].add_part(surrogate, real)
        if not is_end and stop == len(self._text) and self._text.endswith("+"):
            stop -= 1  # of a phone number
        stop = max(at, stop)
        out.append(self._text[at:stop])
        kept = max(0, stop - _LOOK_BACK)
        self._text, self._at = self._text[kept:], stop - kept
        return "".join(out)

    def _word_start(self, at: int) -> int:
        """Where the next word may begin: a piece may begin inside of one that was given out."""
        is_inside = at > 0 and _WORD.match(self._text, at - 1)
        word = _WORD.match(self._text, at) if is_inside else None
        return word.end() if word else at


class _Scan:
    """The words of a text, as far as it is known."""

    def __init__(self, tables: Sequence[NameTable], text: str, *, is_end: bool) -> None:
        self._tables = tables
        self._text = text
        self._is_end = is_end

    def start_of(self, token: re.Match[str]) -> int:
        """Where what begins with a word begins: a phone number, at its plus."""
        start = token.start()
        is_number = token.group()[0] == "9" and self._text[start - 1 : start] == "+"
        return start - 1 if is_number else start

    def match(self, token: re.Match[str]) -> _Match | None:
        """What comes back where a word begins. Raises `_Undecided`."""
        word = fold(token.group())
        if word.startswith("999"):
            return self._phone(token)
        if self._is_open(token):
            if len(word) < _LONGEST_WORD and self._may_become(word):
                raise _Undecided
            return None
        found = [self._longest(token, *stem) for stem in self._stems(token)]
        return max(filter(None, found), key=lambda match: match.end, default=None)

    def _phone(self, token: re.Match[str]) -> _Match | None:
        number = _PHONE.match(self._text, token.start())
        seen = number or _PHONE_BEGUN.match(self._text, token.start())
        if seen and seen.end() == len(self._text) and not self._is_end:
            raise _Undecided
        if number is None:
            return None
        digits = re.sub(r"\D", "", number.group())
        real = next((t.phones[digits] for t in self._tables if digits in t.phones), None)
        return None if real is None else _Match(self.start_of(token), number.end(), real)

    def _longest(self, first: re.Match[str], stem: str, ending: str) -> _Match | None:
        """The longest surrogate that begins with a word."""
        if not any(table.may_begin(stem) for table in self._tables):
            return None
        best = self._single(first, stem, ending)
        key, tokens, endings = stem, [first], [ending]
        while len(tokens) < _MAX_WORDS and any(key in table.prefixes for table in self._tables):
            following = self._following(tokens[-1])
            extended = following and self._extend(key, following)
            if not (following and extended):
                break
            key, ending = extended
            tokens.append(following)
            endings.append(ending)
            best = self._whole(key, tokens, endings) or best
        if best is None or best.end == first.end():
            best = self._around_initial(first, stem) or best
        return best

    def _following(self, token: re.Match[str]) -> re.Match[str] | None:
        """The next word of the same name, if there may be one; that behind `(at)` in an address."""
        following = self._next(token)
        if following and following.group() in _AT_WORDS and _AT.match(self._text, token.end()):
            beyond = self._next(following)
            gap = self._text[token.end() : beyond.start()] if beyond else ""
            if _AT.fullmatch(gap):
                return beyond
        gap = self._text[token.end() : following.start()] if following else ""
        return following if BETWEEN_WORDS.fullmatch(gap) or _AT.fullmatch(gap) else None

    def _extend(self, key: str, token: re.Match[str]) -> tuple[str, str] | None:
        """The key with one more word, and its ending; None where nothing has such a beginning."""
        for stem, ending in self._stems(token):
            if any(table.may_begin(key + stem) for table in self._tables):
                return key + stem, ending
        return None

    def _whole(
        self, key: str, tokens: Sequence[re.Match[str]], endings: Sequence[str]
    ) -> _Match | None:
        """What comes back for several words."""
        start, end = tokens[0].start(), tokens[-1].end()
        written = self._text[start:end]
        gaps = [self._text[one.end() : other.start()] for one, other in pairwise(tokens)]
        at = next((gap for gap in gaps if _AT.fullmatch(gap)), None)
        comma = next((gap for gap in gaps if "," in gap), None)
        for table in self._tables:
            if at is not None:
                if key in table.addresses:
                    new = match_case(written, table.addresses[key]).replace("@", at)
                    return _Match(start, end, new)
            elif key in table.domains and all(_DOT.fullmatch(gap) for gap in gaps):
                return _Match(start, end, match_case(written, table.domains[key]))
            elif key in table.phrases and comma is None:
                new = match_case(written, table.phrases[key]) + endings[-1]
                return _Match(start, end, new)
            else:
                people = table.people if comma is None else table.backwards
                if key in people:
                    return self._person(people[key], tokens, endings, comma or gaps[0])
        return None

    def _person(
        self,
        real: tuple[str, ...],
        tokens: Sequence[re.Match[str]],
        endings: Sequence[str],
        gap: str,
    ) -> _Match:
        """A full name, with what stands between its words: that may be the end of a line."""
        start, end = tokens[0].start(), tokens[-1].end()
        words = [match_case(self._text[start:end], word) for word in real]
        new = gap.join([words[0] + endings[0], *words[1:]]) if len(words) > 1 else words[0]
        parts = (tokens[0].group(), tokens[-1].group())
        return _Match(start, end, new + endings[-1], (parts, real) if len(real) == 2 else ((), ()))

    def _around_initial(self, first: re.Match[str], stem: str) -> _Match | None:
        """`Ruth M. Whitlow`, where `Ruth Whitlow` is known: the initial is nobody's."""
        initial = self._next(first) if any(stem in t.prefixes for t in self._tables) else None
        if initial is None or len(initial.group()) > 1 or not initial.group().isalpha():
            return None
        last = self._following(initial)
        extended = last and self._extend(stem, last)
        if not (last and extended):
            return None
        key, ending = extended
        real = next((t.people[key] for t in self._tables if key in t.people), None)
        return None if real is None else self._person(real, [first, last], ["", ending], " ")

    def _single(self, token: re.Match[str], stem: str, ending: str) -> _Match | None:
        """What comes back for one word."""
        start, end, written = token.start(), token.end(), token.group()
        for number, table in enumerate(self._tables):
            is_local = number < len(self._tables) - 1
            if stem in table.people:  # "ruthwhitlow"
                return _Match(start, end, match_case(written, "".join(table.people[stem])) + ending)
            if stem in table.phrases:  # "banninggroup"
                squeezed = table.phrases[stem].replace(" ", "")
                return _Match(start, end, match_case(written, squeezed) + ending)
            reals = table.parts.get(stem, ())
            if len(reals) == 1 and self._is_name(token, stem, is_local=is_local):
                shown = match_case(written[: len(written) - len(ending)], *reals)
                return _Match(start, end, shown + ending)
        return None

    def _is_name(self, token: re.Match[str], word: str, *, is_local: bool) -> bool:
        """Whether a given name or a surname that is a surrogate's is used as a name.

        Beside a name that no contact explains it is, too: a word has the same surrogate in every
        full name.
        """
        before = self._text[max(0, token.start() - _LOOK_BACK) : token.start()]
        self._next(token)  # what follows must be known: it says whether somebody is greeted
        if greets_or_signs(self._text, token) or _TITLE.search(before):
            return True
        is_word = is_dictionary_word(word)
        if not token.group()[0].isupper():
            return is_local and not is_word
        return is_local or not is_word or bool(_INSIDE_SENTENCE.search(before))

    def _next(self, token: re.Match[str]) -> re.Match[str] | None:
        """The word behind one, if something of the same name may stand there.

        Raises `_Undecided` where the text ends before that is known.
        """
        gap = _GAP.match(self._text, token.end())
        assert gap is not None
        if gap.end() == len(self._text) and not self._is_end:
            raise _Undecided
        following = _WORD.match(self._text, gap.end())
        if following is not None and self._is_open(following):
            if len(following.group()) < _LONGEST_WORD:
                raise _Undecided
            return None
        return following

    def _is_open(self, token: re.Match[str]) -> bool:
        """Whether a word may go on in the next piece."""
        return not self._is_end and token.end() == len(self._text)

    def _may_become(self, word: str) -> bool:
        """Whether a word that is not complete may begin something that comes back."""
        beginnings = [
            word[: len(word) - more] for more in range(4) if len(word) - more >= _MIN_STEM
        ]
        return "999".startswith(word) or any(
            table.begins_with(word) or any(table.may_begin(begun) for begun in beginnings)
            for table in self._tables
        )

    def _stems(self, token: re.Match[str]) -> Iterator[tuple[str, str]]:
        """A word, folded, and what it may be inflected from, each with the ending as written."""
        written = token.group()
        word = fold(written)
        yield word, ""
        is_inflected = written[0].isupper() and len(written) == len(word) > _MIN_STEM
        if not is_inflected or any(table.may_begin(word) for table in self._tables):
            return
        for ending in _ENDINGS:
            stem = word[: len(word) - len(ending)]
            if len(stem) >= _MIN_STEM and word.endswith(ending) and self._is_stem(stem, word):
                yield stem, written[len(stem) :]

    def _is_stem(self, stem: str, word: str) -> bool:
        """Whether a word is an inflected name, and no name or word of its own."""
        if not any(table.may_begin(stem) for table in self._tables):
            return False
        return not (word in given_names() or word in surnames() or is_dictionary_word(word))
