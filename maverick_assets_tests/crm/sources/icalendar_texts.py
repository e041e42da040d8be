"""Texts in iCalendar's format (RFC 5545)."""


def event(uid: str, *lines: str, start: str = "DTSTART:20260302T090000Z") -> str:
    """One event; `lines` are its further properties."""
    return "\n".join(["BEGIN:VEVENT", f"UID:{uid}", start, *lines, "END:VEVENT", ""])


def calendar(*parts: str) -> str:
    """A calendar of these events, properties and zones."""
    body = "".join(parts)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//tests//EN\n{body}END:VCALENDAR\n"
    return text.replace("\n", "\r\n")
