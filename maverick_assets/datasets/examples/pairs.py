"""Pairs of prompt and answer in the turns of a source: a function for each kind of examples."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.layout import (
    BETWEEN_LINES,
    BETWEEN_MAILS,
    decision_prompt,
    insight_prompt,
    new_mail_prompt,
    note_prompt,
    prompt_messages,
    subject_lead,
)
from maverick_assets.datasets.mail.links.keys import quote_key
from maverick_assets.datasets.mail.links.subjects import has_reply_prefix
from maverick_assets.datasets.turns.turn import Turn

_MAX_HISTORY = 64  # turns before an answer; the budget of tokens allows fewer


@dataclass(frozen=True)
class Pair:
    """A prompt and the answer to learn, without a personality's system prompt."""

    kind: str  # of the example
    answer_turns: tuple[Turn, ...]  # several where messages in a row are one answer
    history: tuple[Turn, ...] = ()  # before the answer, oldest first; the last is not the owner's
    lead: str = ""  # stands before the last message of the prompt, or is the whole prompt
    separator: str = BETWEEN_LINES  # between consecutive turns of one side

    @property
    def answer_turn(self) -> Turn:
        """The turn that holds the answer, or its end."""
        return self.answer_turns[-1]

    @property
    def answer(self) -> str:
        return self.separator.join(turn.text for turn in self.answer_turns)

    @property
    def surrogate_words(self) -> frozenset[str]:
        """The words of the surrogates in its turns."""
        turns = (*self.history, *self.answer_turns)
        return frozenset(word for turn in turns for word in turn.surrogate_words)

    @property
    def contact(self) -> str:
        """Whom the answer is for, as far as its turns say."""
        turn = self.answer_turn
        if self.kind == "dialogue":
            return turn.thread_id.rpartition(":")[0]
        return turn.recipient or (self.history[-1].author if self.history else turn.thread_id)

    def messages(self, history: Sequence[Turn]) -> list[Message]:
        """Alternating messages of user and assistant: `history`, then the answer.

        `history` is the end of `self.history` that the prompt is to hold.
        """
        turns = [(turn.is_owner, turn.text) for turn in history]
        prompt = prompt_messages(turns, self.lead, self.separator)
        return [*prompt, Message(role="assistant", content=self.answer)]


def reply_pairs(turns: Sequence[Turn]) -> Iterator[Pair]:
    """The owner's mails, each with the mails up the thread or the words that it quotes.

    A mail that opens a conversation gets a prompt of what was known before it was written. A mail
    that answers or follows one that is not at hand, or not known, is left out.
    """
    by_id = {turn.turn_id: turn for turn in turns}
    own = {(turn.thread_id, quote_key(turn.text)) for turn in turns if turn.is_owner}
    for turn in turns:
        if not turn.is_owner:
            continue
        lead = subject_lead(turn.title)
        history = tuple(_ancestors(turn, by_id))
        if history and not history[-1].is_owner:
            yield Pair("reply", (turn,), history, lead, BETWEEN_MAILS)
        elif turn.context and not history:
            quoted = quote_key(turn.context)
            # The owner's own words, quoted, are not somebody else's question.
            if quoted is None or (turn.thread_id, quoted) not in own:
                yield Pair("reply", (turn,), lead=lead + turn.context)
        elif _opens_conversation(turn) and (turn.recipient or turn.title):
            prompt = new_mail_prompt(turn.recipient, turn.title, turn.facts)
            yield Pair("initiate", (turn,), lead=prompt)


def _opens_conversation(turn: Turn) -> bool:
    linked = turn.reply_to or turn.link or turn.context
    return not linked and not has_reply_prefix(turn.title)


def dialogue_pairs(turns: Sequence[Turn]) -> Iterator[Pair]:
    """The owner's answers in a chat, with what was said before. Consecutive messages are one."""
    threads: defaultdict[str, list[Turn]] = defaultdict(list)
    for turn in sorted(turns, key=lambda turn: (turn.occurred_at, turn.turn_id)):
        threads[turn.thread_id].append(turn)
    for thread in threads.values():
        start = 0
        for is_owner, block in groupby(thread, key=attrgetter("is_owner")):
            consecutive = tuple(block)
            if is_owner and start:
                history = thread[max(0, start - _MAX_HISTORY) : start]
                yield Pair("dialogue", consecutive, tuple(history))
            start += len(consecutive)


def decision_pairs(turns: Sequence[Turn]) -> Iterator[Pair]:
    """A deal's facts, the owner's call and its outcome."""
    for turn in turns:
        if turn.is_owner and turn.context:
            yield Pair("decision", (turn,), lead=decision_prompt(turn.context))


def note_pairs(turns: Sequence[Turn]) -> Iterator[Pair]:
    """A note's title and the note."""
    for turn in turns:
        if turn.is_owner and turn.title:
            yield Pair("note", (turn,), lead=note_prompt(turn.title))


def insight_pairs(turns: Sequence[Turn]) -> Iterator[Pair]:
    """The subject of a note, and what the owner noted about it."""
    for turn in turns:
        if turn.is_owner and turn.title:
            yield Pair("insight", (turn,), lead=insight_prompt(turn.title))


def sample_pairs(turns: Sequence[Turn]) -> Iterator[Pair]:
    """A curated prompt and response."""
    for turn in turns:
        if turn.context:
            yield Pair("sample", (turn,), lead=turn.context)


def feedback_pairs(turns: Sequence[Turn]) -> Iterator[Pair]:
    """A prompt and the answer that was praised, or the correction."""
    for turn in turns:
        if turn.context and turn.text:
            yield Pair("feedback", (turn,), lead=turn.context)


def _ancestors(turn: Turn, by_id: dict[str, Turn]) -> list[Turn]:
    """The chain of mails that `turn` answers, oldest first."""
    ancestors: list[Turn] = []
    parent = by_id.get(turn.reply_to or "")
    while parent and len(ancestors) < _MAX_HISTORY:
        ancestors.append(parent)
        parent = by_id.get(parent.reply_to or "")
    return ancestors[::-1]


PAIRS_OF_KIND: dict[str, Callable[[Sequence[Turn]], Iterator[Pair]]] = {
    "reply": reply_pairs,
    "dialogue": dialogue_pairs,
    "decision": decision_pairs,
    "note": note_pairs,
    "insight": insight_pairs,
    "sample": sample_pairs,
    "feedback": feedback_pairs,
}
