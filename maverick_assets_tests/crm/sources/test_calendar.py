"""Calendar files as a source: events become notes, and changes arrive."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from maverick_assets.crm.schema import crm_table
from maverick_assets.crm.sources.calendar import CalendarEntry, CalendarSource
from maverick_assets.crm.sources.events import MAX_BYTES
from maverick_assets.datasets.owner import Owner
from maverick_assets.errors import BadInput
from maverick_assets_tests.crm.sources.fetched_table import FetchedTable
from maverick_assets_tests.crm.sources.icalendar_texts import calendar, event
from maverick_assets_tests.datasets.turn_builders import builder_for

BERLIN = """BEGIN:VTIMEZONE
TZID:Home
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE
"""


def source(*files: Path, **extra: Any) -> CalendarSource:
    addresses = ("allan@testpilot.example",)
    fields = {"name": "calendar", "user": "allan", "addresses": addresses} | extra
    return CalendarSource(CalendarEntry(kind="calendar", files=files, **fields))


def fetched_table(*files: Path, **extra: Any) -> FetchedTable:
    return FetchedTable(source(*files, **extra), "calendar_events")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "work.ics"


def test_an_event_is_a_note_by_its_organizer(file: Path) -> None:
    file.write_text(
        calendar(
            "X-WR-CALNAME:Clients\n",
            event(
                "1@x",
                "SUMMARY:Kick-off",
                "DESCRIPTION:Bring the shelf photos\\, all of them.\\nNo slides.",
                "ORGANIZER;CN=Dana:mailto:Dana@client.example",
                "CATEGORIES:oat bars,pilot",
                "ATTENDEE;CN=Allan:mailto:Allan@TestPilot.example",
                "ATTENDEE;CN=Lee:MAILTO:Lee@x.example",
            ),
            event("2@x", "SUMMARY:Lunch", "ORGANIZER:MAILTO:Allan@TestPilot.example"),
            event("3@x", "SUMMARY:Alone", "CLASS:PRIVATE"),
        )
    )
    events = fetched_table(file)
    assert events.fetch().complete
    assert events.rows["1@x"] == {
        "id": "1@x",
        "user_id": "dana@client.example",
        "title": "Kick-off",
        "content": "Bring the shelf photos, all of them.\nNo slides.",
        "tags": ["Clients", "oat bars", "pilot", "attendee:lee@x.example"],
        "created_at": datetime(2026, 3, 2, 9, tzinfo=UTC),
    }
    assert [events.rows[key]["user_id"] for key in ("2@x", "3@x")] == ["allan", "allan"]
    assert events.rows["3@x"]["tags"] == ["Clients", "private"]


@pytest.mark.parametrize(
    ("start", "moment"),
    [
        ("DTSTART:20260702T090000Z", "2026-07-02T09:00"),
        ("DTSTART;TZID=America/New_York:20260702T090000", "2026-07-02T13:00"),
        ("DTSTART;TZID=Home:20260702T090000", "2026-07-02T07:00"),
        ("DTSTART;TZID=Home:20261202T090000", "2026-12-02T08:00"),
        ("DTSTART:20260702T090000", "2026-07-02T00:00"),
        ("DTSTART;VALUE=DATE:20260702", "2026-07-01T15:00"),
    ],
    ids=["utc", "named", "defined summer", "defined winter", "floating", "whole day"],
)
def test_every_kind_of_time_is_the_right_moment(file: Path, start: str, moment: str) -> None:
    file.write_text(calendar(BERLIN, event("1@x", start=start)))
    events = fetched_table(file, timezone="Asia/Tokyo")
    events.fetch()
    assert events.rows["1@x"]["created_at"] == datetime.fromisoformat(f"{moment}+00:00")


def test_the_time_zone_of_a_calendar_takes_precedence_over_that_of_its_entry(file: Path) -> None:
    zone = "X-WR-TIMEZONE:Europe/Berlin\n"
    file.write_text(calendar(zone, event("1@x", start="DTSTART:20260702T090000")))
    events = fetched_table(file, timezone="Asia/Tokyo")
    events.fetch()
    assert events.rows["1@x"]["created_at"] == datetime(2026, 7, 2, 7, tzinfo=UTC)


def test_a_recurring_event_is_one_note_and_a_moved_occurrence_another(file: Path) -> None:
    series = event("1@x", "RRULE:FREQ=WEEKLY", "SUMMARY:Weekly")
    moved = event(
        "1@x",
        "RECURRENCE-ID:20260309T090000Z",
        "SUMMARY:Weekly\\, on site",
        start="DTSTART:20260310T140000Z",
    )
    file.write_text(calendar(series, moved))
    events = fetched_table(file)
    events.fetch()
    assert events.titles == {"1@x": "Weekly", "1@x#20260309T090000Z": "Weekly, on site"}


def test_a_cancelled_event_is_deleted_and_a_removed_one_vanishes(file: Path) -> None:
    file.write_text(calendar(event("1@x"), event("2@x"), event("3@x")))
    events = fetched_table(file)
    events.fetch()
    file.write_text(calendar(event("1@x", "STATUS:CANCELLED"), event("3@x")))
    assert events.fetch().deleted == ["1@x"]
    assert list(events.rows) == ["3@x"]


def test_an_unchanged_calendar_brings_nothing_and_loses_nothing(file: Path) -> None:
    file.write_text(calendar(event("1@x")))
    events = fetched_table(file)
    events.fetch()
    fetched = events.source.fetch("calendar_events", events.state)
    assert (list(fetched.rows), fetched.complete) == ([], False)


def test_a_broken_file_is_named_and_nothing_vanishes_until_it_is_mended(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.ics", tmp_path / "deep" / "bad.ics"
    bad.parent.mkdir()
    good.write_text(calendar(event("1@x"), event("2@x")))
    bad.write_text(calendar(event("3@x")))
    events = fetched_table(tmp_path)
    events.fetch()
    good.write_text(calendar(event("1@x")))
    bad.write_text("half a calen")
    for _ in range(2):
        assert [skip.name for skip in events.fetch().skipped] == ["bad"]
        assert set(events.rows) == {"1@x", "2@x", "3@x"}
    bad.write_text(calendar(event("4@x")))
    events.fetch()
    assert set(events.rows) == {"1@x", "4@x"}


def test_an_event_that_cannot_be_read_is_named_and_the_others_load(file: Path) -> None:
    file.write_text(
        calendar(
            event("1@x", start="DTSTART:soon"),
            event("2@x", start="SUMMARY:Some day"),
            event("", "SUMMARY:Nameless"),
            event("4@x"),
        )
    )
    events = fetched_table(file)
    reasons = {skip.name: skip.reason for skip in events.fetch().skipped}
    assert "'DTSTART'" in reasons.pop("work: 1@x")
    assert reasons == {"work: 2@x": "no start", "work: Nameless": "no UID"}
    assert list(events.rows) == ["4@x"]


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        (["DTSTART:20260302T090000Z", "SUMMARY:Start twice"], "Start twice"),
        (["SUMMARY:Taste", "SUMMARY:Taste again"], "Taste"),
        (["UID:again@x", "SUMMARY:UID twice"], "UID twice"),
        (["SUMMARY:Rule", "RRULE:FREQ=SOMETIMES;COUNT=x"], "Rule"),
        (["SUMMARY:Exceptions", "EXDATE:never", "RDATE:20269999"], "Exceptions"),
        (["SUMMARY:Categories", "CATEGORIES:a", "CATEGORIES:b,c"], "Categories"),
        (["SUMMARY:Sequence", "SEQUENCE:one", "DTEND:later", "GEO:here"], "Sequence"),
        (["SUMMARY:Status", "STATUS:CONFIRMED", "STATUS:CONFIRMED", "CLASS:PUBLIC"], "Status"),
        (["SUMMARY:Organizers", "ORGANIZER:mailto:a@x.example", "ORGANIZER:b"], "Organizers"),
    ],
)
def test_what_is_odd_in_an_event_costs_neither_it_nor_the_others(
    file: Path, lines: list[str], title: str
) -> None:
    file.write_text(calendar(event("1@x"), event("2@x", *lines), event("3@x")))
    events = fetched_table(file)
    assert events.fetch().skipped == []
    assert list(events.rows) == ["1@x", "2@x", "3@x"]
    assert events.rows["2@x"]["title"] == title


@pytest.mark.parametrize(
    "broken",
    [
        "BEGIN:VEVENT\nUID:2@x\nDTSTART:20260302T090000Z\nSUMMARY:It never ends\n",
        "BEGIN:VEVENT\nUID:2@x\nDTSTART:20261332T090000Z\nEND:VEVENT\n",
        "BEGIN:VEVENT\nUID:2@x\nthis is no line of a calendar\nEND:VALARM\nEND:VEVENT\n",
        "BEGIN:VEVENT\nUID:2@x\nDTSTART;TZID=:x\nRECURRENCE-ID:x\nEND:VEVENT\n",
        "BEGIN:VEVENT\nUID:2@x\nDTSTART:20260302T090000Z\nRECURRENCE-ID:y\nEND:VEVENT\n",
        "BEGIN:VEVENT\nUID:2@x\nEND:VCALENDAR\nEND:VEVENT\n",
    ],
)
def test_an_event_that_breaks_its_calendar_costs_itself(file: Path, broken: str) -> None:
    file.write_text(calendar(event("1@x"), broken, event("3@x")))
    events = fetched_table(file)
    skipped = events.fetch().skipped
    assert {"1@x", "3@x"} <= set(events.rows)
    assert [skip.name for skip in skipped] == ["work: 2@x"]


def test_a_calendar_in_another_charset_is_read(file: Path) -> None:
    file.write_bytes(calendar(event("1@x", "SUMMARY:Gr\u00fc\u00dfe")).encode("latin-1"))
    events = fetched_table(file)
    events.fetch()
    assert events.rows["1@x"]["title"] == "Gr\u00fc\u00dfe"


def test_markup_in_a_description_is_stripped(file: Path) -> None:
    file.write_text(calendar(event("1@x", "DESCRIPTION:<p>Bring <b>samples</b></p>a < b")))
    events = fetched_table(file)
    events.fetch()
    assert events.rows["1@x"]["content"] == "Bring samples\n\na < b"


def test_events_become_notes_of_the_owner(file: Path) -> None:
    file.write_text(calendar(event("1@x", "SUMMARY:Kick-off", "DESCRIPTION:No slides.")))
    events = fetched_table(file)
    events.fetch()
    (row,) = events.rows.values()
    turn = builder_for(Owner((), ("allan",))).row_turn(crm_table("note"), row)
    assert (turn.is_owner, turn.title, turn.text) == (True, "Kick-off", "No slides.")


def test_a_file_that_cannot_be_read_is_named_and_the_others_load(tmp_path: Path) -> None:
    (tmp_path / "large.ics").write_bytes(b"x" * (MAX_BYTES + 1))
    (tmp_path / "work.ics").write_text(calendar(event("1@x")))
    events = fetched_table(tmp_path)
    [skipped] = events.fetch().skipped
    assert (skipped.name, skipped.reason) == ("large", "cannot be read: larger than 20 MB")
    assert list(events.rows) == ["1@x"]


def test_a_file_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"source calendar: .*gone.ics does not exist"):
        source(tmp_path / "gone.ics").fetch("calendar_events", None)
