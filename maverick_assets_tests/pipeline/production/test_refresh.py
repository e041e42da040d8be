"""Production metrics from a journal and ratings, in a run home."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from filelock import FileLock, Timeout

from maverick_assets.evaluation.people.judgements import Judgement, JudgementFile
from maverick_assets.lake import delta
from maverick_assets.lake.delta import arrow_table, open_table, read_table, sync_table
from maverick_assets.lake.paths import day_metrics_path, served_path
from maverick_assets.lake.served import SERVED_SCHEMA, Journal
from maverick_assets.pipeline.production import refresh
from maverick_assets.pipeline.production.days import METRICS_SCHEMA, quantile
from maverick_assets.pipeline.production.feedback import Feedback
from maverick_assets.pipeline.production.journal import read_served
from maverick_assets.pipeline.production.refresh import (
    last_week,
    read_fallen,
    refresh_production,
)
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.registry.store import Registry
from maverick_assets_tests.lake.served_rows import NOW, ROW
from maverick_assets_tests.pipeline.conftest import WriteDataset
from maverick_assets_tests.raw_tables import upsert_raw_rows
from maverick_assets_tests.recording_log import RecordingLog
from maverick_assets_tests.registry.conftest import AddVersion


def note(run: RunContext, count: int = 1, **fields: object) -> None:
    journal = Journal(run.settings.served)
    for number in range(count):
        row = replace(ROW, **fields)
        journal.note(replace(row, id=f"{row.personality}-{row.version}-{row.served_at}-{number}"))


def rate(run: RunContext, version: str, ratings: list[int], days_ago: int = 0) -> None:
    rows = [
        {
            "id": f"{version} {days_ago} {number}",
            "personality": "robbie",
            "version": version,
            "prompt": "Dear Dana Holt",
            "response": "Secret words",
            "rating": rating,
            "correction": "Better words" if rating <= 3 else None,
            "created_at": NOW - timedelta(days=days_ago),
        }
        for number, rating in enumerate(ratings)
    ]
    upsert_raw_rows(run.settings.lake, "feedback", rows)


def versions_of_tables(run: RunContext) -> list[int]:
    tables = [open_table(path(run.settings.lake)) for path in (served_path, day_metrics_path)]
    return [table.version() for table in tables if table]


def test_a_line_that_is_noted_twice_is_one_answer(run: RunContext) -> None:
    for _ in range(2):
        Journal(run.settings.served).note(ROW)
    [day] = refresh_production(run, NOW).days
    assert day.answers == 1


def test_counts_times_ratings_and_corrections_are_of_their_day_and_version(
    run: RunContext,
) -> None:
    journal = Journal(run.settings.served)
    for number in range(1, 101):
        row = replace(ROW, id=str(number), first_token_ms=number, total_ms=10 * number)
        journal.note(row)
    note(run, 2, version="v1.1")
    note(run, 3, served_at=NOW - timedelta(days=1))
    rate(run, "v1.0", [8, 3, 7])
    days = {day.key: day for day in refresh_production(run, NOW).days}
    assert set(days) == {
        "robbie v1.0 2026-11-27",
        "robbie v1.0 2026-11-28",
        "robbie v1.1 2026-11-28",
    }
    today = days["robbie v1.0 2026-11-28"]
    assert today.answers == 100
    assert (today.first_token_ms_p50, today.first_token_ms_p95) == (50, 95)
    assert (today.total_ms_p50, today.total_ms_p95) == (500, 950)
    assert (today.ratings, today.rating_mean, today.corrections) == (3, 6, 1)
    assert today.rating_low is not None and 1 <= today.rating_low < 6
    other = days["robbie v1.1 2026-11-28"]
    assert (other.answers, other.ratings, other.rating_mean) == (2, 0, None)
    stored = read_table(day_metrics_path(run.settings.lake))
    assert stored is not None and stored.num_rows == 3


def judge(run: RunContext, version: str, number: int, **fields: object) -> None:
    said: dict[str, Any] = {
        "at": NOW,
        "judge": "owner",
        "personality": "robbie",
        "version": version,
        "example_id": f"example-{number}",
        "seed": 1,
        "ratings": {"owner": 9, "version": 4},
        "taken_for_owner": "owner",
    }
    JudgementFile(run.settings.judgements).add(Judgement.model_validate(said | fields))


def test_blind_judgements_stand_beside_answers_and_ratings(run: RunContext) -> None:
    note(run, 2)
    judge(run, "v1.0", 1)
    judge(run, "v1.0", 1, ratings={"owner": 2, "version": 8}, taken_for_owner="version")  # anew
    judge(run, "v1.0", 2, judge="friend", taken_for_owner=None)
    judge(run, "v1.0", 3, at=NOW - timedelta(days=200))  # too long ago
    judge(run, "v1.1", 1)  # which answered nobody
    days = {day.key: day for day in refresh_production(run, NOW).days}
    assert set(days) == {"robbie v1.0 2026-11-28", "robbie v1.1 2026-11-28"}
    today = days["robbie v1.0 2026-11-28"]
    assert (today.answers, today.judgements, today.taken_for_owner, today.judged_mean) == (
        2,
        2,
        1,
        6,
    )
    other = days["robbie v1.1 2026-11-28"]
    assert (other.answers, other.ratings, other.judgements, other.judged_mean) == (0, 0, 1, 4)
    [week, _] = last_week(run.settings, NOW)
    assert (week.judgements, week.taken_for_owner) == (2, 1)


def test_a_table_of_the_release_before_gets_the_columns_of_judgements(run: RunContext) -> None:
    note(run, 2)
    refresh_production(run, NOW)
    path = day_metrics_path(run.settings.lake)
    added = {"judgements", "taken_for_owner", "judged_mean"}
    before = read_table(path)
    assert before is not None
    schema = pa.schema([each for each in METRICS_SCHEMA if each.name not in added])
    sync_table(path, arrow_table(before.to_pylist(), schema), "key")
    judge(run, "v1.0", 1)
    refresh_production(run, NOW)
    after = read_table(path)
    assert after is not None
    assert after.column_names[: len(schema)] == schema.names
    assert [(row["answers"], row["judgements"]) for row in after.to_pylist()] == [(2, 1)]


def test_drift_is_measured_against_the_training_texts(
    run: RunContext, write_dataset: WriteDataset
) -> None:
    write_dataset("robbie", train=30)  # questions of one word, answers of ten characters
    note(run, 30, characters=500)
    [day] = refresh_production(run, NOW).days
    assert day.length_p is not None and day.length_p < 0.001
    assert day.topic_drift is not None and day.topic_p is not None


def test_a_second_refresh_changes_nothing(run: RunContext) -> None:
    note(run, 3)
    rate(run, "v1.0", [5, 6])
    refresh_production(run, NOW)
    before = versions_of_tables(run)
    assert refresh_production(run, NOW).journal.new == 0
    assert versions_of_tables(run) == before


def test_tables_that_every_ingest_writes_stay_a_few_files(
    run: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delta, "MOST_FILES", 4)
    paths = [path(run.settings.lake) for path in (served_path, day_metrics_path)]
    for number in range(7):
        note(run, node=f"node {number}", served_at=NOW + timedelta(minutes=number))
        refresh_production(run, NOW)
        assert all(len(list(path.rglob("*.parquet"))) <= 4 for path in paths)
    [day] = refresh_production(run, NOW).days
    assert day.answers == 7
    assert {row.node for row in read_served(run.settings)} == {f"node {n}" for n in range(7)}


def test_two_runs_do_not_write_the_days_at_once(
    run: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that read first would put its older days in the place of the other's."""
    lock = FileLock(day_metrics_path(run.settings.lake).parent / ".days.lock")
    read = refresh.read_feedback

    def read_while_held(lake: Path) -> list[Feedback]:
        with pytest.raises(Timeout):
            lock.acquire(timeout=0)
        return read(lake)

    monkeypatch.setattr(refresh, "read_feedback", read_while_held)
    refresh_production(run, NOW)
    lock.acquire(timeout=0)


def test_files_of_days_that_are_over_go_once_their_rows_are_in_the_table(
    run: RunContext,
) -> None:
    for days in (3, 0):
        note(run, served_at=NOW - timedelta(days=days))
    assert refresh_production(run, NOW).journal.rows == 2
    assert [day.stem for day in Journal(run.settings.served).days()] == ["2026-11-28"]
    assert refresh_production(run, NOW).journal.rows == 2


def test_rows_go_after_ninety_days_and_their_bytes_with_them(run: RunContext) -> None:
    note(run, node="oldest", served_at=NOW - timedelta(days=89))
    note(run)
    assert refresh_production(run, NOW).journal.rows == 2
    later = refresh_production(run, NOW + timedelta(days=2))
    assert (later.journal.rows, later.journal.expired) == (1, 1)
    table = served_path(run.settings.lake)
    assert not any(b"oldest" in file.read_bytes() for file in table.rglob("*") if file.is_file())


def test_damaged_lines_are_counted_and_a_warning_says_so(
    run: RunContext, log: RecordingLog
) -> None:
    note(run)
    [day] = Journal(run.settings.served).days()
    day.write_bytes(day.read_bytes() + b'{"id": "cut sh')
    assert refresh_production(run, NOW).journal.damaged == 1
    assert any("1 lines of the journal" in line for line in log.of_level("warning"))


def test_nothing_served_and_nothing_rated_is_an_empty_table(run: RunContext) -> None:
    found = refresh_production(run, NOW)
    assert (found.days, found.fallen, found.journal.rows) == ([], [], 0)


def test_no_word_of_a_rating_is_in_the_tables(run: RunContext) -> None:
    note(run)
    rate(run, "v1.0", [2, 3])
    refresh_production(run, NOW)
    for path in (served_path(run.settings.lake), day_metrics_path(run.settings.lake)):
        table = read_table(path)  # the bytes of its files are compressed
        assert table is not None
        assert table.num_rows
        content = json.dumps(table.to_pylist(), default=str)
        content += "".join(str(file.read_bytes()) for file in path.rglob("*") if file.is_file())
        assert not any(word in content for word in ("Dana", "Secret", "Better"))


def test_the_tables_of_metrics_have_no_column_for_words_of_a_person() -> None:
    """Hence forgetting leaves them: what is text there names a row, a version or a node."""
    texts = {
        field.name
        for schema in (SERVED_SCHEMA, METRICS_SCHEMA)
        for field in schema
        if not (pa.types.is_integer(field.type) or pa.types.is_floating(field.type))
    }
    of_answers = {"id", "served_at", "personality", "version", "node", "caller", "stop"}
    assert texts == of_answers | {"key", "day"}


def test_fallen_ratings_of_the_version_in_service_are_known_to_the_next_process(
    run: RunContext, registry: Registry, add_version: AddVersion
) -> None:
    for version in ("v1.0", "v1.1"):
        registry.release("robbie", add_version(version).version)
    rate(run, "v1.0", [8, 9] * 8, days_ago=20)
    assert refresh_production(run, NOW).fallen == []
    rate(run, "v1.1", [3, 4] * 8, days_ago=2)
    refresh_production(run, NOW)
    [fallen] = read_fallen(run.settings.lake)
    assert (fallen.personality, fallen.version) == ("robbie", "v1.1")
    assert "3.5 of 10 on average, were 8.5 before" in fallen.reason


def test_nightly_versions_count_with_the_one_that_they_were_trained_on(
    run: RunContext, registry: Registry, add_version: AddVersion
) -> None:
    for version in ("v1.0", "v1.1", "v1.1.1"):
        registry.release("robbie", add_version(version).version)
    rate(run, "v1.0", [8, 9] * 8, days_ago=20)
    rate(run, "v1.1", [3, 4] * 4, days_ago=3)
    rate(run, "v1.1.1", [3, 4] * 4, days_ago=2)
    rate(run, "no version", [1] * 20)
    [fallen] = refresh_production(run, NOW).fallen
    assert fallen.version == "v1.1"


def test_a_version_that_is_not_in_service_any_more_asks_for_nothing(
    run: RunContext, registry: Registry, add_version: AddVersion
) -> None:
    for version in ("v1.0", "v1.1", "v1.2"):
        registry.release("robbie", add_version(version).version)
    rate(run, "v1.0", [8, 9] * 8, days_ago=20)
    rate(run, "v1.1", [3, 4] * 8, days_ago=2)
    assert refresh_production(run, NOW).fallen == []


def test_the_last_week_has_answers_that_no_ingest_has_taken_in(run: RunContext) -> None:
    note(run, 4)
    note(run, served_at=NOW - timedelta(days=8))
    note(run, 2, served_at=NOW - timedelta(days=6))
    [week] = last_week(run.settings, NOW)
    assert (week.personality, week.version, week.answers) == ("robbie", "v1.0", 6)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.5, None), ([4], 0.95, 4), ([1, 2], 0.5, 1), ([1, 2, 3], 0.5, 2), ([1, 2], 0.95, 2)],
)
def test_quantiles(values: list[int], share: float, expected: int | None) -> None:
    assert quantile(values, share) == expected
