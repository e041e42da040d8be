"""The journal of answers served: whole lines, private files, no text."""

import json
import multiprocessing
import os
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from maverick_assets.lake.served import (
    TOPICS,
    Journal,
    minute_of,
    read_day,
    topic_of,
    topic_shares,
)
from maverick_assets_tests.lake.served_rows import NOW, ROW


def note_many(folder: Path, name: str) -> None:
    for number in range(200):
        Journal(folder).note(replace(ROW, id=f"{name}-{number}"))


def test_a_row_is_read_as_it_was_noted(tmp_path: Path) -> None:
    rows = [ROW, replace(ROW, id="b", topic=None)]
    for row in rows:
        Journal(tmp_path / "served").note(row)
    [day] = Journal(tmp_path / "served").days()
    assert day.name == "2026-11-28.jsonl"
    assert read_day(day) == (rows, 0)


def test_each_day_has_a_file(tmp_path: Path) -> None:
    for days in (1, 0):
        Journal(tmp_path).note(replace(ROW, served_at=NOW - timedelta(days=days)))
    assert [day.stem for day in Journal(tmp_path).days()] == ["2026-11-27", "2026-11-28"]


def test_only_the_owner_reads_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Journal(tmp_path / "served").note(ROW)
    finally:
        os.umask(before)
    [day] = Journal(tmp_path / "served").days()
    assert stat.S_IMODE(day.stat().st_mode) == 0o600
    assert stat.S_IMODE(day.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_line_that_a_crash_cut_short_spoils_no_other(tmp_path: Path, cut: int) -> None:
    journal = Journal(tmp_path)
    journal.note(ROW)
    [day] = journal.days()
    day.write_bytes(day.read_bytes()[:-cut])
    journal.note(replace(ROW, id="after"))
    rows, damaged = read_day(day)
    assert rows[-1].id == "after"
    assert len(rows) + damaged == 2
    assert damaged == (cut > 1)  # the line break alone is no loss


def test_lines_of_several_processes_do_not_mix(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=note_many, args=(tmp_path, name)) for name in "abc"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    [day] = Journal(tmp_path).days()
    rows, damaged = read_day(day)
    assert damaged == 0
    assert len({row.id for row in rows}) == 600


def line_with(**changes: object) -> bytes:
    return json.dumps({**vars(ROW), "served_at": NOW.isoformat(), **changes}).encode()


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"not json",
        b'{"id": 1}',
        b"\xff\xfe",
        line_with(prompt="Dear Dana"),
        line_with(caller="dana"),
        line_with(total_ms=2**63),  # no column holds it
        line_with(total_ms=-1),
        line_with(topic=TOPICS),
        line_with(node="n" * 2000),
        line_with(served_at="0001-01-01T00:00:00+05:00"),  # before the first year of UTC
        line_with(served_at=(NOW + timedelta(days=1)).isoformat()),
    ],
)
def test_what_is_no_row_is_counted_and_left_out(tmp_path: Path, line: bytes) -> None:
    Journal(tmp_path).note(ROW)
    [day] = Journal(tmp_path).days()
    day.write_bytes(day.read_bytes() + line + b"\n")
    assert read_day(day) == ([ROW], 1)


def test_a_line_that_may_be_written_in_parts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="too long"):
        Journal(tmp_path).note(replace(ROW, node="n" * 2000))


def test_the_topic_of_a_question_is_a_number_of_one_random_word() -> None:
    topics = {topic_of("Invoices for Dana, please, before Wednesday") for _ in range(200)}
    assert topics <= set(range(TOPICS))
    assert len(topics) == 4  # invoices, please, before, Wednesday
    assert topic_of("Is it so?") is None
    assert topic_of("") is None


def test_topics_do_not_depend_on_case_and_come_as_often_as_shares_say() -> None:
    assert topic_of("INVOICE") == topic_of("invoice")
    text = "invoice invoice contract"
    shares = topic_shares([text, "no"])
    assert sum(shares) == pytest.approx(1)
    invoice = topic_of("invoice")
    assert invoice is not None
    assert shares[invoice] == pytest.approx(2 / 3)
    assert topic_shares(["", "a b"]) == [0.0] * TOPICS


def test_a_moment_is_kept_to_the_minute() -> None:
    assert minute_of(NOW + timedelta(seconds=59, microseconds=3)) == NOW
