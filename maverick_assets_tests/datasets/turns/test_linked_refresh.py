"""Mails of a CRM without headers are linked night after night as a full rebuild links them."""

import random
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from maverick_assets.datasets.mail.links import keys
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.turns.refresh import refresh_mails, refresh_turns
from maverick_assets.datasets.turns.turn import read_turns
from maverick_assets.lake.delta import read_table
from maverick_assets.lake.paths import mails_path, turns_path
from maverick_assets_tests.raw_tables import replace_raw_rows, table_bytes

OWNER = Owner(("ines@orchard.example",), ("ines",))
PEOPLE = ["paul.okoro@mill.example", "ruth.lind@press.example", "sam.ito@mill.example"]
SUBJECTS = ["Delivery of the flour", "Invoice 4711", "Hello!", "", "Your weekly question"]
START = datetime(2026, 2, 2, 9, 0, tzinfo=UTC)
COMMON = 12  # mails with one subject, in these tests


def any_row(number: int, rng: random.Random) -> dict[str, Any]:
    """A mail to or from the owner with as much as some CRM keeps of it."""
    person = rng.choice(PEOPLE)
    sender, recipient = rng.sample([OWNER.emails[0], person], 2)
    subject = rng.choice(SUBJECTS)
    references = [f"<{rng.randrange(200)}@x>" for _ in range(rng.randrange(3))]
    return {
        "id": f"m{number:04}",
        "sender_email": sender,
        "recipients": rng.choice([None, recipient, recipient]),
        "subject": rng.choice(["", "Re: ", "AW: "]) + subject,
        "body": f"{person.partition('.')[0].title()}, {number} " + rng.choice(["yes.", "why?"]),
        "sent_at": START + timedelta(hours=rng.randrange(24 * 120)),
        "thread_id": rng.choice([None, None, f"T{rng.randrange(30)}"]),
        "message_id": rng.choice([None, f"<{number}@x>"]),
        "in_reply_to": rng.choice([None, None, None, f"<{rng.randrange(200)}@x>"]),
        "headers": rng.choice([None, {"references": [" ".join(references)]}]),
    }


def refresh(lake: Path) -> tuple[int, bool]:
    refresh_mails(lake, "1")
    turns = refresh_turns(lake, OWNER, "1")
    return turns.derived, turns.full


@pytest.mark.parametrize("seed", range(2))
def test_night_after_night_links_are_those_of_a_full_rebuild(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(keys, "MOST_COMMON", COMMON)
    rng = random.Random(seed)
    rows = {number: any_row(number, rng) for number in range(150)}
    lake = tmp_path / "lake"
    replace_raw_rows(lake, "crm_emails", rows.values())
    refresh(lake)
    kinds = {turn.link for turn in read_turns(turns_path(lake))}
    assert {"reply-to", "thread", "subject", "ambiguous", "not at hand"} <= kinds
    for at in range(3):
        for number in rng.sample(sorted(rows), 4):
            del rows[number]
        for number in (*rng.sample(sorted(rows), 4), *(range(1000 + 10 * at, 1004 + 10 * at))):
            rows[number] = any_row(number, rng)
        replace_raw_rows(lake, "crm_emails", rows.values())
        assert refresh(lake)[1] is False
        rebuilt = tmp_path / f"rebuilt{at}"
        shutil.copytree(lake / "raw", rebuilt / "raw")
        assert refresh(rebuilt)[1] is True
        for table, key in (("clean/mails", "id"), ("clean/turns", "turn_id")):
            assert table_bytes(lake, table, key) == table_bytes(rebuilt, table, key), table


def test_one_more_mail_called_hi_does_not_derive_all_others_again(tmp_path: Path) -> None:
    def hi(number: int) -> dict[str, Any]:
        return any_row(number, random.Random(number)) | {
            "sender_email": f"u{number}@x.example",
            "recipients": None,
            "subject": "Hi, a question about your offer",
            "thread_id": None,
            "message_id": None,
            "in_reply_to": None,
            "headers": None,
            "sent_at": START + timedelta(minutes=10 * number),
            "body": f"Question number {number}: what does it cost?",
        }

    rows = [hi(number) for number in range(keys.MOST_COMMON + 100)]
    replace_raw_rows(tmp_path, "crm_emails", rows)
    assert refresh(tmp_path) == (len(rows), True)
    replace_raw_rows(tmp_path, "crm_emails", [*rows, hi(len(rows))])
    assert refresh(tmp_path) == (1, False)


def test_mails_to_which_the_crm_gives_threads_are_derived_again_thread_by_thread(
    tmp_path: Path,
) -> None:
    def threaded(number: int) -> dict[str, Any]:
        row = any_row(0, random.Random(0)) | {"message_id": None, "in_reply_to": None}
        row |= {"id": f"m{number}", "thread_id": f"T{number // 3}", "headers": None}
        body = "The same long words as in each other mail of this table, and more."
        return row | {"body": body, "sent_at": START + timedelta(hours=number)}

    rows = [threaded(number) for number in range(90)]
    replace_raw_rows(tmp_path, "crm_emails", rows)
    refresh(tmp_path)
    replace_raw_rows(tmp_path, "crm_emails", [*rows[:89], rows[89] | {"body": "Others."}])
    assert refresh(tmp_path) == (3, False)


def test_a_subject_that_becomes_common_takes_its_links_away_and_gives_them_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "MOST_COMMON", COMMON)
    plain = any_row(0, random.Random(0)) | {"message_id": None, "in_reply_to": None}
    plain |= {"headers": None, "thread_id": None, "recipients": None, "sent_at": START}
    plain |= {"subject": "Your weekly question"}
    asked = plain | {"id": "q", "sender_email": PEOPLE[0]}
    answer = plain | {"id": "a", "sender_email": OWNER.emails[0], "body": "Paul, yes indeed."}
    answer |= {"subject": "Re: Your weekly question", "sent_at": START + timedelta(days=1)}
    flood = [
        plain | {"id": f"f{number}", "sender_email": f"u{number}@x.example", "body": f"{number}?"}
        for number in range(COMMON)
    ]
    parents = []
    for more in ([], flood, []):
        replace_raw_rows(tmp_path, "crm_emails", [asked, answer, *more])
        refresh(tmp_path)
        turns = {turn.turn_id: turn for turn in read_turns(turns_path(tmp_path))}
        parents.append(turns["crm_emails:a"].reply_to)
    assert parents == ["crm_emails:q", None, "crm_emails:q"]


def test_references_are_kept_as_the_header_has_them(tmp_path: Path) -> None:
    row = any_row(1, random.Random(1)) | {"headers": {"references": ["<a@x>\n <b@x>", "<c@x>"]}}
    replace_raw_rows(tmp_path, "crm_emails", [row])
    refresh(tmp_path)
    table = read_table(mails_path(tmp_path), columns=["references"])
    assert table is not None
    assert table["references"].to_pylist() == [["<a@x>", "<b@x>", "<c@x>"]]
