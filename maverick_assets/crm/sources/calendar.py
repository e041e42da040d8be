"""Calendars: .ics files and CalDAV servers, one note per event."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, model_validator

from maverick_assets.crm.foreign_files import files_below, read_foreign
from maverick_assets.crm.foreign_input import SkippedInput
from maverick_assets.crm.sources.caldav_server import CalDavServer, open_calendars
from maverick_assets.crm.sources.events import MAX_BYTES, Calendar, EventReader
from maverick_assets.crm.sources.source import (
    AbsolutePath,
    EmailAddress,
    FetchResult,
    FetchState,
    SourceEntry,
    SourceTable,
)
from maverick_assets.errors import BadInput

# Part of a fetch's state: an event read before it had these is read again.
_READ_AS: dict[str, str | None] = {"": "with attendees"}


def _known_zone(name: str) -> str:
    """`name`. Raises `ValueError` unless it is a time zone of this machine."""
    try:
        ZoneInfo(name)
    except (LookupError, OSError, ValueError) as error:
        raise ValueError("no such time zone; write it like Europe/Berlin") from error
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]


class CalendarEntry(SourceEntry):
    """Calendars as .ics files, on a CalDAV server, or both."""

    libraries: ClassVar[tuple[str, ...]] = ("icalendar", "caldav")

    kind: Literal["calendar"] = Field(description="what kind of source it is")
    files: tuple[AbsolutePath, ...] = Field((), description=".ics files, or folders of them")
    caldav: CalDavServer | None = Field(None, description="a CalDAV server")
    addresses: tuple[EmailAddress, ...] = Field(
        (), description="the person's addresses: an event organized by one of them is the person's"
    )
    timezone: TimeZone = Field(
        "UTC", description="of whole days, and of times for which the calendar names no zone"
    )

    @model_validator(mode="after")
    def _reads_something(self) -> "CalendarEntry":
        if not self.files and self.caldav is None:
            raise ValueError("give files, or caldav")
        return self

    def source(self) -> "CalendarSource":
        return CalendarSource(self)


@dataclass(frozen=True)
class CalendarSource:
    """Reads all calendars when one of them has changed.

    The state of a fetch holds the marker of each calendar by its key.
    """

    entry: CalendarEntry

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def tables(self) -> tuple[SourceTable, ...]:
        return (SourceTable(f"{self.name}_events", "note", sensitivity=self.entry.sensitivity),)

    def fetch(self, table: str, state: FetchState | None) -> FetchResult:  # noqa: ARG002
        """All events of the only table, or nothing when every calendar is unchanged.

        When something cannot be read, no row vanishes, and the next fetch reads everything again.
        """
        zone = ZoneInfo(self.entry.timezone)
        reader = EventReader(self.tables[0], self.entry.user, self.entry.addresses, zone)
        with open_calendars(self.entry.caldav, self.name) as remote:
            files = list(self._files())
            left_out = [item for item in files if isinstance(item, SkippedInput)]
            local = [item for item in files if isinstance(item, Calendar)]
            calendars = [*local, *remote]
            markers = {calendar.key: calendar.marker for calendar in calendars} | _READ_AS
            if state == markers and None not in markers.values():
                return FetchResult(left_out, complete=False, state=markers)
            items = [item for calendar in calendars for item in reader.rows(calendar)]
        broken = any(isinstance(item, SkippedInput) for item in items)
        state = {} if broken else markers
        return FetchResult([*items, *left_out], complete=not broken, state=state)

    def _files(self) -> Iterator[Calendar | SkippedInput]:
        """The .ics files of the entry, and what looks like one but is not to be read.

        One that cannot be read has no marker, and is skipped when it is read: the others load, and
        what it brought before stays. Raises `BadInput` for a path that does not exist.
        """
        for path in self.entry.files:
            if not path.exists():
                raise BadInput(f"source {self.name}: {path} does not exist; correct it")
            below = files_below(path) if path.is_dir() else [(path, None)]
            for file, refusal in below:
                if path.is_dir() and file.suffix != ".ics":
                    continue
                if refusal:
                    yield SkippedInput(str(file), refusal)
                    continue
                try:
                    data = read_foreign(file, MAX_BYTES)
                except (OSError, ValueError) as error:
                    yield Calendar(str(file), file.stem, None, partial(_fail, str(error)))
                else:
                    yield Calendar(str(file), file.stem, sha256(data).hexdigest(), [data].copy)


def _fail(reason: str) -> list[bytes]:
    raise ValueError(f"cannot be read: {reason}")
