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
from maverick_assets.crm.mail.charsets import decode_bytes
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


_FOLDED = re.compile(r"\n[ \t]")
_UID = re.compile(r"^UID[^:\n]*:(.{1,200})", re.MULTILINE)


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
        try:
            texts = calendar.read()
        except (OSError, ValueError) as error:
            yield SkippedInput(calendar.name, str(error)[:200])
            return
        for text in texts:
            if excess := _excess(text):
                yield SkippedInput(calendar.name, excess)
                continue
            written = decode_bytes(text)
            parts = _parsed(written)
            if isinstance(parts, str):  # one event that is broken costs no other
                for piece in _events_apart(written):
                    yield from self._rows_of_piece(piece, calendar)
                continue
            for part in parts:
                yield from self._rows(part, calendar)

    def _rows_of_piece(
        self, piece: str, calendar: Calendar
    ) -> Iterator[SourceRow | Deleted | SkippedInput]:
        parts = _parsed(piece)
        if isinstance(parts, str):
            subject = _UID.search(piece)
            name = f"{calendar.name}: {subject[1].strip()}" if subject else calendar.name
            yield SkippedInput(name, f"not iCalendar: {parts}")
            return
        for part in parts:
            yield from self._rows(part, calendar)

    def _rows(
        self, part: "icalendar.Component", calendar: Calendar
    ) -> Iterator[SourceRow | Deleted | SkippedInput]:
        name = _text(part, "X-WR-CALNAME") or calendar.name
        zone = _zone(_text(part, "X-WR-TIMEZONE"), self.zone)
        for event in cast("list[icalendar.Event]", part.walk("VEVENT")):
            try:
                yield self._row(event, name, zone)
            except Exception as error:  # a broken property raises when it is read, in many ways
                subject = _text(event, "UID") or _text(event, "SUMMARY")
                yield SkippedInput(f"{name}: {subject}", str(error)[:200])

    def _row(self, event: "icalendar.Event", calendar: str, zone: ZoneInfo) -> SourceRow | Deleted:
        """The note of an event of the calendar of that name. Raises `ValueError` with the reason
        when a property is missing or broken."""
        uid = _text(event, "UID").strip()
        start = _first(event, "DTSTART")
        if not uid or start is None:
            raise ValueError("no start" if uid else "no UID")
        occurrence = _first(event, "RECURRENCE-ID")
        suffix = f"#{_utc(occurrence, zone):%Y%m%dT%H%M%SZ}" if occurrence else ""
        if _text(event, "STATUS").upper() == "CANCELLED":
            return Deleted(uid + suffix)
        organizer = _text(event, "ORGANIZER").lower().removeprefix("mailto:")
        is_others = organizer and organizer not in self.addresses
        return self.table.row(
            id=uid + suffix,
            user_id=organizer if is_others else self.user,
            title=_text(event, "SUMMARY"),
            content=_plain(_text(event, "DESCRIPTION")),
            tags=[tag for tag in (calendar, *_categories(event), _privacy(event)) if tag]
            + [f"{ATTENDEE_TAG}{address}" for address in self._attendees(event)],
            created_at=_utc(start, zone),
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
    return "private" if _text(event, "CLASS").upper() == "PRIVATE" else None


def _first(component: "icalendar.Component", name: str) -> Any:
    """A property; the first that can be read where a calendar has it twice; None without it."""
    value = component.get(name)
    if not isinstance(value, list):
        return value
    return next((each for each in value if not _is_broken(each)), None)


def _is_broken(value: Any) -> bool:
    return type(value).__name__ == "vBroken"


def _text(component: "icalendar.Component", name: str) -> str:
    value = _first(component, name)
    return "" if value is None else str(value)


def _categories(event: "icalendar.Event") -> list[str]:
    try:
        return list(map(str, event.categories))
    except Exception:  # they cost themselves, not the event
        return []


def _parsed(text: str) -> "list[icalendar.Component] | str":
    """The calendars of a text, or why the library cannot read them."""
    from icalendar import Calendar as ICalendar

    upper = text.upper()
    if upper.count("BEGIN:VEVENT") != upper.count("END:VEVENT"):  # it would lose the others
        return "an event without an end"
    try:
        return list(ICalendar.from_ical(text, multiple=True))
    except Exception as error:  # it fails in many ways on broken texts
        return str(error)[:200]


def _events_apart(text: str) -> Iterator[str]:
    """A calendar that is broken somewhere as one calendar for each of its events.

    Each has what stands outside of the events, as long as that is little: time zones.
    """
    lines = _FOLDED.sub("", text.replace("\r\n", "\n")).split("\n")
    events: list[list[str]] = []
    outside: list[str] = []
    is_open = False
    for line in lines:
        mark = line.strip().upper()
        if mark == "BEGIN:VEVENT":  # one that never ended ends where the next begins
            events.append([])
            is_open = True
        if is_open:
            events[-1].append(line)
        elif line.strip() and mark not in ("BEGIN:VCALENDAR", "END:VCALENDAR"):
            outside.append(line)
        is_open = is_open and mark != "END:VEVENT"
    shared = [line for line in outside if ":" in line]
    if sum(map(len, shared)) * len(events) > MAX_BYTES:
        shared = [line for line in shared if line.upper().startswith("X-WR-")]
    if not events:
        yield text
    for event in events:
        yield "\r\n".join(["BEGIN:VCALENDAR", *shared, *event, "END:VCALENDAR", ""])


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
