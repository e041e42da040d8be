"""iCalendar text (RFC 5545) into notes.

A recurring event is one note, not expanded; an occurrence that was changed is a note of its own.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from maverick_assets.crm.foreign_input import SkippedInput
from maverick_assets.crm.html_text import html_to_text
from maverick_assets.crm.people.addresses import normalized
from maverick_assets.crm.schema import ATTENDEE_TAG
from maverick_assets.crm.sources.source import Deleted, SourceRow, SourceTable

if TYPE_CHECKING:
    import icalendar

# icalendar makes several objects of a line, and more of a component.
MAX_BYTES = 20_000_000
MAX_LINES = 200_000
MAX_COMPONENTS = 50_000
# Outlook and Google write HTML into DESCRIPTION, which RFC 5545 has as plain text:
# "<p>Agenda:<br>1. Oats</p>". In plain text a lone "<" is followed by none of these tags.
_MARKUP = re.compile(r"</?(?:a|b|br|div|html|i|li|ol|p|span|u|ul)\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True)
class Calendar:
    """A calendar that can be read."""

    key: str  # path or URL
    name: str
    marker: str | None  # changes with the content; None: unknown
    read: Callable[[], list[bytes]]  # the calendar as iCalendar texts


@dataclass(frozen=True)
class EventReader:
    """Turns events into rows of `table`.

    An event without an organizer, or with one of `addresses`, is a row of `user`. Any other event
    is a row of its organizer's address.
    """

    table: SourceTable
    user: str
    addresses: tuple[str, ...]
    zone: ZoneInfo  # of whole days and of times without a zone, unless the calendar names its own

    def rows(self, calendar: Calendar) -> Iterator[SourceRow | Deleted | SkippedInput]:
        """The events of a calendar; a cancelled one is `Deleted`, an unreadable one is skipped."""
        from icalendar import Calendar as ICalendar

        for text in calendar.read():
            if excess := _excess(text):
                yield SkippedInput(calendar.name, excess)
                continue
            try:
                parts = ICalendar.from_ical(text, multiple=True)
            except ValueError as error:
                yield SkippedInput(calendar.name, f"not iCalendar: {str(error)[:200]}")
                continue
            for part in parts:
                name = str(part.get("X-WR-CALNAME", calendar.name))
                zone = _zone(str(part.get("X-WR-TIMEZONE", "")), self.zone)
                for event in part.walk("VEVENT"):
                    try:
                        yield self._row(cast("icalendar.Event", event), name, zone)
                    except ValueError as error:  # a broken property raises when it is read
                        subject = event.get("UID") or event.get("SUMMARY", "")
                        yield SkippedInput(f"{name}: {subject}", str(error)[:200])

    def _row(self, event: "icalendar.Event", calendar: str, zone: ZoneInfo) -> SourceRow | Deleted:
        """The note of an event of the calendar of that name. Raises `ValueError` with the reason
        when a property is missing or broken."""
        uid = str(event.get("UID", "")).strip()
        if not uid or "DTSTART" not in event:
            raise ValueError("no start" if uid else "no UID")
        occurrence = event.get("RECURRENCE-ID")
        suffix = f"#{_utc(occurrence, zone):%Y%m%dT%H%M%SZ}" if occurrence else ""
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            return Deleted(uid + suffix)
        organizer = str(event.get("ORGANIZER", "")).lower().removeprefix("mailto:")
        is_others = organizer and organizer not in self.addresses
        return self.table.row(
            id=uid + suffix,
            user_id=organizer if is_others else self.user,
            title=str(event.get("SUMMARY", "")),
            content=_plain(str(event.get("DESCRIPTION", ""))),
            tags=[tag for tag in (calendar, *map(str, event.categories), _privacy(event)) if tag]
            + [f"{ATTENDEE_TAG}{address}" for address in self._attendees(event)],
            created_at=_utc(event["DTSTART"], zone),
        )

    def _attendees(self, event: "icalendar.Event") -> list[str]:
        """Addresses of those who attend besides the person: an event with somebody who is to be
        forgotten is found by them."""
        value = event.get("ATTENDEE", [])
        written = value if isinstance(value, list) else [value]
        addresses = [normalized(str(address)) for address in written]
        others = (each for each in addresses if "@" in each and each not in self.addresses)
        return list(dict.fromkeys(others))


def _privacy(event: "icalendar.Event") -> str | None:
    """The tag of an event that its calendar shows to nobody else (RFC 5545, CLASS)."""
    return "private" if str(event.get("CLASS", "")).upper() == "PRIVATE" else None


def _excess(text: bytes) -> str | None:
    """What makes a calendar take too much time or memory; None where nothing does."""
    for what, count, limit in (
        ("bytes", len(text), MAX_BYTES),
        ("lines", text.count(b"\n"), MAX_LINES),
        ("components", text.upper().count(b"BEGIN:"), MAX_COMPONENTS),
    ):
        if count > limit:
            return f"more than {limit:,} {what}"
    return None


def _utc(value: Any, zone: ZoneInfo) -> datetime:
    """The moment of a property, or the start of its day; in `zone` where it names no zone."""
    moment = value.dt
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _zone(name: str, default: ZoneInfo) -> ZoneInfo:
    """The time zone of that name; `default` for an empty or unknown name."""
    try:
        return ZoneInfo(name) if name else default
    except (LookupError, OSError, ValueError):
        return default


def _plain(text: str) -> str:
    # Up to the last ">": "<p<p<p" without one would take quadratic time.
    has_markup = _MARKUP.search(text, 0, text.rfind(">") + 1)
    return (html_to_text(text) if has_markup else text).strip("\n")
