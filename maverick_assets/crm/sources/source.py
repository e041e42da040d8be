"""What every source beside the CRM's database declares, and what a fetch returns.

A source fills raw tables with rows that look like those of a table of the CRM. Whatever reads that
table therefore reads the source's, too.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Protocol

from pydantic import AfterValidator, Field

from maverick_assets.crm.foreign_input import SkippedInput, storable
from maverick_assets.crm.schema import Shape, Table, crm_table
from maverick_assets.errors import BadInput
from maverick_assets.recipes import SourceClass
from maverick_assets.strict_model import StrictModel

SourceRow = dict[str, Any]
FetchState = dict[str, Any]  # plain JSON


@dataclass(frozen=True)
class SourceTable:
    """A raw table that a source fills with rows like those of the CRM's table of that shape."""

    name: str
    shape: Shape
    parent: str | None = None  # the source's table of conversations, for a table of messages
    sensitivity: SourceClass | None = None  # of all its rows; None: their marks say it

    @property
    def like(self) -> str:
        """Name of the CRM's table of this shape."""
        return crm_table(self.shape).name

    @property
    def table(self) -> Table:
        """The columns of the shape under this table's name."""
        return replace(
            crm_table(self.shape),
            name=self.name,
            parent=self.parent,
            sensitivity=self.sensitivity,
        )

    def row(self, **values: Any) -> SourceRow:
        """A row with all columns; those without a value are None."""
        text = {key: storable(value) for key, value in values.items() if isinstance(value, str)}
        return dict.fromkeys(self.table.columns) | values | text


@dataclass(frozen=True)
class Deleted:
    """Says that the source no longer has the row with this id."""

    id: str


@dataclass(frozen=True)
class FetchResult:
    """What one fetch of a table returns.

    A source reads while `rows` are consumed, so `state`, `deleted` and `skipped` are complete only
    at the end of `rows`.
    """

    items: Iterable[SourceRow | Deleted | SkippedInput]
    complete: bool  # whether these are all rows: if so, an id that is not among them has vanished
    state: FetchState  # for the next fetch; stored in the commit of the rows
    deleted: list[str] = field(default_factory=list)  # ids that are gone, even if among the rows
    skipped: list[SkippedInput] = field(default_factory=list)  # what could not be read, and why

    @property
    def rows(self) -> Iterator[SourceRow]:
        """The rows, each id once, with all columns and times in UTC. Can be read only once."""
        seen: set[str] = set()
        for item in self.items:
            if isinstance(item, Deleted):
                self.deleted.append(item.id)
            elif isinstance(item, SkippedInput):
                self.skipped.append(item)
            elif item["id"] not in seen:
                seen.add(item["id"])
                yield item


class Source(Protocol):
    """Where records come from. Its constructor reads nothing: no file, no secret, no network."""

    @property
    def name(self) -> str: ...

    @property
    def tables(self) -> tuple[SourceTable, ...]: ...

    def fetch(self, table: str, state: FetchState | None) -> FetchResult:
        """What has changed in a table since the fetch that left `state`; None: everything.

        Raises `BadInput` for what the user has to correct, `MaverickError` for a source that
        cannot be read now; both also while the rows are read.
        """
        ...


def _absolute(path: Path) -> Path:
    expanded = path.expanduser()
    if not expanded.is_absolute():
        raise ValueError("give an absolute path, or one that begins with ~")
    return expanded


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
EmailAddress = Annotated[str, AfterValidator(str.lower), Field(pattern=r"^[^\s@,]+@[^\s@,]+$")]
EnvironmentVariable = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=60)]
_SourceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]


class SourceEntry(StrictModel):
    """The fields of every entry of the sources file."""

    libraries: ClassVar[tuple[str, ...]]  # modules that must be installed

    name: _SourceName = Field(description="prefix of the raw tables that the source fills")
    user: str = Field(
        min_length=1,
        description="user id of the person whose records they are, one of MAVERICK_OWNER_USER_ID",
    )
    sensitivity: SourceClass | None = Field(
        None,
        description="class of all its words: `health` or `intimate`, besides what the tags of each "
        "record say; `business`, whatever the tags say; unset: what the tags say",
    )


def secret_from(variable: str, source: str) -> str:
    """The value of an environment variable. Raises `BadInput` naming it when it is not set."""
    value = os.environ.get(variable, "").strip()
    if not value:
        raise BadInput(f"source {source}: {variable} is not set; export it with the secret")
    return value
