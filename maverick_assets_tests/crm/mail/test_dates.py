"""The time of a mail is read however its program wrote it, and taken from elsewhere without one."""

from datetime import UTC, datetime

import pytest

from maverick_assets.crm.mail.dates import parse_date, sent_time

SEVEN = datetime(2025, 6, 30, 7, 0, tzinfo=UTC)
OTHER = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        *("Mo, 30 Jun 2025 09:00:00 +0200", "Mon, 30 Juni 2025 09:00:00 +0200"),
        *("Mon, 30 Jun 2025 09:00:00 GMT+02:00", "Mon, 30 Jun 25 09:00:00 +0200"),
        *("Mon, 30 Jun 125 09:00:00 +0200", "2025-06-30T09:00:00+02:00", "2025-06-30 07:00:00"),
        *("2025-06-30T07:00:00.123Z", "30/06/2025 07:00", "06/30/2025 7:00 AM"),
        *("Mon Jun 30 07:00:00 2025", "Mon, 30 Jun 2025 09:00 +02:00", "30.06.25 07:00"),
        *("Mon, 30 Jun 2025 09:00:00 CEST", "30. Juni 2025 09:00:00 MESZ", "30.06.25 07.00"),
        *("lun., 30 juin 2025 09:00:00 +0200", "Monday, June 30, 2025 3:00 AM EDT"),
        *("30 de junio de 2025 09:00 GMT+2", "pon., 30 cze 2025 09:00:00 +0200"),
        *("\u041f\u043d, 30 \u0438\u044e\u043d\u044f 2025 10:00:00 +0300", "30-Jun-2025 07:00"),
        *("2025\u5e746\u670830\u65e5 16:00 +0900", "Mon, 30 Jun 2025 07:00:00 +9999"),
        "Mon, 30 Jun 2025 03:00:00 -0400 (Eastern Daylight Time)",
    ],
)
def test_a_date_is_read_however_it_is_written(written: str) -> None:
    assert parse_date(written) == SEVEN


@pytest.mark.parametrize(
    "written",
    [
        *("", "yesterday", "Mon, 30 Jun 2025 24:06:00 +0200", "Mon, 31 Feb 2025 09:00:00 +0000"),
        *("Mon, 99 Jun 2025 99:00:00 +0200", "Thu, 01 Jan 1970 00:00:00 +0000"),
    ],
)
def test_an_impossible_date_gives_way_to_the_servers_and_then_to_the_mailbox(written: str) -> None:
    received = [
        "from a.example by b.example with no time",
        "from a.example by b.example; Mon, 30 Jun 2025 09:00:00 +0200",
    ]
    assert sent_time({"date": [written], "received": received}, OTHER) == SEVEN
    assert sent_time({"date": [written]}, OTHER) == OTHER
    assert sent_time({"date": [written]}, None) is None


def test_a_day_that_may_be_two_is_the_one_nearer_to_the_other_times() -> None:
    assert parse_date("02/03/2025 10:00") == datetime(2025, 3, 2, 10, tzinfo=UTC)
    near = datetime(2025, 2, 3, tzinfo=UTC)
    assert parse_date("02/03/2025 10:00", near) == datetime(2025, 2, 3, 10, tzinfo=UTC)
