"""Sources beside the CRM's database: what each of them declares and hands over.

A source fills raw tables whose rows look like those of a table of the CRM, so that whatever reads
that table reads the source's too.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Protocol

from pydantic import AfterValidator, Field

from maverick_assets.crm.internet_mail import Skipped, storable
from maverick_assets.crm.schema import Shape, Table, crm_table
from maverick_assets.errors import BadInput
from maverick_assets.yaml_files import StrictModel

Row = dict[str, Any]
State = dict[str, Any]


@dataclass(frozen=True)
class SourceTable:
    """A raw table that a source fills with rows like those of the CRM's table of that shape."""

    name: str
    shape: Shape
    parent: str | None = None  # the source's table of conversations, for a table of messages

    @property
    def like(self) -> str:
        """Name of the CRM's table of this shape."""
        return crm_table(self.shape).name

    @property
    def table(self) -> Table:
        """The columns of the shape under this table's name."""
        return replace(crm_table(self.shape), name=self.name, parent=self.parent)

    def row(self, **values: Any) -> Row:
        """A row with all columns; those that are not given are None."""
        text = {key: storable(value) for key, value in values.items() if isinstance(value, str)}
        return dict.fromkeys(self.table.columns) | values | text


@dataclass(frozen=True)
class Deleted:
    """The source says that the row of this id is gone."""

    id: str


@dataclass(frozen=True)
class Fetched:
    """What one fetch of a table brings; all but `complete` is valid once `rows` is exhausted.

    `complete`: the rows are all that exists, so that held ids which are not among them have
    vanished. `state`: what the next fetch is to be given, plain JSON; it belongs into the commit
    of the rows. `deleted`: ids that are gone, even where they are among the rows. `skipped`: what
    could not be read, and why.
    """

    items: Iterable[Row | Deleted | Skipped]
    complete: bool
    state: State
    deleted: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)

    @property
    def rows(self) -> Iterator[Row]:
        """The rows, each id once, all columns, timestamps in UTC; can be read once."""
        seen: set[str] = set()
        for item in self.items:
            if isinstance(item, Deleted):
                self.deleted.append(item.id)
            elif isinstance(item, Skipped):
                self.skipped.append(item)
            elif item["id"] not in seen:
                seen.add(item["id"])
                yield item


class Source(Protocol):
    """Where records come from. Building one reads nothing: no file, no secret, no network."""

    @property
    def name(self) -> str: ...

    @property
    def tables(self) -> tuple[SourceTable, ...]: ...

    def fetch(self, table: str, state: State | None) -> Fetched:
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
Address = Annotated[str, AfterValidator(str.lower), Field(pattern=r"^[^\s@,]+@[^\s@,]+$")]
Variable = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$", max_length=60)]


class Entry(StrictModel):
    """What every entry of the sources file has. `user`: the id that stands for its person."""

    libraries: ClassVar[tuple[str, ...]]

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
    user: str = Field(min_length=1)


def secret(variable: str, source: str) -> str:
    """The value of an environment variable; `BadInput` naming it when it is not set."""
    value = os.environ.get(variable, "").strip()
    if not value:
        raise BadInput(f"source {source}: {variable} is not set; export it with the secret")
    return value
