"""Examples: turns as a recipe wants them, each with one supervised completion and provenance.

The messages of an example are system, (user, assistant)*, user, assistant; the last one is the
completion. What was said before it stands there as far as the recipe's budget of tokens goes.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import dropwhile
from operator import attrgetter
from pathlib import Path
from typing import Any

from maverick_assets.base_model.tokenizer import ChatTokenizer, Encoded, Message
from maverick_assets.datasets.examples.pairs import PAIRING, Pair
from maverick_assets.datasets.language import may_be_in
from maverick_assets.datasets.pseudonyms.surrogates import Surrogates
from maverick_assets.datasets.pseudonyms.unlisted_names import UnlistedNames
from maverick_assets.datasets.turns.turn import Turn
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.lake.delta import read_table
from maverick_assets.lake.schema import schema_of
from maverick_assets.recipes import ExampleSource, Recipe


@dataclass(frozen=True)
class Example:
    """`messages` ends with the supervised completion; `source_ids` are the CRM rows it is from.

    `kind`: reply, initiate (a mail that answers nothing), dialogue, decision, note, insight,
    sample or feedback.
    """

    example_id: str
    personality: str
    kind: str
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


@dataclass(frozen=True)
class Preference:
    """A rejected answer; `chosen` is what should have been said, None where nobody said it."""

    preference_id: str
    personality: str
    messages: list[Message]
    chosen: str | None
    rejected: str
    source_ids: list[str]
    occurred_at: datetime


EXAMPLE_SCHEMA = schema_of(Example)
PREFERENCE_SCHEMA = schema_of(Preference)


@dataclass(frozen=True)
class Candidate:
    """What may become an example: one answer that a source of the recipe found.

    `rank` is the source's place in the recipe, `turn_id` the turn that holds the answer, `contact`
    a digest of its counterpart, keyed. `dropped` tells why it becomes none.
    """

    candidate_id: str
    rank: int
    turn_id: str
    contact: str
    dropped: str | None
    example: Example


@dataclass(frozen=True)
class Screen:
    """What a text must pass: `names` get stand-ins, an answer in none of `languages` is dropped.

    Left out: names stay, and every language is welcome.
    """

    names: UnlistedNames | None = None
    languages: Sequence[str] = ()

    @property
    def basis(self) -> list[str]:
        """What candidates depend on by it."""
        return [*sorted(self.languages), self.names.cache_key if self.names else ""]


def build_candidates(
    recipe: Recipe,
    turns: Sequence[Turn],
    tokenizer: ChatTokenizer,
    surrogates: Surrogates,
    screen: Screen | None = None,
) -> list[Candidate]:
    """Candidates of every source of the recipe from whole threads of turns.

    Raises `BadInput` when a filter names no field of a turn, or a row has a mood or mode that the
    recipe does not list.
    """
    screen = screen or Screen()
    found = [
        (rank, pair, _newest(recipe, pair, tokenizer))
        for rank, source in enumerate(recipe.sources)
        for pair in PAIRING[source.examples]([t for t in turns if t.source == source.table])
        if _matches(pair.turn, source, recipe)
    ]
    if screen.names:
        screen.names.recognize(
            message["content"] for _, pair, heard in found for message in pair.messages(heard)
        )
    return [
        _candidate(recipe, rank, pair, heard, tokenizer, surrogates, screen)
        for rank, pair, heard in found
    ]


def preferences(
    recipe: Recipe, turns: Iterable[Turn], names: UnlistedNames | None = None
) -> list[Preference]:
    """The rejected answers of a personality."""
    wanted = [turn for turn in turns if turn.rejected and turn.personality == recipe.name]
    if names:
        names.recognize(text for turn in wanted for text in _parts(turn))
    said = [names.protect(_parts(turn)) if names else _parts(turn) for turn in wanted]
    return [
        Preference(
            preference_id=turn.turn_id,
            personality=recipe.name,
            messages=[
                Message(role="system", content=recipe.prompt_for()),
                Message(role="user", content=asked),
            ],
            chosen=chosen or None,
            rejected=rejected,
            source_ids=turn.source_ids,
            occurred_at=turn.occurred_at,
        )
        for turn, (asked, chosen, rejected) in zip(wanted, said, strict=True)
    ]


def _parts(turn: Turn) -> list[str]:
    """What was asked, what should have been said, and what should not."""
    return [turn.context or "", turn.text, turn.rejected or ""]


def read_examples(table: Path, version: int, split: str | None = None) -> list[Example]:
    """The examples of a dataset (a Delta table) at a version, ordered by id.

    Raises `MaverickError` when there is no such table or version.
    """
    rows = read_table(table, version)
    if rows is None:
        raise MaverickError(f"{table} is no dataset; materialize it first")
    names = {field.name for field in fields(Example)} & set(rows.column_names)
    unknown = {"kind": ""}  # versions of before had none
    examples = [
        Example(**{**unknown, **{name: row[name] for name in names}}) for row in rows.to_pylist()
    ]
    wanted = [example for example in examples if split in (None, example.split)]
    return sorted(wanted, key=attrgetter("example_id"))


def _matches(turn: Turn, source: ExampleSource, recipe: Recipe) -> bool:
    for name, value in source.filter.items():
        if not hasattr(turn, name):
            known = ", ".join(field.name for field in fields(Turn))
            raise BadInput(
                f"{recipe.name}: filter {name!r} is no field of a turn; there are {known}"
            )
        if getattr(turn, name) != value:
            return False
    return True


def _candidate(
    recipe: Recipe,
    rank: int,
    pair: Pair,
    newest: Sequence[Turn],
    tokenizer: ChatTokenizer,
    surrogates: Surrogates,
    screen: Screen,
) -> Candidate:
    turn = pair.turn
    try:
        system = recipe.prompt_for(turn.mood, turn.mode)
    except BadInput as error:
        raise BadInput(f"{turn.source} row {turn.source_ids[0]}: {error}") from error
    heard, messages, encoded = _window(recipe, system, pair, newest, tokenizer, screen.names)
    example = Example(
        example_id=_content_hash(recipe.name, messages),
        personality=recipe.name,
        kind=pair.kind,
        messages=messages,
        source=turn.source,
        source_ids=[row for each in (*heard, *pair.answered) for row in each.source_ids],
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
        contact=surrogates.contact_id(pair.contact),
        dropped=_fault(recipe, example, encoded, tokenizer, screen.languages),
        example=example,
    )


def _newest(recipe: Recipe, pair: Pair, tokenizer: ChatTokenizer) -> Sequence[Turn]:
    """The turns before the answer that the budget allows, the newest.

    The turn that is answered stays, whatever its length.
    """
    budget = recipe.training.context_tokens
    count = min(1, len(pair.heard))
    for turn in reversed(pair.heard[:-1]):
        budget -= tokenizer.count(turn.text)
        if budget < 0:
            break
        count += 1
    newest = pair.heard[len(pair.heard) - count :]
    return list(dropwhile(attrgetter("is_owner"), newest))


def _window(
    recipe: Recipe,
    system: str,
    pair: Pair,
    newest: Sequence[Turn],
    tokenizer: ChatTokenizer,
    names: UnlistedNames | None,
) -> tuple[Sequence[Turn], list[Message], Encoded]:
    """The newest turns that the example has room for; with them the messages."""
    heard = newest
    while True:
        said = pair.messages(heard)
        if names:
            texts = names.protect([message["content"] for message in said])
            for message, text in zip(said, texts, strict=True):
                message["content"] = text
        messages = [Message(role="system", content=system), *said]
        encoded = tokenizer.encode(messages, recipe.training.max_length)
        if len(heard) <= 1 or not encoded.cut_prompt:
            return heard, messages, encoded
        heard = list(dropwhile(attrgetter("is_owner"), heard[1:]))


def _fault(
    recipe: Recipe,
    example: Example,
    encoded: Encoded,
    tokenizer: ChatTokenizer,
    languages: Sequence[str],
) -> str | None:
    """Why this is no example to learn from; None when it is."""
    answer = example.messages[-1]["content"]
    if len(answer) < recipe.training.min_characters:
        return "short answer"
    if languages and not may_be_in(languages, answer):
        return "language"
    if encoded.cut_answer:
        return "long answer"
    if any(tokenizer.has_control_tokens(message["content"]) for message in example.messages):
        return "control tokens"
    if not tokenizer.spells(answer):
        return "characters that the vocabulary lacks"
    return None


def _content_hash(personality: str, messages: list[Message]) -> str:
    content: Any = [personality, *(dict(message) for message in messages)]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
