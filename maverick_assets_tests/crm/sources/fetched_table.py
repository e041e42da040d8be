"""A table that is kept up to date by fetches, as a caller of a source keeps it."""

from dataclasses import dataclass, field

from maverick_assets.crm.sources.source import FetchResult, FetchState, Source, SourceRow


@dataclass
class FetchedTable:
    """The rows of one table after any number of fetches."""

    source: Source
    table: str
    rows: dict[str, SourceRow] = field(default_factory=dict)
    state: FetchState | None = None

    def fetch(self) -> FetchResult:
        fetched = self.source.fetch(self.table, self.state)
        new = {row["id"]: row for row in fetched.rows}
        rows = new if fetched.complete else self.rows | new
        self.rows = {key: row for key, row in rows.items() if key not in fetched.deleted}
        self.state = fetched.state
        return fetched

    @property
    def titles(self) -> dict[str, str]:
        return {key: row["title"] for key, row in self.rows.items()}
