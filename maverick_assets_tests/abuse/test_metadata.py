"""Rows, prompts and answers, searched for in the whole of Dagster's database."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import psycopg
import pyarrow as pa
import pytest
from dagster import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    DagsterInstance,
    ExecuteInProcessResult,
    MaterializeResult,
    MetadataValue,
    TableRecord,
    asset,
    materialize,
)
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from PIL import Image

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.cli.jobs import _step_failures
from maverick_assets.crm.embedded import database_url
from maverick_assets.crm.foreign_input import SkippedInput
from maverick_assets.crm.importers import insert_rows
from maverick_assets.crm.sample import sample_crm
from maverick_assets.crm.schema import TABLES, TEXT_TABLES
from maverick_assets.crm.sources.source import FetchResult, SourceTable
from maverick_assets.defs.assets import (
    base_model,
    clean,
    datasets,
    evaluation,
    raw,
    release,
    reports,
    training,
)
from maverick_assets.defs.assets.clean import clean_asset
from maverick_assets.defs.assets.datasets import dataset_asset
from maverick_assets.defs.assets.evaluation import evaluation_asset
from maverick_assets.defs.assets.raw import raw_asset, source_asset
from maverick_assets.defs.assets.release import release_asset
from maverick_assets.defs.assets.reports import report_assets
from maverick_assets.defs.assets.training import adapter_assets
from maverick_assets.defs.runs.history import purge_texts, purge_texts_once
from maverick_assets.defs.runs.progress import root_cause
from maverick_assets.errors import errors_as
from maverick_assets.fleets import load_fleet
from maverick_assets.pipeline.release import ReleasedVersion
from maverick_assets.recipes import load_recipes
from maverick_assets.registry.store import Registry
from maverick_assets_tests.command import PROJECT
from maverick_assets_tests.registry.conftest import AddVersion

CANARY = "quincunx"  # a word that no other text has
TEXT_COLUMNS = [
    "subject",
    "body",
    "content",
    "notes",
    "deal_name",
    "title",
    "prompt",
    "response",
    "correction",
    "metadata",
]
RECIPES = load_recipes()
ROBBIE = RECIPES["robbie"]


@pytest.fixture(scope="module")
def dagster_database(pgdata: Path) -> str:
    return database_url(pgdata, "metadata_dagster")


@pytest.fixture(scope="module")
def instance(
    dagster_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DagsterInstance]:
    """The instance that `dagster.yaml` describes, its storage empty at first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAVERICK_DAGSTER_URL", dagster_database)
        patch.setenv("MAVERICK_ARTIFACTS", str(tmp_path_factory.mktemp("logs")))
        patch.setenv("DAGSTER_HOME", str(PROJECT / "dagster_home"))
        with DagsterInstance.get() as instance:
            yield instance


@pytest.fixture(autouse=True)
def home(tmp_path: Path, crm_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run home of its own for each test."""
    monkeypatch.setenv("MAVERICK_HOME", str(tmp_path))
    monkeypatch.setenv("MAVERICK_CRM_URL", crm_url)
    return tmp_path


def entries_with(database: str, word: str = CANARY) -> list[str]:
    """Every row of every table that has a word in it, as text."""
    with psycopg.connect(database) as connection:
        query = "select tablename from pg_tables where schemaname = 'public'"
        names = [name for (name,) in connection.execute(query).fetchall()]
        return [
            f"{name}: {text}"
            for name in names
            for (text,) in connection.execute(f'select t::text from "{name}" t'.encode()).fetchall()
            if word in text
        ]


def with_canaries(row: dict[str, object]) -> dict[str, object]:
    words = {name: f"{row[name]} {CANARY}" for name in TEXT_COLUMNS if row.get(name)}
    return row | words | ({"metadata": {"note": CANARY}} if "metadata" in row else {})


class Papers:
    """A source that skips a file whose name and reason quote it."""

    name = "papers"
    tables = (SourceTable("papers_documents", "note"),)

    def fetch(self, _table: str, _state: object) -> FetchResult:
        return FetchResult([SkippedInput(f"{CANARY}.pdf", f"no date: {CANARY}")], True, {})


def run_assets(instance: DagsterInstance, *assets: AssetsDefinition) -> ExecuteInProcessResult:
    return materialize(assets, instance=instance, raise_on_error=False)


def test_an_ingest_shows_no_row_and_no_example(
    instance: DagsterInstance,
    dagster_database: str,
    crm: psycopg.Connection,
    base: PreparedBase,
    tmp_path: Path,
) -> None:
    (tmp_path / "base").symlink_to(base.directory.parent)
    for name, rows in sample_crm().items():
        insert_rows(crm, name, map(with_canaries, rows[:12]))
    crm.commit()
    done = run_assets(
        instance,
        *(raw_asset(table) for table in TABLES.values()),
        source_asset(Papers(), Papers.tables[0]),
        clean_asset(TEXT_TABLES),
        *(dataset_asset(RECIPES[name]) for name in ("allan-maverick", "robbie")),
    )
    assert done.success
    assert entries_with(dagster_database) == []
    assert CANARY in (tmp_path / "reports" / "skipped" / "papers_documents").read_text()


def test_evaluation_and_release_show_no_answer(
    instance: DagsterInstance,
    dagster_database: str,
    add_version: AddVersion,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    version = add_version("v1.0")
    registry = Registry(tmp_path / "models")
    (tmp_path / "adapter.gguf").write_bytes(b"GGUF")
    registry.attach("robbie", "v1.0", tmp_path / "adapter.gguf", "adapter.gguf")
    report = tmp_path / "models" / "robbie" / "v1.0" / "report"
    report.mkdir()
    Image.new("RGB", (8, 8)).save(report / "loss.png")
    sample = {"example_id": "e", "prompt": CANARY, "real": CANARY, "generated": CANARY}
    (report / "samples.json").write_text(json.dumps([sample]))
    monkeypatch.setattr(evaluation, "evaluate_next", lambda *_: version)
    monkeypatch.setattr(release, "release_next", lambda *_: ReleasedVersion(version, CANARY))
    assert run_assets(instance, evaluation_asset(ROBBIE), release_asset(ROBBIE)).success
    assert entries_with(dagster_database, "perplexity_ratio")
    assert entries_with(dagster_database) == []


def adapters() -> AssetsDefinition:
    return adapter_assets(load_fleet("laptop").nodes[0], [ROBBIE])


# Each asset with the function that does its work.
WORK: list[tuple[ModuleType, str, Callable[[], AssetsDefinition]]] = [
    (raw, "extract_table", lambda: raw_asset(TABLES["crm_emails"])),
    (clean, "refresh_clean", lambda: clean_asset(TEXT_TABLES)),
    (datasets, "refresh_personality", lambda: dataset_asset(ROBBIE)),
    (base_model, "prepare_base", lambda: base_model.base_model),
    (training, "train_on_node", adapters),
    (evaluation, "evaluate_next", lambda: evaluation_asset(ROBBIE)),
    (release, "release_next", lambda: release_asset(ROBBIE)),
    (reports, "monthly_report", lambda: report_assets([ROBBIE], "gpu_laptop")[0]),
    (reports, "quarterly_report", lambda: report_assets([ROBBIE], "gpu_laptop")[1]),
]


def quote_a_row(*_arguments: object) -> None:
    """Fail as libraries do: they quote the value."""
    try:
        int(CANARY)
    except ValueError as error:
        raise pa.ArrowInvalid(f"Could not convert '{CANARY}'") from error


def test_errors_of_libraries_quote_no_row_wherever_they_arise(
    instance: DagsterInstance,
    dagster_database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module, name, make in WORK:
        monkeypatch.setattr(module, name, quote_a_row)
        done = run_assets(instance, make())
        [failure] = [event for event in done.all_events if event.is_step_failure]
        assert root_cause(failure)[1].startswith("ArrowInvalid in test_metadata.py:"), name
        [words] = (tmp_path / "runs" / done.run_id).glob("error-*.txt")
        assert CANARY in words.read_text()
    assert entries_with(dagster_database) == []


def test_a_source_that_cannot_be_read_stops_nothing_and_says_so_without_quoting_a_row(
    instance: DagsterInstance,
    dagster_database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(raw, "land_table", quote_a_row)

    @asset(deps=[["raw", "papers_documents"]])
    def what_comes_behind_it() -> None: ...

    done = run_assets(instance, source_asset(Papers(), Papers.tables[0]), what_comes_behind_it)
    assert done.success
    [check] = [c for c in done.get_asset_check_evaluations() if c.check_name == "readable"]
    assert not check.passed
    assert str(check.metadata["problem"].value).startswith("ArrowInvalid in test_metadata.py:")
    [failure] = _step_failures(done)
    assert failure.step == "raw__papers_documents"
    assert failure.message.endswith("everything else went on")
    assert entries_with(dagster_database) == []


def test_our_own_errors_lose_the_words_of_their_causes(
    instance: DagsterInstance, dagster_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        with errors_as("the table is not written", ValueError):
            raise ValueError(f"first line\nDETAIL: Failing row contains ({CANARY})")

    monkeypatch.setattr(clean, "refresh_clean", fail)
    assert not run_assets(instance, clean_asset(TEXT_TABLES)).success
    assert entries_with(dagster_database, "the table is not written: first line")
    assert entries_with(dagster_database) == []


def earlier_asset() -> AssetsDefinition:
    """An asset as earlier releases had them."""

    @asset(check_specs=[AssetCheckSpec("readable", asset="earlier")])
    def earlier(context: AssetExecutionContext) -> MaterializeResult:
        context.log.info(f"robbie v1.0 is in service; it says: {CANARY}")
        context.log.warning(f"skipped {CANARY}.pdf: it is encrypted")
        context.log.info(f"pyarrow.lib.ArrowInvalid: Could not convert '{CANARY}'")
        return MaterializeResult(
            metadata={
                "dagster/row_count": 4711,
                "sample": MetadataValue.table([TableRecord({"body": CANARY})]),
                "samples": MetadataValue.json([{"prompt": CANARY}]),
                "skipped": MetadataValue.json([{"name": CANARY}]),
                "answer through llama.cpp": CANARY,
            },
            check_results=[AssetCheckResult(passed=True, metadata={"sample": CANARY})],
        )

    return earlier


def printed_file(instance: DagsterInstance, run_id: str) -> Path:
    """A new file with what a process of the run printed, where Dagster has it."""
    manager = instance.compute_log_manager
    assert isinstance(manager, LocalComputeLogManager)
    key = manager.build_log_key_for_run(run_id, "earlier")
    path = Path(manager.get_captured_local_path(key, "err"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(CANARY)
    return path


@asset
def earlier_failure() -> None:
    quote_a_row()


def test_texts_in_the_history_of_an_earlier_release_are_removed_once(
    instance: DagsterInstance, dagster_database: str
) -> None:
    made = run_assets(instance, earlier_asset())
    run_assets(instance, earlier_failure)
    printed = printed_file(instance, made.run_id)
    tables = {entry.partition(":")[0] for entry in entries_with(dagster_database)}
    assert tables == {"event_logs", "asset_keys", "asset_check_executions"}
    assert purge_texts_once(instance, [])
    assert entries_with(dagster_database) == []
    assert not printed.exists()
    # What is left is what Dagster can read, and what the page shows.
    event = instance.get_latest_materialization_event(AssetKey("earlier"))
    assert event and event.asset_materialization
    assert event.asset_materialization.metadata["dagster/row_count"].value == 4711
    assert instance.get_run_by_id(made.run_id)
    assert purge_texts_once(instance, []) is None
    assert purge_texts(instance) == 0


def files_with_canaries(dagster_database: str, pgdata: Path) -> list[Path]:
    """Files of Dagster's database that hold the word."""
    with psycopg.connect(database_url(pgdata, "postgres"), autocommit=True) as admin:
        admin.execute("checkpoint")
    with psycopg.connect(dagster_database) as connection:
        query = "select oid::text from pg_database where datname = current_database()"
        row = connection.execute(query).fetchone()
    assert row
    files = [path for path in (pgdata / "base" / row[0]).iterdir() if path.is_file()]
    assert files
    return [path for path in files if CANARY.encode() in path.read_bytes()]


def test_the_files_of_the_tables_hold_no_removed_text(
    instance: DagsterInstance, dagster_database: str, pgdata: Path
) -> None:
    run_assets(instance, earlier_asset())
    purge_texts(instance)
    assert not files_with_canaries(dagster_database, pgdata)


def test_a_removal_that_was_cut_short_is_completed_by_the_next_start(
    instance: DagsterInstance, dagster_database: str, pgdata: Path, tmp_path: Path
) -> None:
    with psycopg.connect(dagster_database) as connection:
        connection.execute("delete from kvs where key like 'maverick/%'")
    card = tmp_path / "card.html"
    card.write_text(CANARY)
    printed = printed_file(instance, run_assets(instance, earlier_asset()).run_id)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(instance.compute_log_manager, "delete_logs", interrupt)
        with pytest.raises(KeyboardInterrupt):
            purge_texts_once(instance, [card])
    assert entries_with(dagster_database) == []  # so nothing is left to change
    assert files_with_canaries(dagster_database, pgdata)
    assert purge_texts_once(instance, [card]) == 0
    assert not printed.exists()
    assert not card.exists()
    assert not files_with_canaries(dagster_database, pgdata)
    assert purge_texts_once(instance, [card]) is None


def interrupt(**_arguments: object) -> None:
    raise KeyboardInterrupt
