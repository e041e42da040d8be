"""Import of mail and rows into a real PostgreSQL: once, complete, and past what is broken."""

import json
import random
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from maverick_assets.crm.foreign_input import SkippedInput
from maverick_assets.crm.importers import import_jsonl, import_mail, insert_rows
from maverick_assets.crm.mail.row import MailRow
from maverick_assets.crm.mailboxes.folders import read_mail
from maverick_assets.errors import BadInput
from maverick_assets_tests.corpora.real_data import REAL_DATA, needs_real_data
from maverick_assets_tests.crm.raw_messages import mail_row, raw_message

NOTE = {
    "id": "n1",
    "user_id": "allan",
    "title": "Pricing",
    "content": "Never below 20%",
    "tags": ["pricing"],
    "created_at": "2025-06-02T09:00:00+02:00",
}


def stored(crm: psycopg.Connection, query: str) -> list[tuple[object, ...]]:
    return crm.execute(query.encode()).fetchall()


def test_importing_twice_imports_once_in_any_order(crm: psycopg.Connection) -> None:
    mails = [mail_row(raw_message(f"number {i}", Message_ID=f"<{i}@x>")) for i in range(1200)]
    first = import_mail(crm, [*mails, SkippedInput("inbox/9.", "no Date")])
    random.Random(7).shuffle(mails)
    second = import_mail(crm, iter(mails))
    assert (first.imported, first.unchanged) == (1200, 0)
    assert first.skipped == [SkippedInput("inbox/9.", "no Date")]
    assert (second.imported, second.unchanged, second.skipped) == (0, 1200, [])


def test_copies_under_several_message_ids_and_rewrapped_copies_are_one_row(
    crm: psycopg.Connection,
) -> None:
    copies = [
        mail_row(raw_message("Hello\nAllan")),
        mail_row(
            raw_message(
                "Hello\nAllan", Message_ID="<copy@x>", Date="Mon, 02 Jun 2025 07:00:30 +0000"
            )
        ),
        mail_row(raw_message("Hello Allan ", Message_ID=None)),
        mail_row(raw_message("Hello Allan, with a list's footer")),
    ]
    assert import_mail(crm, copies).imported == 1
    assert import_mail(crm, reversed(copies)).imported == 0


def test_the_others_load_when_postgresql_refuses_a_mail(crm: psycopg.Connection) -> None:
    good = mail_row(raw_message())
    early = datetime.max.replace(tzinfo=UTC)
    broken = replace(good, id="b", message_id="<b@x>", sender_email=None)  # type: ignore[arg-type]
    assert import_mail(crm, [good, replace(good, id="c", message_id=None, sent_at=early)]).imported
    crm.execute("alter table crm_emails alter sender_email set not null")
    report = import_mail(crm, [mail_row(raw_message("x", Message_ID="<x@x>")), broken])
    assert report.imported == 1
    assert [skipped.name for skipped in report.skipped] == ["b"]


def test_a_failure_midway_imports_nothing(crm: psycopg.Connection) -> None:
    def failing() -> Iterator[MailRow]:
        for i in range(700):
            yield mail_row(raw_message(f"number {i}", Message_ID=f"<{i}@x>"))
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        import_mail(crm, failing())
    assert stored(crm, "select count(*) from crm_emails") == [(0,)]


def write_lines(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows))
    return path


def test_json_lines_are_imported_once(crm: psycopg.Connection, tmp_path: Path) -> None:
    without_id = {key: value for key, value in NOTE.items() if key != "id"}
    path = write_lines(tmp_path / "notes.jsonl", NOTE | {"unknown": 1}, "", without_id)
    assert import_jsonl(crm, "sticky_notes", path).imported == 2
    again = import_jsonl(crm, "sticky_notes", path)
    assert (again.imported, again.unchanged, again.skipped) == (0, 2, [])
    assert stored(crm, "select tags, created_at from sticky_notes where id = 'n1'") == [
        (["pricing"], datetime(2025, 6, 2, 7, 0, tzinfo=UTC))
    ]


def test_bad_lines_are_skipped_by_number_and_the_others_load(
    crm: psycopg.Connection, tmp_path: Path
) -> None:
    untitled = {key: value for key, value in NOTE.items() if key != "title"}
    path = write_lines(
        tmp_path / "notes.jsonl",
        NOTE,
        "{broken",
        "[1, 2]",
        untitled | {"id": "n2"},
        NOTE | {"id": "n3", "created_at": "not a date"},
        NOTE | {"id": "n4", "content": "nul \u0000 and half a pair \ud83d", "tags": "one"},
        "[" * 100_000,
    )
    report = import_jsonl(crm, "sticky_notes", path)
    assert report.imported == 2
    reasons = {skipped.name: skipped.reason for skipped in report.skipped}
    assert list(reasons) == [f"notes.jsonl:{line}" for line in (2, 3, 4, 7, 5)]
    assert reasons["notes.jsonl:4"] == "no column title"
    assert reasons["notes.jsonl:5"].startswith("invalid input syntax for type timestamp")
    assert stored(crm, "select content, tags from sticky_notes where id = 'n4'") == [
        ("nul  and half a pair ?", ["one"])
    ]


def test_json_values_fit_their_columns(crm: psycopg.Connection, tmp_path: Path) -> None:
    talks = write_lines(tmp_path / "c.jsonl", {"id": 7, "user_id": 1, "metadata": {"a": [1]}})
    deal = {"id": "d", "deal_name": "Oats", "stage": "Won", "amount": None, "notes": {"k": "ä"}}
    deals = write_lines(
        tmp_path / "d.jsonl", deal | {"owner_email": "a@x", "created_at": "2025-06-02"}
    )
    assert import_jsonl(crm, "conversations", talks).imported == 1
    assert import_jsonl(crm, "crm_deals", deals).imported == 1
    assert stored(crm, "select * from conversations") == [("7", "1", {"a": [1]})]
    assert stored(crm, "select amount, notes from crm_deals") == [(None, '{"k": "ä"}')]


def test_an_unknown_table_or_a_missing_file_is_bad_input(
    crm: psycopg.Connection, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=r"no table 'notes'.*sticky_notes"):
        import_jsonl(crm, "notes", tmp_path / "x")
    with pytest.raises(BadInput, match="no such file"):
        import_jsonl(crm, "sticky_notes", tmp_path / "x")


def test_insert_rows_counts_new_and_known_rows_and_inserts_all_or_none(
    crm: psycopg.Connection,
) -> None:
    rows = [NOTE | {"id": str(i)} for i in range(1100)]
    assert insert_rows(crm, "sticky_notes", iter(rows)) == (1100, 0)
    assert insert_rows(crm, "sticky_notes", [*rows[:3], NOTE]) == (1, 3)
    broken = [NOTE | {"id": "new"}, NOTE | {"id": "bad", "created_at": "never"}]
    with pytest.raises(BadInput, match="sticky_notes row bad"):
        insert_rows(crm, "sticky_notes", broken)
    assert stored(crm, "select count(*) from sticky_notes") == [(1101,)]


def test_a_table_without_unique_id_is_bad_input(crm: psycopg.Connection) -> None:
    crm.execute("alter table sticky_notes drop constraint sticky_notes_pkey")
    with pytest.raises(BadInput, match=r"sticky_notes.*unique id"):
        insert_rows(crm, "sticky_notes", [NOTE])


@needs_real_data
def test_a_real_mailbox_is_imported_without_its_copies(
    crm: psycopg.Connection, tmp_path: Path
) -> None:
    with tarfile.open(REAL_DATA / "mailbox-arnold/maildir.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    rows = list(read_mail(tmp_path))
    report = import_mail(crm, rows)
    assert len(rows) == 4898
    assert report.skipped == []
    assert 2600 < report.imported < 2700
    again = import_mail(crm, reversed(rows))
    assert (again.imported, again.unchanged) == (0, 4898)


def test_a_row_that_is_nested_too_deeply_costs_that_row(
    crm: psycopg.Connection, tmp_path: Path
) -> None:
    path = tmp_path / "chats.jsonl"
    deep = ["[" * depth + "]" * depth for depth in (900, 985, 2_000, 100_000)]
    lines = [
        f'{{"id": "{n}", "user_id": "a", "metadata": {value}}}' for n, value in enumerate(deep)
    ]
    path.write_text("\n".join([*lines, '{"id": "good", "user_id": "a", "metadata": {}}']))
    report = import_jsonl(crm, "conversations", path)
    assert report.imported + len(report.skipped) == 5
    assert crm.execute("select count(*) from conversations where id = 'good'").fetchone() == (1,)
