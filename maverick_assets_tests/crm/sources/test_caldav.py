"""Calendars of a real CalDAV server, Radicale, in this process."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import caldav
import pytest
import radicale
import radicale.config

from maverick_assets.crm.sources.calendar import CalendarEntry, CalendarSource
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets_tests.crm.sources.fetched_table import FetchedTable
from maverick_assets_tests.crm.sources.icalendar_texts import calendar, event


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the base's name
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    users = tmp_path / "users"
    users.write_text("allan:open sesame\n")
    configuration = radicale.config.load()
    configuration.update(
        {
            "storage": {"filesystem_folder": str(tmp_path / "collections")},
            "auth": {
                "type": "htpasswd",
                "htpasswd_filename": str(users),
                "htpasswd_encryption": "plain",
                "delay": "0",
            },
        },
        "tests",
    )
    http = make_server("127.0.0.1", 0, radicale.Application(configuration), handler_class=_Quiet)
    Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}/"
    http.shutdown()
    http.server_close()


@pytest.fixture
def work(server: str) -> caldav.Calendar:
    client = caldav.DAVClient(url=server, username="allan", password="open sesame")
    return client.principal().make_calendar(name="Work")


@pytest.fixture
def events(server: str, monkeypatch: pytest.MonkeyPatch) -> FetchedTable:
    monkeypatch.setenv("CALENDAR_PASSWORD", "open sesame")
    entry = CalendarEntry.model_validate(
        {
            "kind": "calendar",
            "name": "calendar",
            "user": "allan",
            "caldav": {"url": server, "username": "allan", "password": "CALENDAR_PASSWORD"},
        }
    )
    return FetchedTable(CalendarSource(entry), "calendar_events")


def test_events_of_all_calendars_are_tagged_with_the_name_of_their_calendar(
    work: caldav.Calendar, server: str, events: FetchedTable
) -> None:
    client = caldav.DAVClient(url=server, username="allan", password="open sesame")
    home = client.principal().make_calendar(name="Home")
    work.save_event(calendar(event("1@x", "SUMMARY:Kick-off")))
    home.save_event(calendar(event("2@x", "SUMMARY:Dentist")))
    assert events.fetch().complete
    assert {key: (row["title"], row["tags"]) for key, row in events.rows.items()} == {
        "1@x": ("Kick-off", ["Work"]),
        "2@x": ("Dentist", ["Home"]),
    }


def test_an_occurrence_that_was_moved_comes_with_its_series(
    work: caldav.Calendar, events: FetchedTable
) -> None:
    moved = event("1@x", "RECURRENCE-ID:20260309T090000Z", "SUMMARY:On site")
    work.save_event(calendar(event("1@x", "RRULE:FREQ=WEEKLY", "SUMMARY:Weekly"), moved))
    events.fetch()
    assert events.titles == {"1@x": "Weekly", "1@x#20260309T090000Z": "On site"}


def test_changes_and_removals_arrive_and_an_unchanged_calendar_is_not_read(
    work: caldav.Calendar, events: FetchedTable
) -> None:
    first = work.save_event(calendar(event("1@x", "SUMMARY:Old")))
    work.save_event(calendar(event("2@x", "SUMMARY:Stays")))
    events.fetch()
    unchanged = events.source.fetch("calendar_events", events.state)
    assert (list(unchanged.rows), unchanged.complete) == ([], False)
    first.delete()
    work.save_event(calendar(event("3@x", "SUMMARY:New")))
    events.fetch()
    assert events.titles == {"2@x": "Stays", "3@x": "New"}


def test_a_wrong_password_names_its_variable(
    server: str, events: FetchedTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALENDAR_PASSWORD", "wrong")
    with pytest.raises(BadInput, match=r"refuses allan with the password in CALENDAR_PASSWORD"):
        events.fetch()


def test_an_unreachable_server_ends_the_fetch_with_one_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CALENDAR_PASSWORD", "open sesame")
    nowhere = {"url": "http://127.0.0.1:9/", "username": "a", "password": "CALENDAR_PASSWORD"}
    fields = {"kind": "calendar", "name": "calendar", "user": "allan", "caldav": nowhere}
    source = CalendarSource(CalendarEntry.model_validate(fields))
    with pytest.raises(MaverickError, match=r"http://127.0.0.1:9/ cannot be read"):
        source.fetch("calendar_events", None)
