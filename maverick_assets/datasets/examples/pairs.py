"""What was said and what answers it: pairs found in turns, by the kind of examples of a source."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.datasets.mail.threads import has_reply_prefix, quote_key
from maverick_assets.datasets.turns.turn import Turn

_MAX_HEARD = 64  # turns that are looked at before an answer; the budget of tokens ends sooner


@dataclass(frozen=True)
class Pair:
    """A prompt and the answer to learn, before they are put into a personality's frame.

    `heard`: what was said before, oldest first; another than the owner spoke last. `lead` stands
    before his words, or is the whole prompt. `answered`: the turns of the answer, a burst is one.
    """

    kind: str
    answered: tuple[Turn, ...]
    heard: tuple[Turn, ...] = ()
    lead: str = ""
    joint: str = "\n"

    @property
    def turn(self) -> Turn:
        """The turn that holds the answer (its last one)."""
        return self.answered[-1]

    @property
    def answer(self) -> str:
        return self.joint.join(turn.text for turn in self.answered)

    @property
    def contact(self) -> str:
        """Whom the answer is for, as far as its turns tell."""
        turn = self.turn
        if self.kind == "dialogue":
            return turn.thread_id.rpartition(":")[0]
        return turn.recipient or (self.heard[-1].author if self.heard else turn.thread_id)

    def messages(self, heard: Sequence[Turn]) -> list[Message]:
        """User and assistant in turn, with the turns of `heard` (the end of `self.heard`)."""
        found = [
            Message(
                role="assistant" if is_owner else "user",
                content=self.joint.join(turn.text for turn in block),
            )
            for is_owner, block in groupby(heard, key=attrgetter("is_owner"))
        ] or [Message(role="user", content="")]
        found[-1]["content"] = self.lead + found[-1]["content"]
        return [*found, Message(role="assistant", content=self.answer)]


def reply_pairs(turns: Sequence[Turn]) -> Iterator[Pair]:
    """An owner's mail and what it answers: the mails up the thread, or the original it quotes.

    One that answers nothing is asked for by what was known before it was written. One that
    answers what is not at hand (its subject says so) is left out.
    """
    by_id = {turn.turn_id: turn for turn in turns}
    own = {(turn.thread_id, quote_key(turn.text)) for turn in turns if turn.is_owner}
    for turn in turns:
        if not turn.is_owner:
            continue
        subject = f"Subject: {turn.title}\n\n" if turn.title else ""
        heard = tuple(_ancestors(turn, by_id))
        if heard and not heard[-1].is_owner:
            yield Pair("reply", (turn,), heard, subject, "\n\n")
        elif turn.context and not heard:
            quoted = quote_key(turn.context)
            if quoted is None or (turn.thread_id, quoted) not in own:
                yield Pair("reply", (turn,), lead=f"{subject}{turn.context}")
        elif not turn.context and not has_reply_prefix(turn.title):
            known = {"To": turn.recipient, "Subject": turn.title}
            facts = [f"{name}: {value}" for name, value in known.items() if value]
            if facts:
                asked = ["Write an e-mail.", *facts, *([turn.facts] if turn.facts else [])]
                yield Pair("initiate", (turn,), lead="\n".join(asked))


def dialogue_pairs(turns: Sequence[Turn]) -> Iterator[Pair]:
    """The owner's answers in a chat and what was said before; messages in a row count as one."""
    threads: defaultdict[str, list[Turn]] = defaultdict(list)
    for turn in sorted(turns, key=lambda turn: (turn.occurred_at, turn.turn_id)):
        threads[turn.thread_id].append(turn)
    for thread in threads.values():
        at = 0
        for is_owner, block in groupby(thread, key=attrgetter("is_owner")):
            said = tuple(block)
            if is_owner and at:
                yield Pair("dialogue", said, tuple(thread[max(0, at - _MAX_HEARD) : at]))
            at += len(said)


def decision_pairs(turns: Sequence[Turn]) -> Iterator[Pair]:
    """A deal's facts, the owner's call and its outcome."""
    for turn in turns:
        if turn.is_owner and turn.context:
            yield Pair("decision", (turn,), lead=f"Deal: {turn.context}\n\nWhat is your call?")


def note_pairs(turns: Sequence[Turn]) -> Iterator[Pair]:
    """A note's title and the note."""
    for turn in turns:
        if turn.is_owner and turn.title:
            yield Pair("note", (turn,), lead=f"Write a sticky note: {turn.title}")


def insight_pairs(turns: Sequence[Turn]) -> Iterator[Pair]:
    """What a note is about, and what the owner noted of it."""
    for turn in turns:
        if turn.is_owner and turn.title:
            yield Pair("insight", (turn,), lead=f"What is your insight on this: {turn.title}")


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
    """The mails that `turn` answers, one through the other, oldest first."""
    found: list[Turn] = []
    parent = by_id.get(turn.reply_to or "")
    while parent and len(found) < _MAX_HEARD:
        found.append(parent)
        parent = by_id.get(parent.reply_to or "")
    return found[::-1]


PAIRING: dict[str, Callable[[Sequence[Turn]], Iterator[Pair]]] = {
    "reply": reply_pairs,
    "dialogue": dialogue_pairs,
    "decision": decision_pairs,
    "note": note_pairs,
    "insight": insight_pairs,
    "sample": sample_pairs,
    "feedback": feedback_pairs,
}
