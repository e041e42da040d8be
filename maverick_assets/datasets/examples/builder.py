"""Candidates for examples: the turns of a recipe's sources as prompts and completions.

A prompt holds as much of what was said before an answer as the recipe's budget of tokens allows.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from itertools import dropwhile
from operator import attrgetter
from typing import Any

from maverick_assets.base_model.tokenizer import ChatTokenizer, Encoded, Message
from maverick_assets.datasets.examples.example import Example
from maverick_assets.datasets.examples.pairs import PAIRS_OF_KIND, Pair
from maverick_assets.datasets.examples.withheld import may_hold
from maverick_assets.datasets.language import may_be_in
from maverick_assets.datasets.pseudonyms.surrogates import Surrogates
from maverick_assets.datasets.pseudonyms.unlisted_names import KeepingText, UnlistedNames
from maverick_assets.datasets.turns.turn import Turn
from maverick_assets.errors import BadInput
from maverick_assets.recipes import ExampleSource, Recipe

UNKNOWN_MOOD = "unknown mood or mode"


@dataclass(frozen=True)
class Candidate:
    """An answer that a source of the recipe yields, and that may become an example."""

    candidate_id: str  # `rank:turn_id`
    rank: int  # position of the source in the recipe
    turn_id: str  # the turn that holds the answer
    contact: str  # keyed digest of the counterpart
    dropped: str | None  # why it becomes no example
    example: Example


@dataclass(frozen=True)
class ExampleFilter:
    """What happens to the texts of examples, whatever the recipe."""

    names: UnlistedNames | None = None  # replaces names of persons; None: names stay
    languages: Sequence[str] = ()  # an answer in none of them is dropped; empty: any language

    @property
    def cache_key(self) -> list[str]:
        """Everything about the filter that candidates depend on."""
        return [*sorted(self.languages), self.names.cache_key if self.names else ""]


@dataclass(frozen=True)
class ExampleBuilder:
    """Makes the candidates of one personality."""

    recipe: Recipe
    tokenizer: ChatTokenizer
    surrogates: Surrogates  # for the digests of counterparts
    filter: ExampleFilter = field(default_factory=ExampleFilter)

    def candidates(self, turns: Sequence[Turn]) -> list[Candidate]:
        """Candidates of every source of the recipe, from whole threads of turns.

        A pair with a turn that the personality may not hold, in answer or prompt, gives none: no
        table of a personality holds such words, not even to say that they are left out.

        A row with a mood or mode that the recipe does not list gives a candidate that is dropped.
        Raises `BadInput` when a filter names no field of a turn.
        """
        pairs = [
            (rank, pair, self._newest_history(pair))
            for rank, source in enumerate(self.recipe.sources)
            for pair in PAIRS_OF_KIND[source.examples](
                [turn for turn in turns if turn.source == source.table]
            )
            if self._matches(pair.answer_turn, source)
            and all(may_hold(self.recipe, turn) for turn in (*pair.history, *pair.answer_turns))
        ]
        if self.filter.names:  # all texts at once, because the model is slow with single ones
            self.filter.names.recognize(
                KeepingText(message["content"], pair.surrogate_words)
                for _, pair, history in pairs
                for message in pair.messages(history)
            )
        return [self._candidate(rank, pair, history) for rank, pair, history in pairs]

    def _matches(self, turn: Turn, source: ExampleSource) -> bool:
        """Whether a turn has the values that the source's filter demands."""
        for name, value in source.filter.items():
            if not hasattr(turn, name):
                names = ", ".join(field.name for field in fields(Turn))
                raise BadInput(
                    f"{self.recipe.name}: filter {name!r} is no field of a turn; there are {names}"
                )
            if getattr(turn, name) != value:
                return False
        return True

    def _newest_history(self, pair: Pair) -> Sequence[Turn]:
        """The newest turns before the answer that the budget of tokens allows.

        The turn that is answered stays, whatever its length.
        """
        budget = self.recipe.training.context_tokens
        count = min(1, len(pair.history))
        for turn in reversed(pair.history[:-1]):
            budget -= self.tokenizer.count(turn.text)
            if budget < 0:
                break
            count += 1
        return _from_other_side(pair.history[len(pair.history) - count :])

    def _candidate(self, rank: int, pair: Pair, newest: Sequence[Turn]) -> Candidate:
        turn = pair.answer_turn
        system = prompt_of(self.recipe, turn)
        is_unknown = system is None
        system = system or self.recipe.system_prompt
        history, messages, encoded = self._fit(system, pair, newest)
        source_turns = (*history, *pair.answer_turns)
        example = Example(
            example_id=_content_hash(self.recipe.name, messages),
            personality=self.recipe.name,
            kind=pair.kind,
            messages=messages,
            source=turn.source,
            source_ids=[row_id for turn in source_turns for row_id in turn.source_ids],
            thread_id=turn.thread_id,
            occurred_at=turn.occurred_at,
            split="train",
            mood=turn.mood,
            mode=turn.mode,
            n_tokens=len(encoded.input_ids),
            n_supervised=encoded.n_supervised,
        )
        return Candidate(
            candidate_id=f"{rank}:{turn.turn_id}",
            rank=rank,
            turn_id=turn.turn_id,
            contact=self.surrogates.contact_id(pair.contact),
            dropped=UNKNOWN_MOOD if is_unknown else self._drop_reason(example, encoded),
            example=example,
        )

    def _fit(
        self, system: str, pair: Pair, newest: Sequence[Turn]
    ) -> tuple[Sequence[Turn], list[Message], Encoded]:
        """The newest turns that fit into `max_length`, with the example's messages and token ids.

        Replacing names changes the length of messages, so each try replaces them before it counts.
        """
        history = newest
        while True:
            messages = pair.messages(history)
            if self.filter.names:
                contents = [message["content"] for message in messages]
                texts = self.filter.names.protect(contents, pair.surrogate_words)
                for message, text in zip(messages, texts, strict=True):
                    message["content"] = text
            messages = [Message(role="system", content=system), *messages]
            encoded = self.tokenizer.encode(messages, self.recipe.training.max_length)
            if len(history) <= 1 or not encoded.cut_prompt:
                return history, messages, encoded
            history = _from_other_side(history[1:])

    def _drop_reason(self, example: Example, encoded: Encoded) -> str | None:
        """Why an example is not fit to learn from; None when it is."""
        answer = example.messages[-1]["content"]
        languages = self.filter.languages
        if len(answer) < self.recipe.training.min_characters:
            return "short answer"
        if languages and not may_be_in(languages, answer):
            return "language"
        if encoded.cut_answer:
            return "long answer"
        texts = [message["content"] for message in example.messages]
        if any(self.tokenizer.has_control_tokens(text) for text in texts):
            return "control tokens"
        if not self.tokenizer.round_trips(answer):
            return "characters that the vocabulary lacks"
        return None


def prompt_of(recipe: Recipe, turn: Turn) -> str | None:
    """The system prompt of an answer in the mood and mode of its row.

    None where the recipe does not list them.
    """
    try:
        return recipe.prompt_for(turn.mood, turn.mode)
    except BadInput:
        return None


def _from_other_side(turns: Sequence[Turn]) -> list[Turn]:
    """`turns` from the first one that is not the owner's: a prompt begins with a user message."""
    return list(dropwhile(attrgetter("is_owner"), turns))


def _content_hash(personality: str, messages: Sequence[Message]) -> str:
    content: Any = [personality, *(dict(message) for message in messages)]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
