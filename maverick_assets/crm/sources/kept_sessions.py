"""Sessions and ratings of the API that are kept in the run home, beside a CRM of the user's own."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from maverick_assets.crm.sources.source import FetchResult, FetchState, SourceRow, SourceTable
from maverick_assets.errors import MaverickError

_CONVERSATIONS = "maverick_conversations"
KEPT_FEEDBACK = "maverick_feedback"
_TABLES = {
    SourceTable(_CONVERSATIONS, "conversation"): "conversations",
    SourceTable("maverick_messages", "message", _CONVERSATIONS): "messages",
    SourceTable(KEPT_FEEDBACK, "feedback"): "feedback",
}


@dataclass(frozen=True)
class KeptSessions:
    """The database that `serving.sessions` writes where the CRM is not embedded."""

    path: Path
    name: str = "maverick"

    @property
    def tables(self) -> tuple[SourceTable, ...]:
        return tuple(_TABLES)

    def fetch(self, table: str, _state: FetchState | None) -> FetchResult:
        """All rows of a table."""
        target = next(each for each in _TABLES if each.name == table)
        return FetchResult(self._rows(target), complete=True, state={})

    def _rows(self, target: SourceTable) -> Iterator[SourceRow]:
        try:
            with closing(sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True)) as database:
                database.row_factory = sqlite3.Row
                for row in database.execute(f'select * from "{_TABLES[target]}"'):
                    values = dict(row)
                    if at := values.get("created_at"):
                        values["created_at"] = datetime.fromisoformat(at).replace(tzinfo=UTC)
                    yield target.row(**values)
        except sqlite3.Error as error:
            raise MaverickError(f"{self.path} cannot be read: {error}; restore it") from error
