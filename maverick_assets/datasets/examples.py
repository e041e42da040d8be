"""Examples: turns as a recipe wants them, each with one supervised completion and provenance."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import groupby, pairwise
from operator import attrgetter
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from maverick_assets.datasets.tokens import ChatTokenizer, Message
from maverick_assets.datasets.turns import Turn
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.lake import read_table
from maverick_assets.recipes import Recipe, Source


@dataclass(frozen=True)
class Example:
    """`messages` ends with the supervised completion; `source_ids` are the CRM rows it is from."""

    example_id: str
    personality: str
    messages: list[Message]
    source: str
    source_ids: list[str]
    thread_id: str
    occurred_at: datetime
    split: str
    mood: str | None
    mode: str | None
    n_tokens: int
    n_supervised: int


EXAMPLE_SCHEMA = pa.schema(
    [
        ("example_id", pa.string()),
        ("personality", pa.string()),
        ("messages", pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))),
        ("source", pa.string()),
        ("source_ids", pa.list_(pa.string())),
        ("thread_id", pa.string()),
        ("occurred_at", pa.timestamp("us", tz="UTC")),
        ("split", pa.string()),
        ("mood", pa.string()),
        ("mode", pa.string()),
        ("n_tokens", pa.int64()),
        ("n_supervised", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Pair:
    """A prompt and the answer to learn, before they are put into a personality's frame."""

    prompt: str
    answer: str
    turns: tuple[Turn, ...]

    @property
    def turn(self) -> Turn:
        """The turn that holds the answer (its last one)."""
        return self.turns[-1]


@dataclass(frozen=True)
class Candidate:
    """What may become an example: one answer that a source of the recipe found.

    `rank` is the source's place in the recipe, `turn_id` the turn that holds the answer.
    """

    candidate_id: str
    rank: int
    turn_id: str
    example: Example


def build_candidates(
    recipe: Recipe, turns: Sequence[Turn], tokenizer: ChatTokenizer
) -> list[Candidate]:
    """Candidates of every source of the recipe from whole threads of turns.

    Completions shorter than `min_characters` are left out. Raises `BadInput` when a filter names
    no field of a turn, or a row has a mood or mode that the recipe does not list.
    """
    return [
        Candidate(f"{rank}:{pair.turn.turn_id}", rank, pair.turn.turn_id, example)
        for rank, source in enumerate(recipe.sources)
        for pair in PAIRING[source.examples]([t for t in turns if t.source == source.table])
        if _matches(pair.turn, source, recipe)
        and len(pair.answer) >= recipe.training.min_characters
        and (example := _example(recipe, pair, tokenizer))
    ]


def read_examples(table: Path, version: int, split: str | None = None) -> list[Example]:
    """The examples of a dataset (a Delta table) at a version, ordered by id.

    Raises `MaverickError` when there is no such table or version.
    """
    rows = read_table(table, version)
    if rows is None:
        raise MaverickError(f"{table} is no dataset; materialize it first")
    names = [field.name for field in fields(Example)]
    examples = [Example(**{name: row[name] for name in names}) for row in rows.to_pylist()]
    wanted = [example for example in examples if split in (None, example.split)]
    return sorted(wanted, key=attrgetter("example_id"))


class Placed(Protocol):
    """An example, or as much of it as tells where it stands."""

    @property
    def example_id(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def thread_id(self) -> str: ...
    @property
    def split(self) -> str: ...
    @property
    def n_supervised(self) -> int: ...


def dataset_problems(examples: Sequence[Placed]) -> list[str]:
    """Why these examples cannot train a personality; empty when they can."""
    by_split: defaultdict[str, list[Placed]] = defaultdict(list)
    for example in examples:
        by_split[example.split].append(example)
    problems = [
        f"no {split} examples: give it more rows, or another source or filter in its recipe"
        for split in ("train", "validation")
        if not by_split[split]
    ]
    threads = {(e.source, e.thread_id) for e in by_split["train"]}
    leaked = sorted(
        e.thread_id for e in by_split["validation"] if (e.source, e.thread_id) in threads
    )
    if leaked:
        problems.append(f"thread {leaked[0]} is both in train and in validation")
    empty = [e.example_id for e in examples if e.n_supervised < 2]
    if empty:
        problems.append(f"example {empty[0]} supervises no word")
    return problems


def reply_pairs(turns: Sequence[Turn]) -> Iterator[Pair]:
    """An owner's mail and what it answers: its parent, the original it quotes, or its subject."""
    by_id = {turn.turn_id: turn for turn in turns}
    for turn in turns:
        if not turn.is_owner:
            continue
        parent = by_id.get(turn.reply_to or "")
        original = parent.text if parent else turn.context
        if original:
            rows = (parent, turn) if parent else (turn,)
            yield Pair(f"Subject: {turn.title}\n\n{original}", turn.text, rows)
        elif turn.title:
            yield Pair(f"Write an e-mail. Subject: {turn.title}", turn.text, (turn,))


def dialogue_pairs(turns: Sequence[Turn]) -> Iterator[Pair]:
    """What the other side said and the owner's answer; messages in a row count as one."""
    threads: defaultdict[str, list[Turn]] = defaultdict(list)
    for turn in sorted(turns, key=lambda turn: (turn.occurred_at, turn.turn_id)):
        threads[turn.thread_id].append(turn)
    for thread in threads.values():
        blocks = [tuple(block) for _, block in groupby(thread, key=attrgetter("is_owner"))]
        for said, answered in pairwise(blocks):
            if answered[0].is_owner:
                yield Pair(_joined(said), _joined(answered), (*said, *answered))


def decision_pairs(turns: Sequence[Turn]) -> Iterator[Pair]:
    """A deal's facts and the owner's call."""
    for turn in turns:
        if turn.is_owner and turn.context:
            yield Pair(f"Deal: {turn.context}\n\nWhat is your call?", turn.text, (turn,))


def note_pairs(turns: Sequence[Turn]) -> Iterator[Pair]:
    """A note's title and the note."""
    for turn in turns:
        if turn.is_owner and turn.title:
            yield Pair(f"Write a sticky note: {turn.title}", turn.text, (turn,))


def sample_pairs(turns: Sequence[Turn]) -> Iterator[Pair]:
    """A curated prompt and response."""
    for turn in turns:
        if turn.context:
            yield Pair(turn.context, turn.text, (turn,))


PAIRING: dict[str, Callable[[Sequence[Turn]], Iterator[Pair]]] = {
    "reply": reply_pairs,
    "dialogue": dialogue_pairs,
    "decision": decision_pairs,
    "note": note_pairs,
    "sample": sample_pairs,
}


def _matches(turn: Turn, source: Source, recipe: Recipe) -> bool:
    for name, value in source.filter.items():
        if not hasattr(turn, name):
            known = ", ".join(field.name for field in fields(Turn))
            raise BadInput(
                f"{recipe.name}: filter {name!r} is no field of a turn; there are {known}"
            )
        if getattr(turn, name) != value:
            return False
    return True


def _example(recipe: Recipe, pair: Pair, tokenizer: ChatTokenizer) -> Example:
    turn = pair.turn
    try:
        system = recipe.prompt_for(turn.mood, turn.mode)
    except BadInput as error:
        raise BadInput(f"{turn.source} row {turn.source_ids[0]}: {error}") from error
    messages = [
        Message(role="system", content=system),
        Message(role="user", content=pair.prompt),
        Message(role="assistant", content=pair.answer),
    ]
    encoded = tokenizer.encode(messages, recipe.training.max_length)
    return Example(
        example_id=_content_hash(recipe.name, messages),
        personality=recipe.name,
        messages=messages,
        source=turn.source,
        source_ids=[row for each in pair.turns for row in each.source_ids],
        thread_id=turn.thread_id,
        occurred_at=turn.occurred_at,
        split="train",
        mood=turn.mood,
        mode=turn.mode,
        n_tokens=len(encoded.input_ids),
        n_supervised=encoded.n_supervised,
    )


def _joined(turns: Iterable[Turn]) -> str:
    return "\n".join(turn.text for turn in turns)


def _content_hash(personality: str, messages: list[Message]) -> str:
    content: Any = [personality, *(dict(message) for message in messages)]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
