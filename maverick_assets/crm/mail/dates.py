"""The time of a message, however its program wrote it.

"Mon, 30 Jun 2025 09:04:00 GMT+02:00", "Mo, 30 Juni 2025 09:01", "30/06/2025 9:03 pm",
"2025-06-30T09:02:00Z", "Mon Jun 30 09:07:00 2025"
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from itertools import islice

from maverick_assets.crm.mail.headers import Headers
from maverick_assets.crm.people.folding import fold

_MAX_CHARACTERS = 200
_SERVERS = 5  # whose times are looked at: the first is the one that delivered
# Beginnings of the months' names, folded: English, German, French, Italian, Spanish, Portuguese,
# Dutch, Polish, Czech, Finnish, Turkish, Scandinavian, Russian, Ukrainian. The longest one decides.
# ruff: noqa: RUF001  letters of those languages
_MONTHS = {
    beginning: month
    for month, beginnings in enumerate(
        (
            "jan ene gen sty led tammi oca янв січ",
            "feb fev lut uno helmi sub фев лют",
            "mar mrz mrt maa bre мар бер",
            "apr avr abr kwi dub huhti nis апр кві",
            "mai maj may mei mag kve touko май мая тра",
            "jun juin giu cze cer kesa haz июн чер",
            "jul juil lug lip cervenec heina tem июл лип",
            "aug aou ago sie srp elo авг сер",
            "sep set wrz zar syys eyl сен вер",
            "oct okt ott out paz rij loka eki окт жов",
            "nov lis marras kas ноя лис",
            "dec dez dic des gru pro joulu ara дек гру",
        ),
        start=1,
    )
    for beginning in beginnings.split()
}
_LONGEST = max(map(len, _MONTHS))
_COMMENT = re.compile(r"\([^()]*\)")
# "9:03", "09:04:05.123", "9.03 Uhr", "9h03", "9:03:00 pm"; the fraction of a second goes
_TIME = re.compile(
    r"(?<![\d.:/-])(\d{1,2})[:.h](\d{2})(?:[:.](\d{2})(?:[.,]\d{1,9})?)?(?![\d.:])"
    r"\s*([ap]\.?m\b\.?)?",
    re.IGNORECASE,
)
# Behind the time: "+0200", "+02:00", "GMT+2", "UTC-05:30", "Z"
_OFFSET = re.compile(r"\s*(?:GMT|UTC|UT|Z)?\s*([+-])\s?(\d{1,2}):?(\d{2})?(?!\d)", re.IGNORECASE)
_ZONE = re.compile(r"\s*([A-Za-z]{1,5})\b")
_HOURS = {
    **{"ut": 0, "gmt": 0, "utc": 0, "z": 0, "wet": 0, "west": 1, "bst": 1},
    **{
        "cet": 1,
        "met": 1,
        "mez": 1,
        "cest": 2,
        "mest": 2,
        "mesz": 2,
        "eet": 2,
        "eest": 3,
        "msk": 3,
    },
    **{"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7},
    **{"akst": -9, "akdt": -8, "hst": -10, "jst": 9, "kst": 9, "aest": 10, "aedt": 11, "nzst": 12},
}
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d)")
_NUMBERS = re.compile(r"(?<!\d)(\d{1,2})([-/.])\s?(\d{1,2})\2\s?(\d{4}|\d{2})(?!\d)")
# "30 Jun 2025", "30. Juni 2025", "30-Jun-25", "30 de junio de 2025"
_DAY_FIRST = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er)?[\s.,-]*(?:de |of )?([^\W\d_]{3,})[\s.,-]*(?:de )?"
    r"(\d{2,4})(?!\d)"
)
_MONTH_FIRST = re.compile(r"([^\W\d_]{3,})[\s.]*(\d{1,2})(?:st|nd|rd|th)?[\s,]+(\d{2,4})(?!\d)")


def sent_time(headers: Headers, stored_at: datetime | None) -> datetime | None:
    """When a message was sent: its Date, else when a server took it, else when it was stored.

    None where nothing says it. A day that may be two is the one nearer to the other times.
    """
    known = next(_received_times(headers), None) or stored_at
    for name in ("date", "resent-date", "original-date"):
        for value in headers.get(name, ()):
            if moment := parse_date(value, known):
                return moment
    return known


def parse_date(value: str, near: datetime | None = None) -> datetime | None:
    """A time with a zone (UTC where it names none); None where it is unreadable or impossible.

    `near`: a time that it may be compared to.
    """
    text = _COMMENT.sub(" ", value[:_MAX_CHARACTERS])
    time = _time(text)
    clock = _clock(time) if time else (0, 0, 0)
    if clock is None:
        return None
    zone, rest = UTC, text
    if time:
        zone, end = _zone(text, time.end())
        rest = f"{text[: time.start()]} {text[end:]}"
    moments = []
    for year, month, day in _days(rest):
        try:
            moment = datetime(_century(year), month, day, *clock, tzinfo=zone)
            moment.astimezone(UTC)  # fails where the time in UTC is out of range
        except (ValueError, OverflowError):
            continue
        if moment.year > 1970:  # a clock that was never set
            moments.append(moment)
    if near and moments:
        return min(moments, key=lambda moment: abs(moment - near))
    return next(iter(moments), None)


def _received_times(headers: Headers) -> Iterator[datetime]:
    """When servers took the message, the last one first: that one is the owner's."""
    values = [*headers.get("delivery-date", ()), *_after_semicolon(headers.get("received", ()))]
    return filter(None, map(parse_date, islice(values, _SERVERS)))


def _after_semicolon(values: Iterable[str]) -> Iterator[str]:
    """The time behind "from a.example by b.example; "."""
    return (value.rpartition(";")[2] for value in values if ";" in value)


def _time(text: str) -> re.Match[str] | None:
    """Where the time of the day stands: behind the day in "30.06.25 07.00"."""
    matches = list(_TIME.finditer(text))
    with_colon = [match for match in matches if ":" in match[0]]
    return next(iter(with_colon or filter(_clock, matches)), None)


def _clock(time: re.Match[str]) -> tuple[int, int, int] | None:
    hour, minute, second = int(time[1]), int(time[2]), min(int(time[3] or 0), 59)
    if time[4] and hour <= 12:
        hour = hour % 12 + (12 if time[4][0] in "pP" else 0)
    return (hour, minute, second) if hour < 24 and minute < 60 else None


def _zone(text: str, start: int) -> tuple[timezone, int]:
    """The zone that stands at `start`, and where it ends; UTC where none does."""
    if offset := _OFFSET.match(text, start):
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        if minutes < 24 * 60:
            sign = -1 if offset[1] == "-" else 1
            return timezone(sign * timedelta(minutes=minutes)), offset.end()
        return UTC, offset.end()
    name = _ZONE.match(text, start)
    if name and name[1].lower() in _HOURS:
        return timezone(timedelta(hours=_HOURS[name[1].lower()])), name.end()
    return UTC, start


def _days(text: str) -> Iterator[tuple[int, int, int]]:
    """Year, month and day as a text may mean them, the likeliest first."""
    for match in _YEAR_FIRST.finditer(text):
        yield int(match[1]), int(match[2]), int(match[3])
    for match in _DAY_FIRST.finditer(text):
        if month := _month(match[2]):
            yield int(match[3]), month, int(match[1])
    for match in _MONTH_FIRST.finditer(text):
        if month := _month(match[1]):
            yield int(match[3]), month, int(match[2])
    for match in _NUMBERS.finditer(text):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        yield year, second, first
        if match[2] != ".":  # "06/30/2025"; with points, the day is first everywhere
            yield year, first, second


def _month(word: str) -> int | None:
    folded = fold(word)
    sizes = range(min(len(folded), _LONGEST), 2, -1)
    return next((_MONTHS[folded[:size]] for size in sizes if folded[:size] in _MONTHS), None)


def _century(year: int) -> int:
    """A year of two digits, or of three as programs wrote them after 1999: 125 is 2025."""
    if year < 70:
        return year + 2000
    return year + 1900 if year < 200 else year
