"""Forgetting: rows leave the lake for good, and what learned from them is revoked."""

import json
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from transformers import AutoTokenizer

from maverick_assets.base_model.prepare import PreparedBase
from maverick_assets.base_model.tokenizer import ChatTokenizer
from maverick_assets.crm.extraction import extract
from maverick_assets.crm.forgetting import forget_rows, read_forgotten
from maverick_assets.crm.importers import insert_rows
from maverick_assets.crm.raw_table import live_rows
from maverick_assets.crm.schema import TABLES
from maverick_assets.datasets.examples.example import read_examples
from maverick_assets.datasets.examples.preferences import refresh_preferences
from maverick_assets.datasets.examples.refresh import refresh_candidates, refresh_dataset
from maverick_assets.datasets.examples.token_cache import TokenCache
from maverick_assets.datasets.owner import Owner
from maverick_assets.datasets.quality.card import make_card, write_card
from maverick_assets.datasets.secrets.quarantine import refresh_quarantine
from maverick_assets.datasets.turns.refresh import refresh_mails, refresh_turns
from maverick_assets.datasets.turns.turn import read_turns
from maverick_assets.errors import BadInput, MaverickError
from maverick_assets.evaluation.gates import Decision
from maverick_assets.evaluation.report import render_report
from maverick_assets.evaluation.samples import Sample
from maverick_assets.lake.delta import purge, read_table, sync_table
from maverick_assets.lake.paths import (
    dataset_path,
    forgotten_path,
    raw_path,
    token_cache_path,
    turns_path,
)
from maverick_assets.pipeline import forget
from maverick_assets.pipeline.forget import (
    bury_contact,
    bury_row,
    erase,
    remove_shown,
    revoke,
    trace,
)
from maverick_assets.recipes import load_recipes
from maverick_assets.records import Metrics, Score
from maverick_assets.registry.manifest import Manifest
from maverick_assets.registry.store import Registry
from maverick_assets.registry.training_inputs import TrainingInputs, dataset_digest, rows_digest
from maverick_assets.registry.versions import Version

OWNER = Owner(("allan@testpilot.example",), ("allan",))
ME, DANA, LEE = OWNER.emails[0], "dana.cole@acme.example", "lee.ito@x.example"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TEXTS = [
    TABLES[n] for n in ("crm_emails", "crm_deals", "sticky_notes", "conversations", "messages")
]
Describe = Callable[..., Manifest]


def mail(key: str, sender: str, recipients: str, body: str) -> dict[str, Any]:
    named = {"id": key, "sender_email": sender, "recipients": recipients, "subject": key}
    return named | {"body": body, "sent_at": START + timedelta(minutes=len(body))}


MAILS = [
    mail("from", DANA, ME, "What do you say about the tea?"),
    mail("to", ME, DANA, "I say no to the tea, as ever."),
    mail("among", ME, f"{DANA}, {LEE}", "Both of you: no tea. Dana Cole was wrong."),
    mail("other", LEE, ME, "Dana Cole tells me that you like tea?"),
]
NOTES = [{"id": "n", "user_id": "allan", "title": "Tea", "content": "Dana Cole again, no tea."}]


@pytest.fixture
def crm_rows(crm: psycopg.Connection) -> psycopg.Connection:
    insert_rows(crm, "crm_emails", MAILS)
    insert_rows(crm, "sticky_notes", NOTES)
    insert_rows(crm, "conversations", [{"id": "t", "user_id": DANA, "metadata": None}])
    said = {"conversation_id": "t", "role": "user", "content": "Hello?"}
    insert_rows(crm, "messages", [said | {"id": "c1"}])
    crm.commit()
    return crm


def ingest(url: str, lake: Path) -> dict[str, int]:
    """Extract and refresh; rows that each extraction read."""
    names = [*(table.name for table in TEXTS), "personality_samples"]
    read = {name: extract(url, TABLES[name], lake).read for name in names}
    refresh_mails(lake, "1")
    refresh_turns(lake, OWNER, "1")
    return read


def live(lake: Path, name: str) -> set[str]:
    return {row["id"] for row in live_rows(raw_path(lake, name))}


def turns(lake: Path) -> dict[str, str]:
    return {turn.turn_id: turn.text for turn in read_turns(turns_path(lake))}


def test_a_contacts_rows_leave_raw_tables_and_turns_and_do_not_come_back(
    crm_rows: psycopg.Connection, crm_url: str, tmp_path: Path
) -> None:
    ingest(crm_url, tmp_path)
    before = turns(tmp_path)
    rows = bury_contact(tmp_path, TEXTS, " Dana.Cole@ACME.example")
    assert {name: sorted(ids) for name, ids in rows.items()} == {
        "crm_emails": ["from", "to"],
        "conversations": ["t"],
        "messages": ["c1"],
    }
    for _ in range(2):
        ingest(crm_url, tmp_path)
        assert live(tmp_path, "crm_emails") == {"among", "other"}
        assert live(tmp_path, "messages") == set()
    held = read_table(raw_path(tmp_path, "crm_emails"), columns=["id", "_op", "body"])
    assert held is not None
    assert {"id": "from", "_op": "delete", "body": None} in held.to_pylist()
    after = turns(tmp_path)
    assert set(after) == {"crm_emails:among", "crm_emails:other", "sticky_notes:n"}
    assert "Dana" not in "".join(after.values())
    assert all(after[key] == before[key] for key in ("crm_emails:other", "sticky_notes:n"))


def test_nothing_of_the_forgotten_comes_back_when_it_is_changed_or_all_is_read_again(
    crm_rows: psycopg.Connection, crm_url: str, tmp_path: Path
) -> None:
    ingest(crm_url, tmp_path)
    bury_contact(tmp_path, TEXTS, DANA)
    crm_rows.execute("update crm_emails set body = body || ' Indeed.'")
    insert_rows(
        crm_rows, "crm_emails", [mail("new", DANA, ME, "Me again"), mail("x", LEE, ME, "!")]
    )
    crm_rows.commit()
    ingest(crm_url, tmp_path)
    assert live(tmp_path, "crm_emails") == {"among", "other", "x"}
    assert "new" in read_forgotten(tmp_path).rows["crm_emails"]
    assert ingest(crm_url, tmp_path)["crm_emails"] == 0
    lake = tmp_path / "lake"
    lake.mkdir()
    forgotten_path(tmp_path).rename(forgotten_path(lake))
    ingest(crm_url, lake)
    assert live(lake, "crm_emails") == {"among", "other", "x"}
    assert "Dana" not in "".join(turns(lake).values())


def test_a_row_is_forgotten_alone_and_a_conversation_with_its_messages(
    crm_rows: psycopg.Connection, crm_url: str, tmp_path: Path
) -> None:
    ingest(crm_url, tmp_path)
    assert bury_row(tmp_path, TEXTS, "crm_emails", "other") == {"crm_emails": ["other"]}
    assert bury_row(tmp_path, TEXTS, "crm_emails", "other") == {"crm_emails": ["other"]}
    assert bury_row(tmp_path, TEXTS, "conversations", "t")["messages"] == ["c1"]
    ingest(crm_url, tmp_path)
    assert live(tmp_path, "crm_emails") == {"from", "to", "among"}
    assert live(tmp_path, "conversations") == live(tmp_path, "messages") == set()


def test_a_forgetting_that_was_cut_short_is_completed_by_the_next(
    crm_rows: psycopg.Connection, crm_url: str, tmp_path: Path
) -> None:
    ingest(crm_url, tmp_path)
    forget_rows(tmp_path, "crm_emails", MAILS[:1], DANA)  # and then the power went
    bury_contact(tmp_path, [TABLES["conversations"]], DANA)
    rows = bury_contact(tmp_path, TEXTS, DANA)
    assert sorted(rows["crm_emails"]) == ["from", "to"]
    assert rows["messages"] == ["c1"]
    assert live(tmp_path, "crm_emails") == {"among", "other"}
    assert bury_contact(tmp_path, TEXTS, DANA) == rows


def test_who_is_unknown_is_said(crm_rows: psycopg.Connection, crm_url: str, tmp_path: Path) -> None:
    ingest(crm_url, tmp_path)
    with pytest.raises(BadInput, match=r"no row of the lake is nobody@x\.example's"):
        bury_contact(tmp_path, TEXTS, "nobody@x.example")
    with pytest.raises(BadInput, match="no such row"):
        bury_row(tmp_path, TEXTS, "crm_emails", "nothing")
    with pytest.raises(BadInput, match="no table 'mails'"):
        bury_row(tmp_path, TEXTS, "mails", "1")
    assert not forgotten_path(tmp_path).exists()


def dataset(lake: Path, *versions: list[str]) -> None:
    """A dataset whose versions hold examples made from mails of these ids."""
    for ids in versions:
        table = pa.table(
            {
                "example_id": [f"e{key}" for key in ids],
                "split": ["train"] * len(ids),
                "source": ["crm_emails"] * len(ids),
                "source_ids": pa.array([[key] for key in ids], pa.list_(pa.string())),
                "_row_hash": [f"h{key}" for key in ids],
            }
        )
        sync_table(dataset_path(lake, "robbie"), table, "example_id")


DATA = (["a"], ["a", "b"], ["a", "c"])  # what v1.0, v1.1 and v1.1.1 were trained on


def trained_on(manifest: Manifest, number: int, ids: list[str]) -> Manifest:
    """The manifest of a training on a version of the dataset with examples made from `ids`."""
    return fingerprinted(manifest, number, rows_digest((f"e{key}", "train") for key in ids))


def fingerprinted(manifest: Manifest, number: int, digest: str) -> Manifest:
    inputs = TrainingInputs(
        manifest.recipe, number, digest, manifest.base_digest, manifest.code_version
    )
    update = {"dataset_version": number, "fingerprint": inputs.fingerprint(manifest.kind)}
    return manifest.model_copy(update=update)


@pytest.fixture
def trained(
    registry: Registry, add: Callable[..., Manifest], describe: Describe, adapter_dir: Path
) -> Registry:
    """v1.0 of dataset version 0, v1.1 of 1, and v1.1.1 of 2 on top of v1.1; all were released."""
    for data, version in enumerate(("v1.0", "v1.1", "v1.1.1")):
        described = trained_on(describe(version), data, DATA[data])
        update: dict[str, Any] = {"created_at": START + timedelta(days=data)}
        if version == "v1.1.1":
            update["parent"] = describe("v1.1").version
        registry.add_candidate(described.model_copy(update=update), adapter_dir)
        registry.release("robbie", version, "for the test")
    return registry


def states(registry: Registry) -> dict[str, str]:
    return {str(m.version): m.state for m in registry.list("robbie")}


def test_versions_that_learned_from_a_row_are_revoked_and_their_children(
    trained: Registry, tmp_path: Path
) -> None:
    dataset(tmp_path, *DATA)
    touched = trace(tmp_path, trained, {"crm_emails": ["b"]})
    assert touched.datasets == {"robbie": [1]}
    pages = tmp_path / "reports" / "datasets" / "robbie"
    pages.mkdir(parents=True)
    for name in ("0.html", "1.html", "2.html", "3.html", ".2.html.killed"):  # 3: nothing tells
        (pages / name).touch()
    remove_shown(touched, trained, tmp_path / "reports", tmp_path / "runs")
    assert sorted(page.name for page in pages.iterdir()) == ["0.html", "2.html"]
    assert [str(m.version) for m in touched.versions["robbie"]] == ["v1.1", "v1.1.1"]
    serving = revoke(trained, touched, "forgotten")["robbie"]
    assert serving is not None
    assert str(serving.version) == "v1.0"
    assert states(trained) == {"v1.0": "released", "v1.1": "revoked", "v1.1.1": "revoked"}
    assert revoke(trained, touched, "forgotten")["robbie"] == serving
    print_of = trained.get("robbie", "v1.1").fingerprint
    assert trained.find("robbie", print_of) is None
    for use in (trained.release, trained.rollback):
        with pytest.raises(BadInput, match=r"v1\.1 was revoked: forgotten"):
            use("robbie", "v1.1")


def test_where_every_version_is_revoked_none_is_in_service(
    trained: Registry, tmp_path: Path
) -> None:
    dataset(tmp_path, *DATA)
    touched = trace(tmp_path, trained, {"crm_emails": ["a"]})
    assert touched.datasets == {"robbie": [0, 1, 2]}
    assert revoke(trained, touched, "forgotten") == {"robbie": None}
    assert set(states(trained).values()) == {"revoked"}
    with pytest.raises(BadInput, match="no version of robbie is released"):
        trained.get("robbie", "final")


def test_what_used_no_forgotten_row_is_left_alone(trained: Registry, tmp_path: Path) -> None:
    dataset(tmp_path, *DATA)
    touched = trace(tmp_path, trained, {"crm_deals": ["a"], "crm_emails": ["z"]})
    assert (touched.datasets, touched.versions) == ({}, {})
    assert revoke(trained, touched, "forgotten") == {}
    assert states(trained)["v1.1.1"] == "released"


def test_a_crash_between_marking_and_moving_final_is_completed_by_the_next_change(
    trained: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Registry, "_point_final", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            trained.revoke("robbie", [trained.get("robbie", "final").version], "forgotten")
    trained.revoke("robbie", [], "forgotten")
    assert str(trained.get("robbie", "final").version) == "v1.1"


def test_in_a_rebuilt_lake_versions_are_told_by_content_and_not_by_number(
    trained: Registry, tmp_path: Path
) -> None:
    dataset(tmp_path, DATA[2], DATA[0], ["z"], DATA[1])
    touched = trace(tmp_path, trained, {"crm_emails": ["z"]})
    assert (touched.datasets, touched.versions, touched.untold) == ({"robbie": [2]}, {}, {})
    touched = trace(tmp_path, trained, {"crm_emails": ["b"]})
    assert [str(m.version) for m in touched.versions["robbie"]] == ["v1.1", "v1.1.1"]
    assert touched.untold == {}


def test_a_version_is_revoked_when_nothing_tells_what_it_was_trained_on(
    trained: Registry, tmp_path: Path
) -> None:
    dataset(tmp_path, DATA[0], ["z"])
    touched = trace(tmp_path, trained, {"crm_emails": ["nothing"]})
    assert [str(m.version) for m in touched.untold["robbie"]] == ["v1.1", "v1.1.1"]
    assert revoke(trained, touched, "forgotten")["robbie"] == trained.get("robbie", "v1.0")
    assert trace(tmp_path, trained, {"crm_emails": ["nothing"]}).versions == {}


def test_a_major_version_learned_what_the_version_did_that_it_was_made_from(
    trained: Registry, adapter_dir: Path, tmp_path: Path
) -> None:
    """A major version has the adapter and the fingerprint of one trained before."""
    dataset(tmp_path, *DATA)
    older = trained.get("robbie", "v1.1.1")
    update = {"version": Version(2, 0), "kind": "major", "parent": older.version}
    trained.add_candidate(older.model_copy(update=update), adapter_dir)
    assert trace(tmp_path, trained, {"crm_emails": ["z"]}).versions == {}
    learned = trace(tmp_path, trained, {"crm_emails": ["c"]}).versions["robbie"]
    assert {str(m.version) for m in learned} == {"v1.1.1", "v2.0"}


def nightly_versions(registry: Registry, describe: Describe, adapter_dir: Path) -> None:
    """v1.0 and two nights on top of it, each of another version of the dataset."""
    above: Manifest | None = None
    for data, version in enumerate(("v1.0", "v1.0.1", "v1.0.2")):
        described = trained_on(describe(version), data, DATA[data])
        update: dict[str, Any] = {"created_at": START + timedelta(days=data)}
        if above:
            update |= {"parent": above.version, "ancestors": above.chain}
        above = registry.add_candidate(described.model_copy(update=update), adapter_dir)


@pytest.mark.parametrize(
    ("row", "touched"), [("a", ["v1.0", "v1.0.2"]), ("b", ["v1.0.2"]), ("c", ["v1.0.2"]), ("z", [])]
)
def test_what_a_version_learned_through_one_that_is_deleted_counts(
    registry: Registry,
    describe: Describe,
    adapter_dir: Path,
    tmp_path: Path,
    row: str,
    touched: list[str],
) -> None:
    nightly_versions(registry, describe, adapter_dir)
    shutil.rmtree(registry.directory("robbie", "v1.0.1"))
    dataset(tmp_path, *DATA)
    found = trace(tmp_path, registry, {"crm_emails": [row]})
    assert [str(m.version) for m in found.versions.get("robbie", ())] == touched
    assert found.untold == {}


def test_a_deleted_version_is_still_told_after_something_else_was_forgotten(
    registry: Registry, describe: Describe, adapter_dir: Path, tmp_path: Path
) -> None:
    nightly_versions(registry, describe, adapter_dir)
    shutil.rmtree(registry.directory("robbie", "v1.0.1"))
    dataset(tmp_path, *DATA, ["a", "d"], ["a"])
    rows = {"crm_emails": ["d"]}
    for _ in range(2):
        assert trace(tmp_path, registry, rows).versions == {}
        erase(tmp_path, registry, rows)


def on_disk(folder: Path, text: str) -> list[str]:
    """Files under `folder` that hold a text: as bytes, or in a column of a Parquet file."""
    found = []
    for path in (each for each in sorted(folder.rglob("*")) if each.is_file()):
        told = path.read_bytes()
        if path.suffix == ".parquet":
            told += repr(pq.read_table(path).to_pylist()).encode()
        if text.encode() in told:
            found.append(str(path.relative_to(folder)))
    return found


GONE = ("What do you say about the tea?", "I say no to the tea, as ever.", "Hello?")


def datasets(lake: Path, base: PreparedBase) -> None:
    """Candidates and everything that is made from them, of the personality that reads mails."""
    recipe = load_recipes()["allan-maverick"]
    refresh_candidates(lake, recipe, lambda: ChatTokenizer(base.directory), ["1"])
    refresh_dataset(lake, recipe)
    refresh_quarantine(lake, recipe.name)
    refresh_preferences(lake, recipe)


def keep_tokens(lake: Path, base: PreparedBase) -> None:
    """As a training does."""
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
    home: Path, registry: Registry, describe: Describe, adapter_dir: Path
) -> Manifest:
    """A version, with all that a run leaves which shows examples; but nothing is measured."""
    recipe = load_recipes()["allan-maverick"]
    path = dataset_path(home / "lake", recipe.name)
    version = DeltaTable(path).version()
    examples = read_examples(path, version)
    described = describe("v1.0", recipe.name)
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


def write_report(folder: Path, answers: Sequence[tuple[str, str]]) -> None:
    """The files of an evaluation that tell of examples: ids, and an answer to each."""
    folder.mkdir(parents=True)
    score = Score(loss=1.0, perplexity=2.7)
    metrics = Metrics(
        split="validation",
        n_examples=9,
        n_supervised=9,
        base=score,
        adapter=score,
        ratio=1.0,
        seconds=1.0,
        base_digest="b",
    )
    samples = [
        Sample(example_id=key, prompt="Well?", real=text, generated=text) for key, text in answers
    ]
    page = render_report("allan-maverick", metrics, None, Decision(True, []), samples)
    (folder / "metrics.json").write_text(metrics.model_dump_json())
    (folder / "samples.json").write_text(json.dumps(samples))
    (folder / "report.md").write_text(page)


def test_samples_of_revoked_versions_and_those_from_forgotten_rows_leave_the_reports(
    trained: Registry, tmp_path: Path
) -> None:
    """v1.1 is revoked; v1.0 was measured on what it was not trained on."""
    dataset(tmp_path, *DATA)
    for version, shown in (("v1.0", "eb"), ("v1.1", "ea"), ("v1.1.1", "ea")):
        write_report(tmp_path / version, [(shown, f"Tea of {version}!")])
        trained.attach("robbie", version, tmp_path / version, "report")
        shutil.rmtree(tmp_path / version)
    touched = trace(tmp_path, trained, {"crm_emails": ["b"]})
    trained.revoke("robbie", [Version(1, 1)], "forgotten")
    for left in ("report.md", "samples.json"):  # by a call that was killed
        for _ in range(2):
            remove_shown(touched, trained, tmp_path / "reports", tmp_path / "runs")
            told = {version: on_disk(tmp_path, f"Tea of {version}!") for version in states(trained)}
            assert (told["v1.0"], told["v1.1"], len(told["v1.1.1"])) == ([], [], 2)
            for version in told:
                trained.verify("robbie", version)
        (trained.directory("robbie", "v1.1") / "report" / left).write_text(
            "# Scores\n\n## Samples\n\nTea of v1.1!"
        )
    manifest = trained.get("robbie", "v1.0")
    assert {"report/report.md", "report/metrics.json"} <= manifest.files.keys()
    page = trained.directory("robbie", "v1.0") / "report" / "report.md"
    assert "held-out examples" in page.read_text()


def test_what_was_forgotten_is_nowhere_on_disk_and_later_refreshes_are_right(
    crm_rows: psycopg.Connection,
    crm_url: str,
    tmp_path: Path,
    registry: Registry,
    describe: Describe,
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
    keep_tokens(lake, base)
    learned = train_and_evaluate(tmp_path, registry, describe, adapter_dir)
    gone = (*GONE, as_ids(base, "I say no to the tea, as ever."))
    shown = [path for path in on_disk(tmp_path, GONE[1]) if not path.startswith("lake")]
    assert shown == SHOWN
    rows = bury_contact(lake, TEXTS, DANA)
    touched = trace(lake, registry, rows)
    assert touched.versions == {learned.personality: [learned]}
    revoke(registry, touched, "forgotten")
    remove_shown(touched, registry, tmp_path / "reports", tmp_path / "runs")
    ingest(crm_url, lake)
    datasets(lake, base)
    assert all(on_disk(lake, text) for text in gone)
    with monkeypatch.context() as killed:
        killed.setattr(forget, "purge", until_turns)
        with pytest.raises(KeyboardInterrupt):
            erase(lake, registry, rows)
    erase(lake, registry, bury_contact(lake, TEXTS, DANA))
    assert [on_disk(tmp_path, text) for text in gone] == [[], [], [], []]
    registry.verify(learned.personality, learned.version)
    assert on_disk(lake, "Both of you: no tea.")
    logs = sorted(lake.rglob("_delta_log/*"))
    erase(lake, registry, rows)  # nothing to do
    assert sorted(lake.rglob("_delta_log/*")) == logs

    insert_rows(crm_rows, "crm_emails", [mail("x", LEE, ME, "And you?"), mail("y", ME, LEE, "No!")])
    crm_rows.commit()
    assert ingest(crm_url, lake)["crm_emails"] == 2
    known = turns(lake)
    shutil.rmtree(lake / "clean")
    ingest(crm_url, lake)
    assert turns(lake) == known
    assert {"crm_emails:x", "crm_emails:y"} <= known.keys()


def test_versions_that_are_in_use_and_hold_nothing_forgotten_can_still_be_read(
    trained: Registry, tmp_path: Path
) -> None:
    dataset(tmp_path, *DATA, ["a"])
    rows = {"crm_emails": ["b"]}
    revoke(trained, trace(tmp_path, trained, rows), "forgotten")
    for _ in range(2):
        erase(tmp_path, trained, rows)
        held = read_table(dataset_path(tmp_path, "robbie"), 0, columns=["example_id"])
        assert held is not None
        assert held["example_id"].to_pylist() == ["ea"]
        with pytest.raises(MaverickError, match="cannot be read"):
            read_table(dataset_path(tmp_path, "robbie"), 1)
        assert trace(tmp_path, trained, rows).untold == {}
