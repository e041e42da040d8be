"""The prompt pack: what a prompt alone makes of the base, which is how most twins are built today.

The base gets a card of the owner's style and his answers to the nearest prompts, and no training. A
twin that is no better than it was not worth its training.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from maverick_assets.base_model.chat_template import Message
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.datasets.examples.example import Example
from maverick_assets.datasets.examples.nearest import NearestExamples, asked
from maverick_assets.datasets.layout import shown_messages
from maverick_assets.evaluation.style.card import style_card
from maverick_assets.evaluation.style.masking import Masking

SHOWN = 5  # examples in a pack
MAX_TOKENS = (
    1536  # of a pack: five exchanges of ordinary mails, and as many as a small base reads well
)
_CARD_TEXTS = 20  # of one kind of example; with fewer the card is of all kinds


@dataclass(frozen=True)
class PromptPack:
    """Makes prompts out of one person's training examples."""

    train: Sequence[Example]
    tokenizer: ChatTokenizer
    names: Collection[str] = ()  # words of the lake's surrogates, which the card leaves out
    max_tokens: int = MAX_TOKENS  # of a prompt

    def pack(self, example: Example) -> list[Message]:
        """The messages that ask the base for what the owner answered to a held-out example.

        None of the example's own thread is shown, nor any of another mood or mode. Where the budget
        is small, the farthest examples go first, then the card; the prompt itself always stays as
        it is.
        """
        near = self._nearest.to(
            asked(example),
            SHOWN,
            lambda other: (
                other.thread_id != example.thread_id
                and (other.mood, other.mode) == (example.mood, example.mode)
            ),
        )
        shown = [(asked(other), other.messages[-1]["content"]) for other, _ in reversed(near)]
        question = example.messages[:-1]
        while True:  # the nearest stands last, beside the question
            packed = shown_messages(question, shown, self._card(example.kind))
            if len(self.tokenizer.encode_prompt(packed)) <= self.max_tokens:
                return packed
            if not shown:
                return list(question)
            shown = shown[1:]

    def _card(self, kind: str) -> str:
        """The card of answers of one kind: mails greet and close, calls on a deal do not."""
        return self._cards.get(kind) or self._cards[""]

    @cached_property
    def _cards(self) -> dict[str, str]:
        """Cards by kind of example, "" for all."""
        texts: defaultdict[str, list[str]] = defaultdict(list)
        for example in self.train:
            for kind in (example.kind, ""):
                texts[kind].append(example.messages[-1]["content"])
        masking = Masking(self.names)
        return {"": ""} | {
            kind: style_card(own, masking)
            for kind, own in texts.items()
            if not kind or len(own) >= _CARD_TEXTS
        }

    @cached_property
    def _nearest(self) -> NearestExamples:
        return NearestExamples(self.train)
