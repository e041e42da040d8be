"""An example: messages of which the last is the supervised completion, with their provenance.

The messages are system, (user, assistant)*, user, assistant.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from pathlib import Path

from maverick_assets.base_model.tokenizer import Message
from maverick_assets.lake.delta import read_table
from maverick_assets.lake.schema import schema_of


@dataclass(frozen=True)
class Example:
    """A row of a dataset. Its fields have the order of the columns."""

    example_id: str  # hash of personality and messages
    personality: str
    # reply, initiate (a mail that answers nothing), dialogue, decision, note, insight, sample or
    # feedback
    kind: str
    messages: list[Message]
    source: str  # raw table
    source_ids: list[str]  # ids of the rows that it is made from
    thread_id: str
    occurred_at: datetime
    split: str  # train, validation or test
    mood: str | None
    mode: str | None
    n_tokens: int
    n_supervised: int  # tokens of the completion, end-of-turn included


EXAMPLE_SCHEMA = schema_of(Example)
CANARY = "canary"  # kind of examples that an audit makes up: no dataset of the lake holds one


def read_examples(table: Path, version: int, split: str | None = None) -> list[Example]:
    """The examples of a dataset (a Delta table) at a version, ordered by id.

    Raises `MaverickError` when there is no such table or version.
    """
    rows = read_table(table, version)
    assert rows is not None  # a table that does not exist has no such version
    names = {field.name for field in fields(Example)} & set(rows.column_names)
    defaults = {"kind": ""}  # versions of earlier releases lack the column
    examples = [
        Example(**{**defaults, **{name: row[name] for name in names}}) for row in rows.to_pylist()
    ]
    wanted = [example for example in examples if split in (None, example.split)]
    return sorted(wanted, key=attrgetter("example_id"))
