"""The whole graph on a small CRM with the real base model, and the UI on what it made."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pyarrow.parquet as pq
import pytest

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.crm.connection import dagster_url
from maverick_assets.crm.sample import sample_crm
from maverick_assets.lake.delta import read_table
from maverick_assets.lake.paths import turns_path
from maverick_assets.pipeline.forget.databases import text_columns, texts_of_table
from maverick_assets.registry.store import Registry
from maverick_assets.registry.versions import Version
from maverick_assets.settings import Settings
from maverick_assets_tests.audits import write_audit
from maverick_assets_tests.command import Maverick, import_rows
from maverick_assets_tests.end_to_end.dagster_ui import DagsterUI, ask, start_ui
from maverick_assets_tests.processes import wait_for

PERSONALITIES = ("allan-maverick", "robbie")
CORRESPONDENT = "margaret@penhaleledger.example"  # one thread of four mails
# Of somebody whom no sample names. Her mailbox has a mail, her name and numbers stand in notes.
PLANTED_MAIL = {
    "id": "planted-mail",
    "thread_id": "planted",
    "sender_email": "xenobia.quarrington@tollmerebakery.example",
    "subject": "The keys",
    "body": "Ring me on 07700 900123 when you are there.\n\nXenobia Quarrington",
}
PLANTED = ("quarrington", "tollmere", "900123", "99887766", "Hx7Quartz")
PLANTED_NOTES = (
    "Xenobia Quarrington has the keys; her numbers are 07700 900123 and +47 99 88 77 66.",
    "Ask https://x.example/?to=xenobia.quarrington%40tollmerebakery.example before you go in.",
    "The alarm's password is Hx7Quartz99! and nobody else knows it.",
)
FLAGS = [flag for name in PERSONALITIES for flag in ("--personality", name)]


def small_crm() -> dict[str, list[dict[str, Any]]]:
    """A few rows of every table of the sample, whole threads and conversations."""
    rows: dict[str, list[dict[str, Any]]] = sample_crm()
    robbie = [row for row in rows["personality_samples"] if row["personality"] == "robbie"]
    conversations = [row["id"] for row in rows["conversations"][:3]]
    threads = sorted({row["thread_id"] for row in rows["crm_emails"]})[:6]
    mails = [row for row in rows["crm_emails"] if row["thread_id"] in threads]
    return {
        **{name: content[:12] for name, content in rows.items()},
        "crm_emails": [*mails, mails[0] | PLANTED_MAIL],
        "sticky_notes": [*rows["sticky_notes"][:10], *planted_notes(rows["sticky_notes"][0])],
        "messages": [row for row in rows["messages"] if row["conversation_id"] in conversations],
        "personality_samples": robbie[:30],
    }


def planted_notes(template: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        template | {"id": f"planted-{at}", "title": "Bakery", "content": content}
        for at, content in enumerate(PLANTED_NOTES)
    ]


@pytest.fixture(scope="module")
def maverick(base: PreparedBase, tmp_path_factory: pytest.TempPathFactory) -> Maverick:
    """A run home in which the weekly job ran once."""
    home = tmp_path_factory.mktemp("home")
    (home / "base").symlink_to(base.directory.parent)
    command = Maverick(home)
    import_rows(command, small_crm(), tmp_path_factory.mktemp("rows"))
    command.ok("run", "weekly", *FLAGS)
    return command


def test_rows_become_released_versions_that_answer(maverick: Maverick) -> None:
    registry = Registry(maverick.home / "models")
    for name in PERSONALITIES:
        manifest = registry.get(name, "final")
        registry.verify(name, "final")
        assert str(manifest.version) == "v1.0"
        assert (maverick.home / "models" / name / "final").readlink() == Path("v1.0")
        assert {"adapter.gguf", "Modelfile", "report/loss.png", "report/samples.json"} <= set(
            manifest.files
        )
        assert manifest.metrics is not None
        assert manifest.metrics.adapter.perplexity < manifest.metrics.base.perplexity
        samples = json.loads(
            (registry.directory(name, "final") / "report" / "samples.json").read_text()
        )
        assert 1 <= len(samples) <= 5
    answer = json.loads(maverick.ok("chat", "allan-maverick", "Can we get 30% off?", "--json"))
    assert answer["version"] == "v1.0"
    assert answer["answer"]


def test_no_other_account_may_do_anything_in_a_finished_run_home(maverick: Maverick) -> None:
    """Its parts were made by commands, Dagster, a training, llama.cpp's converter and a server."""
    paths = [maverick.home, *maverick.home.rglob("*")]  # links are not followed
    assert {"adapter.gguf", "manifest.json", "postgres.passwords"} <= {path.name for path in paths}
    kept = [path for path in paths if not path.is_symlink()]
    assert not [path for path in kept if path.lstat().st_mode & 0o077]
    assert {path.lstat().st_uid for path in kept} == {os.geteuid()}


def test_no_name_number_address_or_secret_leaves_the_lake(maverick: Maverick) -> None:
    """Reports, cards, models, logs and Dagster's events are searched as they lie on the disk."""
    home = maverick.home
    turns = read_table(turns_path(home / "lake"), columns=["turn_id"])
    assert turns and {"sticky_notes:planted-2"} <= set(turns["turn_id"].to_pylist())
    texts = [(str(path.relative_to(home)), _squeezed(text)) for path, text in _written(home)]
    assert {"reports", "models", "lake", "runs", "logs"} <= {
        name.split("/")[0] for name, _ in texts
    }
    wanted = [_squeezed(value) for value in PLANTED]
    assert not [(name, value) for name, text in texts for value in wanted if value in text]
    # A child reads them: the process that does so holds the database server until it ends.
    call = f"import sys; from {__name__} import print_events; print_events(sys.argv[1])"
    printed = subprocess.run(
        [sys.executable, "-c", call, str(home)], capture_output=True, text=True, check=True
    )
    events = [_squeezed(text) for text in json.loads(printed.stdout)]
    assert len(events) > 100
    assert not [value for value in wanted if any(value in event for event in events)]


def print_events(home: str) -> None:
    """Print every text of Dagster's database as a JSON list."""
    with psycopg.connect(dagster_url(Settings(home=Path(home)))) as connection:
        texts = [
            text
            for table, columns in text_columns(connection).items()
            for column, _ in columns
            for _, text in texts_of_table(connection, table, column)
        ]
    print(json.dumps(texts))


def _written(home: Path) -> Iterator[tuple[Path, str]]:
    """Files outside of the CRM, its copies in the lake and the keys, as text."""
    inside = [home / name for name in ("postgres", "keys", "base")]
    inside += [path for path in (home / "lake").iterdir() if path.name != "datasets"]
    for path in home.rglob("*"):
        if path.is_symlink() or not path.is_file() or any(path.is_relative_to(i) for i in inside):
            continue
        if path.suffix == ".parquet":
            yield path, json.dumps(pq.read_table(path).to_pylist(), default=str)
        elif path.suffix not in (".gguf", ".safetensors"):
            yield path, path.read_bytes().decode("latin-1")


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()


def test_a_second_run_changes_nothing(maverick: Maverick) -> None:
    def content() -> dict[str, int]:
        roots = (maverick.home / "lake", maverick.home / "models")
        files = (path for root in roots for path in root.rglob("*") if path.is_file())
        return {str(path): path.stat().st_mtime_ns for path in files if path.name != ".lock"}

    before = content()
    done = maverick("run", "weekly", *FLAGS)
    assert done.returncode == 0
    assert "allan-maverick: skip (full): v1.0 was trained on this dataset" in done.stderr
    assert content() == before


def test_a_night_with_new_rows_trains_on_top_of_the_version_in_service(
    maverick: Maverick, tmp_path: Path
) -> None:
    samples = [row for row in sample_crm()["personality_samples"] if row["personality"] == "robbie"]
    import_rows(maverick, {"personality_samples": samples[30:40]}, tmp_path)
    done = maverick("run", "nightly", *FLAGS, "--json")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "allan-maverick: skip" in done.stderr
    manifest = Registry(maverick.home / "models").get("robbie", "v1.0.1")
    assert (manifest.kind, str(manifest.parent)) == ("incremental", "v1.0")
    assert manifest.training is not None
    assert manifest.training.n_examples < 40
    versions = {row["personality"]: row["version"] for row in json.loads(done.stdout)}
    assert versions == {"allan-maverick": "v1.0", "robbie": "v1.0.1"}
    rolled_back = json.loads(maverick.ok("models", "rollback", "robbie", "--json"))
    assert rolled_back[0]["version"] == "v1.0"


def test_the_month_makes_major_versions_and_the_quarter_a_review(maverick: Maverick) -> None:
    registry = Registry(maverick.home / "models")
    for name in PERSONALITIES:  # as the audits of the 25th, which would take minutes
        write_audit(Settings(home=maverick.home), registry.get(name, "final"))
    rows = json.loads(maverick.ok("run", "monthly", "--json"))
    assert {row["personality"]: row["version"] for row in rows} == dict.fromkeys(
        PERSONALITIES, "v2.0"
    )
    maverick.ok("run", "quarterly")
    reports = {path.name.split("-")[0] for path in (maverick.home / "reports").glob("*.md")}
    assert reports == {"monthly", "quarterly"}


def test_an_operator_releases_a_version_that_was_never_exported(maverick: Maverick) -> None:
    registry = Registry(maverick.home / "models")
    trained = registry.get("robbie", "v1.0")
    unevaluated = {"version": Version(9, 0), "metrics": None, "gate": None}
    adapter = registry.directory("robbie", "v1.0") / "adapter"
    registry.add_candidate(trained.model_copy(update=unevaluated), adapter)
    reason = ("--reason", "its answers were read")
    [row] = json.loads(maverick.ok("models", "release", "robbie", "v9.0", *reason, "--json"))
    assert (row["version"], row["state"]) == ("v9.0", "released")
    manifest = registry.get("robbie", "final")
    assert str(manifest.version) == "v9.0"
    assert {"adapter.gguf", "Modelfile"} <= set(manifest.files)
    assert manifest.gate is not None
    assert manifest.gate.override == "its answers were read"


def test_status_shows_rows_versions_and_runs(maverick: Maverick) -> None:
    status = json.loads(maverick.ok("status", "--json"))
    assert status["rows"]["crm_deals"] == 12
    assert {row["personality"] for row in status["versions"]} == set(PERSONALITIES)
    assert "weekly" in {run["job"] for run in status["runs"]}


def test_a_forgotten_contact_leaves_the_lake_and_its_versions_leave_service(
    maverick: Maverick,
) -> None:
    mails = [row for row in small_crm()["crm_emails"] if CORRESPONDENT in row.values()]
    forgotten = json.loads(maverick.ok("forget", "--contact", CORRESPONDENT, "--json"))
    assert sorted(forgotten["rows"]["crm_emails"]) == sorted(row["id"] for row in mails)
    assert forgotten["revoked"] == {"allan-maverick": ["v1.0", "v2.0"]}
    assert forgotten["in_service"] == {"allan-maverick": None}
    turns = read_table(turns_path(maverick.home / "lake"))
    assert turns is not None
    words = json.dumps(turns.to_pylist(), default=str)
    assert not [row["id"] for row in mails if row["id"] in words]
    line = maverick("chat", "allan-maverick", "Hello").stderr
    assert "no version of allan-maverick is released yet" in line


@pytest.fixture(scope="module")
def ui(maverick: Maverick) -> Iterator[DagsterUI]:
    """`maverick ui` on that run home."""
    started = start_ui(maverick)
    try:
        yield started
    finally:
        started.process.send_signal(signal.SIGTERM)
        started.process.wait(60)
    assert not (maverick.home / "postgres" / "postmaster.pid").exists()


NODES = "{ assetNodes { assetKey { path } assetMaterializations(limit: 1) { runId } } }"
SWITCHES = """{ workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError {
  ... on RepositoryLocation { repositories {
    jobs { name } schedules { name scheduleState { status } }
  } } } } } } }"""
LAUNCH = """mutation($keys: [AssetKeyInput!]!) { launchPipelineExecution(executionParams: {
  selector: { repositoryName: "__repository__", repositoryLocationName: "maverick",
              pipelineName: "__ASSET_JOB", assetSelection: $keys }
}) { __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
RUN = "query($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"


def test_graphql_shows_every_asset_and_what_was_materialized(ui: DagsterUI) -> None:
    nodes = {"/".join(n["assetKey"]["path"]): n for n in ask(ui, NODES)["assetNodes"]}
    assert len([key for key in nodes if key.endswith("/release")]) == 6
    green = {key for key, node in nodes.items() if node["assetMaterializations"]}
    row = {f"robbie/{part}" for part in ("dataset", "adapter", "evaluation", "release")}
    assert row | {"clean/turns", "crm/crm_emails", "raw/crm_emails", "base_model"} <= green


def test_jobs_schedules_and_sensors_can_be_switched(ui: DagsterUI) -> None:
    def repository() -> Any:
        [entry] = ask(ui, SWITCHES)["workspaceOrError"]["locationEntries"]
        return entry["locationOrLoadError"]["repositories"][0]

    assert {"ingest", "nightly", "weekly", "monthly", "quarterly"} <= {
        job["name"] for job in repository()["jobs"]
    }
    assert {s["scheduleState"]["status"] for s in repository()["schedules"]} == {"STOPPED"}
    start = """mutation { startSchedule(scheduleSelector: { scheduleName: "nightly_schedule",
      repositoryName: "__repository__", repositoryLocationName: "maverick" }) { __typename } }"""
    assert ask(ui, start)["startSchedule"]["__typename"] == "ScheduleStateResult"
    states = {s["name"]: s["scheduleState"]["status"] for s in repository()["schedules"]}
    assert states["nightly_schedule"] == "RUNNING"


def test_a_materialization_asked_for_in_the_ui_runs(ui: DagsterUI) -> None:
    launched = ask(ui, LAUNCH, keys=[{"path": ["raw", "sticky_notes"]}])["launchPipelineExecution"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    run = launched["run"]["runId"]

    def ended() -> str | None:
        status = str(ask(ui, RUN, id=run)["runOrError"]["status"])
        return status if status in ("SUCCESS", "FAILURE", "CANCELED") else None

    assert wait_for(ended, 120) == "SUCCESS"


def test_the_browser_shows_the_personalities_of_the_lineage(ui: DagsterUI, tmp_path: Path) -> None:
    chromium = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
    if not chromium.is_file():
        pytest.skip(f"no browser at {chromium}: install Debian's chromium, or set CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1600, "height": 900})
        page.goto(ui.opening_address, wait_until="domcontentloaded")
        page.goto(f"{ui.url}/asset-groups", wait_until="domcontentloaded")
        page.get_by_text("allan_maverick").first.wait_for(timeout=60_000)
        page.get_by_text("robbie").first.wait_for(timeout=60_000)
        page.screenshot(path=tmp_path / "lineage.png")
        browser.close()
    assert (tmp_path / "lineage.png").stat().st_size > 10_000
