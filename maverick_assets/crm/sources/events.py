"""iCalendar text (RFC 5545) into notes.

A recurring event is one note, not expanded; an occurrence that was changed is a note of its own.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from maverick_assets.crm.html_text import html_to_text
from maverick_assets.crm.internet_mail import Skipped
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
    read: Callable[[], list[bytes]]


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
                    try:
                        yield self._row(cast("icalendar.Event", event), name, zone)
                    except ValueError as error:  # raised where a broken property is read
                        subject = event.get("UID") or event.get("SUMMARY", "")
                        yield Skipped(f"{name}: {subject}", str(error)[:200])

    def _row(self, event: "icalendar.Event", calendar: str, zone: ZoneInfo) -> Row | Deleted:
        uid = str(event.get("UID", "")).strip()
        if not uid or "DTSTART" not in event:
            raise ValueError("no start" if uid else "no UID")
        occurrence = event.get("RECURRENCE-ID")
        changed = f"#{_utc(occurrence, zone):%Y%m%dT%H%M%SZ}" if occurrence else ""
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
            created_at=_utc(event["DTSTART"], zone),
        )


def _utc(value: Any, zone: ZoneInfo) -> datetime:
    """The moment of a property, or the beginning of its day; `zone`'s where it names none."""
    moment = value.dt
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _zone(name: str, otherwise: ZoneInfo) -> ZoneInfo:
    try:
        return ZoneInfo(name) if name else otherwise
    except (LookupError, OSError, ValueError):
        return otherwise


def _plain(text: str) -> str:
    return (html_to_text(text) if _MARKUP.search(text) else text).strip("\n")
