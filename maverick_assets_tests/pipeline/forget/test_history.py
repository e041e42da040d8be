"""What was forgotten leaves the disk, and nothing else does."""

import json
import shutil
from pathlib import Path

import psycopg
import pytest
from deltalake import DeltaTable
from transformers import AutoTokenizer

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.crm.forgotten import Identity
from maverick_assets.crm.importers import insert_rows
from maverick_assets.datasets.examples.example import read_examples
from maverick_assets.datasets.examples.preferences import refresh_preferences
from maverick_assets.datasets.examples.refresh import refresh_candidates, refresh_dataset
from maverick_assets.datasets.examples.token_cache import TokenCache
from maverick_assets.datasets.quality.card import make_card, write_card
from maverick_assets.datasets.secrets.quarantine import refresh_quarantine
from maverick_assets.errors import MaverickError
from maverick_assets.evaluation.kept_results import losses_file
from maverick_assets.lake.delta import purge, read_table
from maverick_assets.lake.paths import dataset_path, token_cache_path
from maverick_assets.pipeline.forget import history
from maverick_assets.pipeline.forget.history import purge_history
from maverick_assets.pipeline.forget.reports import purge_reports
from maverick_assets.pipeline.forget.tombstone import tombstone_contacts
from maverick_assets.pipeline.forget.trace import revoke, trace
from maverick_assets.recipes import load_recipes
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.registry.training_inputs import dataset_digest
from maverick_assets_tests.pipeline.forget.evaluation_reports import write_report
from maverick_assets_tests.pipeline.forget.mails import (
    DANA,
    LEE,
    ME,
    TEXTS,
    ingest,
    mail,
    on_disk,
    turns,
)
from maverick_assets_tests.pipeline.forget.versions import DATA, fingerprinted, write_datasets
from maverick_assets_tests.registry.conftest import MakeManifest

GONE = ("What do you say about the tea?", "I say no to the tea, as ever.", "Hello?")


def datasets(lake: Path, base: PreparedBase) -> None:
    """Candidates and everything that is made from them, of the personality that reads mails."""
    recipe = load_recipes()["allan-maverick"]
    refresh_candidates(lake, recipe, lambda: ChatTokenizer(base.directory), ["1"])
    refresh_dataset(lake, recipe)
    refresh_quarantine(lake, recipe.name)
    refresh_preferences(lake, recipe)


def cache_tokens(lake: Path, base: PreparedBase) -> None:
    """Fill the token cache as a training does."""
    path = dataset_path(lake, "allan-maverick")
    version = DeltaTable(path).version()
    cache = TokenCache(ChatTokenizer(base.directory), path, version, token_cache_path(lake))
    cache.encode(read_examples(path, version), 512)


def as_ids(base: PreparedBase, text: str) -> str:
    """A text as JSON lists its token ids."""
    ids = AutoTokenizer.from_pretrained(base.directory)(text, add_special_tokens=False)["input_ids"]
    return json.dumps(list(ids))[1:-1]


SHOWN = [
    "models/allan-maverick/v1.0/report/report.md",
    "models/allan-maverick/v1.0/report/samples.json",
    "reports/datasets/allan-maverick/.1.html.killed",
    "reports/datasets/allan-maverick/1.html",
    "runs/r/allan-maverick/.report.killed/report.md",
    "runs/r/allan-maverick/.report.killed/samples.json",
    "runs/r/allan-maverick/report/report.md",
    "runs/r/allan-maverick/report/samples.json",
]


def train_and_evaluate(
    home: Path, registry: Registry, make_manifest: MakeManifest, adapter_dir: Path
) -> Manifest:
    """A version, and everything that a run leaves that shows examples; nothing is measured."""
    recipe = load_recipes()["allan-maverick"]
    path = dataset_path(home / "lake", recipe.name)
    version = DeltaTable(path).version()
    examples = read_examples(path, version)
    described = make_manifest("v1.0", recipe.name)
    described = fingerprinted(described, version, dataset_digest(examples))
    registry.add_candidate(described, adapter_dir)
    run = home / "runs" / "r" / recipe.name
    write_report(run / "report", [(e.example_id, e.messages[-1]["content"]) for e in examples])
    registry.attach(recipe.name, "v1.0", run / "report", "report")
    shutil.copytree(run / "report", run / ".report.killed")
    page = home / "reports" / "datasets" / recipe.name / f"{version}.html"
    write_card(make_card(home / "lake", recipe, version, [], examples), page)
    shutil.copy(page, page.with_name(f".{page.name}.killed"))
    return registry.get(recipe.name, "v1.0")


def test_what_was_forgotten_is_nowhere_on_disk_and_later_refreshes_are_right(
    crm_rows: psycopg.Connection,
    crm_url: str,
    tmp_path: Path,
    registry: Registry,
    make_manifest: MakeManifest,
    adapter_dir: Path,
    base: PreparedBase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def until_turns(path: Path, *_: object) -> None:
        if path.name == "turns":
            raise KeyboardInterrupt
        purge(path)

    lake = tmp_path / "lake"
    ingest(crm_url, lake)
    datasets(lake, base)
    crm_rows.execute("update crm_emails set subject = 'again'")  # a second version of each row
    crm_rows.commit()
    ingest(crm_url, lake)
    datasets(lake, base)
    cache_tokens(lake, base)
    learned = train_and_evaluate(tmp_path, registry, make_manifest, adapter_dir)
    gone = (*GONE, as_ids(base, "I say no to the tea, as ever."))
    shown = [path for path in on_disk(tmp_path, GONE[1]) if not path.startswith("lake")]
    assert shown == SHOWN
    rows = tombstone_contacts(lake, TEXTS, [Identity(DANA)])
    traced = trace(lake, registry, rows)
    assert traced.versions == {learned.personality: [learned]}
    revoke(registry, traced, "forgotten")
    purge_reports(traced, registry, tmp_path / "reports", tmp_path / "runs")
    ingest(crm_url, lake)
    datasets(lake, base)
    assert all(on_disk(lake, text) for text in gone)
    with monkeypatch.context() as killed:
        killed.setattr(history, "purge", until_turns)
        with pytest.raises(KeyboardInterrupt):
            purge_history(lake, registry, rows)
    purge_history(lake, registry, tombstone_contacts(lake, TEXTS, [Identity(DANA)]))
    assert [on_disk(tmp_path, text) for text in gone] == [[], [], [], []]
    registry.verify(learned.personality, learned.version)
    assert on_disk(lake, "Both of you: no tea.")
    logs = sorted(lake.rglob("_delta_log/*"))
    purge_history(lake, registry, rows)  # nothing to do
    assert sorted(lake.rglob("_delta_log/*")) == logs

    insert_rows(crm_rows, "crm_emails", [mail("x", LEE, ME, "And you?"), mail("y", ME, LEE, "No!")])
    crm_rows.commit()
    assert ingest(crm_url, lake)["crm_emails"] == 2
    before = turns(lake)
    shutil.rmtree(lake / "clean")
    ingest(crm_url, lake)
    assert turns(lake) == before
    assert {"crm_emails:x", "crm_emails:y"} <= before.keys()


def test_versions_that_are_in_use_and_hold_nothing_forgotten_can_still_be_read(
    trained: Registry, tmp_path: Path
) -> None:
    write_datasets(tmp_path, *DATA, ["a"])
    rows = {"crm_emails": ["b"]}
    revoke(trained, trace(tmp_path, trained, rows), "forgotten")
    for _ in range(2):
        purge_history(tmp_path, trained, rows)
        held = read_table(dataset_path(tmp_path, "robbie"), 0, columns=["example_id"])
        assert held is not None
        assert held["example_id"].to_pylist() == ["ea"]
        with pytest.raises(MaverickError, match="cannot be read"):
            read_table(dataset_path(tmp_path, "robbie"), 1)
        assert trace(tmp_path, trained, rows).untraceable == {}


def test_losses_of_examples_are_forgotten_along(tmp_path: Path) -> None:
    file = losses_file(tmp_path / "lake", "robbie", "validation")
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    purge_history(tmp_path / "lake", Registry(tmp_path / "models"), {})
    assert not file.parent.exists()
