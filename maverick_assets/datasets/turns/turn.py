"""Turns: every utterance of the raw tables, cleaned, threaded, attributed and pseudonymised."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from maverick_assets.errors import MaverickError
from maverick_assets.lake.delta import Where, open_table, read_table
from maverick_assets.lake.schema import schema_of


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One utterance. The order of the fields is that of the columns of `clean/turns`."""

    turn_id: str  # `table:row id`
    source: str  # raw table
    source_ids: list[str]  # ids of the rows that it was made from
    thread_id: str
    reply_to: str | None = None  # turn that it answers
    author: str
    is_owner: bool
    occurred_at: datetime
    title: str = ""
    text: str
    context: str | None = None  # what it answers, if the same row holds that
    personality: str | None = None
    mood: str | None = None
    mode: str | None = None
    recipient: str | None = None  # surrogate of the name of a mail's first recipient
    facts: str | None = None  # what the owner knew of that recipient (`recipient_facts`)
    rejected: str | None = None  # an answer that feedback rates low
    sensitivity: str | None = None  # classes of its words, as "health+intimate"; None: business
    surrogate_words: list[str] = field(default_factory=list)  # of the surrogates in it, folded
    link: str | None = None  # of a mail: how `reply_to` was found, or why not (`ThreadLink.kind`)


TURN_SCHEMA = schema_of(Turn)


def turn_rows(turns: Iterable[Turn]) -> list[dict[str, Any]]:
    """Rows of `clean/turns`."""
    return [asdict(turn) for turn in turns]


def require_classes(table: Path) -> None:
    """Raise `MaverickError` for turns of an earlier release, which have no sensitivity class.

    The next refresh derives them all again, because their columns are others.
    """
    turns = open_table(table)
    if turns and "sensitivity" not in {field.name for field in turns.schema().fields}:
        raise MaverickError(
            f"{table} is of an earlier release and does not say whose words it holds; "
            "`maverick run ingest` derives it again"
        )


def read_turns(table: Path, where: Where | None = None) -> list[Turn]:
    """The turns of a Delta table, ordered by id.

    Raises `MaverickError` when the table does not exist yet, or is of an earlier release.
    """
    require_classes(table)
    turns = open_table(table)
    # Turns of the release before have no `surrogate_words` until the next refresh.
    existing = {field.name for field in turns.schema().fields} if turns else set(TURN_SCHEMA.names)
    columns = [name for name in TURN_SCHEMA.names if name in existing]
    rows = read_table(table, columns=columns, where=where)
    if rows is None:
        raise MaverickError(f"{table} holds no turns yet; materialize clean/turns first")
    return sorted((Turn(**row) for row in rows.to_pylist()), key=lambda turn: turn.turn_id)
