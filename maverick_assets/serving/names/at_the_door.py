"""The names of one request: surrogates for the model, real ones for the owner alone."""

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.pseudonyms.name_index import folded_words, words_added
from maverick_assets.datasets.pseudonyms.replacements import Replacement, apply_replacements
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets.datasets.pseudonyms.unlisted_names import UnlistedNames
from maverick_assets.serving.asked import HidesNames, NamesStay
from maverick_assets.serving.names.restore import Restorer
from maverick_assets.serving.names.table import NameTable

# The end of a sentence, and of a paragraph. A title ("Mrs. Cole") and an initial end none.
_SENTENCE_END = re.compile(r"(?:[^\W\d_]{4}[.]|[!?])[\"')\]]*\s+(?=\S)|\n\s*\n(?=\S)")
_LONGEST_SENTENCE = 400  # characters; a longer one is divided between two words
_LONGEST_NAME = 80


class Outgoing(Protocol):
    """An answer on its way out. Pieces come in, and what may be given out comes back."""

    def feed(self, piece: str) -> str: ...

    def end(self) -> str: ...


class Incoming(HidesNames, Protocol):
    """A question on its way in, and the answer to it."""

    def outgoing(self) -> Outgoing:
        """For the answer; everything asked must have come in."""


def restored(outgoing: Outgoing, answer: str) -> str:
    """A whole answer as it may be given out."""
    return outgoing.feed(answer) + outgoing.end()


@dataclass(frozen=True)
class Names:
    """The names of a lake at one time; requests of several threads may use them."""

    third_parties: ThirdParties
    unlisted: UnlistedNames
    known: NameTable  # what surrogates stand for; empty without the lake's key
    # The model that finds persons is of one thread at a time.
    finding: threading.Lock

    def incoming(self, *, by_owner: bool) -> "OneRequest":
        return OneRequest(self, by_owner=by_owner)


class OneRequest:
    """The names of a request, as it is learnt what was replaced in it."""

    def __init__(self, names: Names, *, by_owner: bool) -> None:
        self._names = names
        self._by_owner = by_owner
        self._replaced = NameTable()
        self._surrogate_words: set[str] = set()
        self._shown: set[str] = set()  # surrogates in the question

    def hide(self, text: str, participants: Sequence[str] = (), /) -> str:
        """The text of a turn as the lake has it; surrogates in it stay."""
        replacements = self._names.third_parties.replacements(text, participants)
        self._replaced.add_replaced(text, replacements)
        self._shown.update(new for _, _, new in replacements)
        hidden = apply_replacements(text, replacements)
        self._surrogate_words |= words_added(text, hidden)
        return hidden

    def hide_unlisted(self, messages: Sequence[Message]) -> list[Message]:
        """The messages of a prompt without persons whom no column knows, as examples are."""
        texts = [message["content"] for message in messages]
        keep = frozenset(word for word in self._surrogate_words if word.isalpha())
        keep |= {word for text in texts for word in self._known_words(text)}
        with self._names.finding:
            replacements = self._names.unlisted.for_one_prompt().replacements(texts, keep)
        for text, of_text in zip(texts, replacements, strict=True):
            self._note_unlisted(text, of_text)
            self._shown.update(new for _, _, new in of_text)
        return [
            Message(role=message["role"], content=apply_replacements(text, of_text))
            for message, text, of_text in zip(messages, texts, replacements, strict=True)
        ]

    def outgoing(self) -> Outgoing:
        if self._by_owner:
            return Restorer(self._names.known, self._replaced)
        return Scrubber(self._names.third_parties, frozenset(self._shown))

    def _note_unlisted(self, text: str, replacements: Sequence[Replacement]) -> None:
        """Note what was replaced in a text that has surrogates already.

        `Tom Ashdown` became `Tom Hilton` by the surname that the lake knows, then `Reece Hilton`.
        """
        for start, end, new in replacements:
            written = restored(Restorer(self._names.known, self._replaced), text[start:end])
            self._replaced.add_replaced(written, [Replacement(0, len(written), new)])

    def _known_words(self, text: str) -> Iterator[str]:
        """The words of surrogates that a text has from an earlier answer."""
        known, words = self._names.known, folded_words(text)
        for word, following in zip(words, [*words[1:], ""], strict=True):
            if word + following in known.people or word + following in known.backwards:
                yield from (word, following)
            elif not self._by_owner and word in known.parts:
                yield word


class Scrubber:
    """Real names in an answer become surrogates, sentence by sentence, for those who may see none.

    The model was asked with surrogates. What it says of a contact whom the lake did not know yet
    when it was trained is found here.
    """

    def __init__(self, third_parties: ThirdParties, shown: frozenset[str] = frozenset()) -> None:
        """`shown`: surrogates in the question. That of a street does not look like one."""
        self._third_parties = third_parties
        self._shown = shown
        self._text = ""

    def feed(self, piece: str) -> str:
        self._text += piece
        sentences = []
        while (end := self._sentence_end()) is not None:
            sentences.append(self._scrubbed(self._text[:end]))
            self._text = self._text[end:]
        return "".join(sentences)

    def end(self) -> str:
        text, self._text = self._text, ""
        return self._scrubbed(text)

    def _scrubbed(self, text: str) -> str:
        replacements = self._third_parties.replacements(text)
        real = [each for each in replacements if text[each.start : each.end] not in self._shown]
        return apply_replacements(text, real)

    def _sentence_end(self) -> int | None:
        found = _SENTENCE_END.search(self._text, 0, _LONGEST_SENTENCE)
        if found:
            return found.end()
        if len(self._text) < _LONGEST_SENTENCE + _LONGEST_NAME:
            return None
        text = self._text[: _LONGEST_SENTENCE + _LONGEST_NAME]
        names = self._third_parties.replacements(text)
        spaces = (at + 1 for at in range(_LONGEST_SENTENCE, 0, -1) if text[at].isspace())
        apart = (at for at in spaces if not any(name.start < at < name.end for name in names))
        return next(apart, _LONGEST_SENTENCE)


class NoNames(NamesStay):
    """Of a run home whose lake has no names: nothing was learnt of it, and nothing is hidden."""

    def incoming(self, *, by_owner: bool) -> "NoNames":  # noqa: ARG002
        return self

    def outgoing(self) -> Outgoing:
        return _AsItIs()


class _AsItIs:
    def feed(self, piece: str) -> str:
        return piece

    def end(self) -> str:
        return ""
