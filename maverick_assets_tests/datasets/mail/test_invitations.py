"""Invitations are known by their parts and headers, and a link to a calendar is a person's."""

import json
from typing import Any

import pytest

from maverick_assets.datasets.mail.cleaning import without_meetings
from maverick_assets.datasets.mail.table import clean_row

ROW: dict[str, Any] = {
    "id": "1",
    "sender_email": "paul.marsh@marsh.example",
    "subject": "Crates",
    "body": "Let us go through the list.\n\nPaul",
    "sent_at": None,
    "thread_id": None,
    "message_id": "<1@marsh.example>",
    "in_reply_to": None,
    "recipients": "nora.hale@hale.example",
    "updated_at": None,
}
TEAMS = (
    "________________________________________________________________________________\n"
    "Microsoft Teams meeting\nJoin here<https://teams.microsoft.com/l/meetup-join/19%3a/0>\n"
    "Meeting ID: 398 204 115 772\nPasscode: tQ7mVx\n"
    "________________________________________________________________________________\n"
)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-parts": ["text/plain", "text/html", 'text/calendar; method=REQUEST; charset="utf-8"']},
        {"content-type": ["text/calendar; charset=utf-8; method=REPLY"]},
        {"content-class": ["urn:content-classes:calendarmessage"]},
    ],
)
def test_an_invitation_is_known_by_its_parts_and_headers(headers: dict[str, list[str]]) -> None:
    assert clean_row("t", ROW | {"headers": json.dumps(headers)}).automatic == "invitation"


@pytest.mark.parametrize(
    "columns",
    [
        {"body": "Take a slot:\nhttps://calendar.google.com/calendar/u/0/appointments/x"},
        {"body": "Join here: https://teams.microsoft.com/l/meetup-join/19 at ten."},
        {"headers": json.dumps({"x-parts": ["text/plain", "text/calendar"]})},
        {"headers": json.dumps({"x-parts": ["text/plain", "text/html"]})},
        {"headers": None},
        {"body": f"Bring the list.\n\n{TEAMS}"},
    ],
)
def test_a_persons_mail_with_a_link_a_block_or_a_calendars_file_is_his(
    columns: dict[str, Any],
) -> None:
    assert clean_row("t", ROW | columns).automatic is None


def test_a_block_of_a_meeting_alone_is_an_invitation() -> None:
    assert clean_row("t", ROW | {"body": TEAMS}).automatic == "invitation"


def test_the_description_of_an_event_keeps_its_writers_words() -> None:
    assert without_meetings(f"Ask for the list first.\n\n{TEAMS}") == "Ask for the list first."
    assert without_meetings(TEAMS) == ""
    assert without_meetings("Room 4, dial 0 and ask.\n") == "Room 4, dial 0 and ask."
