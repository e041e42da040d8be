"""iCalendar text (RFC 5545) into notes.

A recurring event is one note, not expanded; an occurrence that was changed is a note of its own.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from maverick_assets.crm.messages import Skipped, html_to_text
from maverick_assets.crm.sources.base import Deleted, Row, SourceTable

if TYPE_CHECKING:
    import icalendar

_MARKUP = re.compile(r"</?(?:a|b|br|div|html|i|li|ol|p|span|u|ul)\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True)
class Calendar:
    """A calendar that can be read. `marker` changes with its content; None: unknown."""

    key: str
    name: str
    marker: str | None
    read: Callable[[], list[str | bytes]]


@dataclass(frozen=True)
class EventReader:
    """Events as rows of `table`. An event that names no organizer, or one of `addresses`, is
    `user`'s, others are of their organizer's address. `zone`: of whole days and of times without
    a zone, where the calendar does not name its own.
    """

    table: SourceTable
    user: str
    addresses: tuple[str, ...]
    zone: ZoneInfo

    def rows(self, calendar: Calendar) -> Iterator[Row | Deleted | Skipped]:
        """The events of a calendar; cancelled ones are gone, unreadable ones are named."""
        from icalendar import Calendar as Parsed

        for text in calendar.read():
            try:
                parsed = Parsed.from_ical(text, multiple=True)
            except ValueError as error:
                yield Skipped(calendar.name, f"not iCalendar: {str(error)[:200]}")
                continue
            for part in parsed:
                name = str(part.get("X-WR-CALNAME", calendar.name))
                zone = _zone(str(part.get("X-WR-TIMEZONE", "")), self.zone)
                for event in part.walk("VEVENT"):
                    yield self._row(event, name, zone)

    def _row(
        self, event: "icalendar.Component", calendar: str, zone: ZoneInfo
    ) -> Row | Deleted | Skipped:
        uid = str(event.get("UID", "")).strip()
        start = event.get("DTSTART")
        if not uid or not hasattr(start, "dt"):
            missing = "readable start" if uid else "UID"
            return Skipped(f"{calendar}: {uid or event.get('SUMMARY', '')}", f"no {missing}")
        occurrence = event.get("RECURRENCE-ID")
        changed = f"#{_utc(occurrence.dt, zone):%Y%m%dT%H%M%SZ}" if occurrence else ""
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            return Deleted(uid + changed)
        organizer = str(event.get("ORGANIZER", "")).lower().removeprefix("mailto:")
        others = organizer and organizer not in self.addresses
        return self.table.row(
            id=uid + changed,
            user_id=organizer if others else self.user,
            title=str(event.get("SUMMARY", "")),
            content=_plain(str(event.get("DESCRIPTION", ""))),
            tags=[tag for tag in (calendar, *map(str, event.categories)) if tag],
            created_at=_utc(start.dt, zone),
        )


def _utc(moment: date, zone: tzinfo) -> datetime:
    """The moment, or the beginning of the day; without a zone of its own, `zone`'s."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _zone(name: str, otherwise: ZoneInfo) -> ZoneInfo:
    try:
        return ZoneInfo(name) if name else otherwise
    except (OSError, ValueError):
        return otherwise


def _plain(text: str) -> str:
    return (html_to_text(text) if _MARKUP.search(text) else text).strip("\n")
