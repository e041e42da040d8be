"""Ingestion without Dagster: from raw rows to a checked dataset, and nothing done twice."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.crm.foreign_input import SkippedInput
from maverick_assets.crm.schema import TEXT_TABLES
from maverick_assets.crm.sources.source import FetchResult, SourceTable
from maverick_assets.datasets.quality.unused_tables import read_warnings
from maverick_assets.errors import MaverickError
from maverick_assets.pipeline.base import prepare as base_model
from maverick_assets.pipeline.ingest import land_table, refresh_clean, refresh_personality
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.recipes import load_recipes
from maverick_assets_tests.raw_tables import upsert_raw_rows
from maverick_assets_tests.recording_log import RecordingLog

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ROBBIE = load_recipes()["robbie"]
SUBJECTS = [
    "tea",
    "rain",
    "trains",
    "books",
    "bread",
    "music",
    "stairs",
    "paint",
    "maps",
    "chess",
    "soup",
    "wool",
]


@pytest.fixture
def ingested(
    run: RunContext, base: PreparedBase, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RunContext]:
    """A run whose lake has curated samples of one personality."""
    monkeypatch.setattr(base_model, "find_base", lambda _settings: base)
    rows: list[dict[str, Any]] = [
        {
            "id": f"s{number}",
            "personality": "robbie",
            "prompt": f"What about the {subject}?",
            "response": f"I like {subject} best when the day is over and it is quiet.",
            "created_at": START + timedelta(days=number),
        }
        for number, subject in enumerate(SUBJECTS)
    ]
    upsert_raw_rows(run.settings.lake, "personality_samples", rows)
    yield run


def test_raw_rows_become_a_dataset_with_checks_and_a_card(
    ingested: RunContext, log: RecordingLog
) -> None:
    clean = refresh_clean(ingested, TEXT_TABLES)
    assert (clean.turns.commit.rows, clean.turns.derived) == (12, 12)
    dataset = refresh_personality(ingested, ROBBIE)
    assert dataset.commit.rows == sum(not candidate.dropped for candidate in dataset.selection)
    assert dataset.commit.rows > 0
    assert [check.problem for check in dataset.checks if check.name == "no_secret"] == [None]
    assert dataset.page.is_file()
    assert log.of_level("info")[0].startswith("12 turns: 12 new or changed; 12 derived")


def test_the_log_says_how_many_turns_are_withheld_from_a_personality(
    ingested: RunContext, log: RecordingLog
) -> None:
    note = {"user_id": "allan", "title": "Tea", "content": "Tea helps.", "created_at": START}
    notes = [note | {"id": tag, "tags": [tag]} for tag in ("health", "private", "Gesundheit", "a")]
    upsert_raw_rows(ingested.settings.lake, "sticky_notes", notes)
    refresh_clean(ingested, TEXT_TABLES)
    refresh_personality(ingested, ROBBIE)
    refresh_personality(ingested, load_recipes()["allan-maverick"])
    assert [line for line in log.of_level("info") if "withheld" in line] == [
        "3 turns are withheld from allan-maverick: 2 health words, 1 intimate words"
    ]


def test_a_table_that_gives_no_example_is_a_warning_of_the_log_and_for_the_status(
    ingested: RunContext, log: RecordingLog
) -> None:
    note = {"user_id": "somebody", "title": "Tea", "content": "Tea helps.", "created_at": START}
    upsert_raw_rows(ingested.settings.lake, "sticky_notes", [note | {"id": "1"}])
    refresh_clean(ingested, TEXT_TABLES)
    dataset = refresh_personality(ingested, load_recipes()["allan-maverick"])
    warning = (
        "sticky_notes: 1 rows, none of them yours: no user_id is one of MAVERICK_OWNER_USER_ID"
    )
    assert warning in log.of_level("warning")
    assert list(dataset.card.warnings) == [warning]
    assert read_warnings(dataset.page.parent) == [warning]


def test_what_is_cut_is_said_on_every_night(ingested: RunContext, log: RecordingLog) -> None:
    book = {"id": "book", "user_id": "allan", "content": "word " * 100_001, "created_at": START}
    upsert_raw_rows(ingested.settings.lake, "sticky_notes", [book])
    for _ in range(2):
        refresh_clean(ingested, TEXT_TABLES)
    assert log.of_level("warning") == 2 * [
        "1 rows have more than 500,000 characters of text; they stay in raw/, and their turns hold "
        "the first ones: sticky_notes:book"
    ]


def test_a_second_refresh_derives_nothing(ingested: RunContext) -> None:
    refresh_clean(ingested, TEXT_TABLES)
    first = refresh_personality(ingested, ROBBIE)
    assert refresh_clean(ingested, TEXT_TABLES).turns.derived == 0
    again = refresh_personality(ingested, ROBBIE)
    assert again.candidates.derived == 0
    assert again.commit == replace(first.commit, inserted=0, updated=0, deleted=0)


def test_a_dataset_needs_the_base_model(
    ingested: RunContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base_model, "find_base", lambda _settings: None)
    with pytest.raises(MaverickError, match="materialize base_model first"):
        refresh_personality(ingested, ROBBIE)


class Papers:
    """A source with a note, and a file that cannot be read."""

    name = "papers"
    tables = (SourceTable("papers_documents", "note"),)

    def fetch(self, _table: str, _state: object) -> FetchResult:
        note = self.tables[0].row(id="n", user_id="allan", content="Tea.", created_at=START)
        return FetchResult([note, SkippedInput("b.pdf", "it is encrypted")], True, {})


def test_what_a_source_could_not_read_is_named(run: RunContext, log: RecordingLog) -> None:
    landing = land_table(run, Papers(), Papers.tables[0])
    assert landing.commit.rows == 1
    page = run.settings.home / "reports" / "skipped" / "papers_documents"
    assert log.of_level("warning") == [f"1 skipped; {page} names each, and says why"]
    assert page.read_text() == "b.pdf: it is encrypted\n"
    assert log.of_level("info") == ["1 rows read: 1 new, 0 changed, 0 deleted, 1 skipped"]
