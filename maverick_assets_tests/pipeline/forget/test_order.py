"""The order of forgetting: six steps, and a call that was interrupted at any is completed."""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from maverick_assets.crm.forgotten import (
    FORGOTTEN_SCHEMA,
    ForgottenEntry,
    Identity,
    contact_digest,
    read_forgotten,
    rows_forgotten_with,
)
from maverick_assets.crm.raw_table import live_rows
from maverick_assets.crm.schema import TABLES
from maverick_assets.errors import MaverickError
from maverick_assets.lake.delta import arrow_table, read_table, sync_table
from maverick_assets.lake.paths import dataset_path, forgotten_path, raw_path
from maverick_assets.pipeline.forget import order
from maverick_assets.pipeline.forget.order import Forgetting, forget_rows, migrate_list
from maverick_assets.pipeline.forget.tombstone import RowRef
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.registry.store import Registry
from maverick_assets_tests.pipeline.forget.evaluation_reports import write_report
from maverick_assets_tests.pipeline.forget.mails import DANA, LEE, ME, START, mail, on_disk
from maverick_assets_tests.pipeline.forget.versions import DATA, states, write_datasets
from maverick_assets_tests.raw_tables import replace_raw_table_of, upsert_raw_rows

MAILS = TABLES["crm_emails"]
SECRET = "Dana's own words"
STEPS = ("tombstone_contacts", "trace", "revoke", "purge_reports", "purge_history")


@pytest.fixture
def home(run: RunContext, trained: Registry) -> Path:
    """Three mails, b is Dana's; v1.1 and v1.1.1 learned from it, and a report quotes it."""
    lake = run.settings.lake
    rows = [mail("a", LEE, ME, "Hello."), mail("b", DANA, ME, SECRET), mail("c", LEE, ME, "Bye.")]
    upsert_raw_rows(lake, MAILS.name, rows)
    write_datasets(lake, *DATA)
    report = run.settings.home / "written"
    write_report(report, [("eb", SECRET)])
    trained.attach("robbie", "v1.1", report, "report")
    page = run.settings.reports / "datasets" / "robbie" / "1.html"
    page.parent.mkdir(parents=True)
    page.write_text(SECRET)
    (report / "report.md").unlink()
    (report / "samples.json").unlink()
    return run.settings.home


def forget_dana(run: RunContext, rebuild: Callable[[], object] | None = None) -> Forgetting:
    def without_b() -> None:
        write_datasets(run.settings.lake, DATA[2])

    return forget_rows(run.settings, [MAILS], [Identity(DANA)], rebuild or without_b)


def assert_forgotten(run: RunContext, forgetting: Forgetting) -> None:
    """Everything that must hold once a call came to its end."""
    lake = run.settings.lake
    assert forgetting.rows == {"crm_emails": ["b"]}
    assert read_forgotten(lake).rows == {"crm_emails": frozenset({"b"})}
    assert {row["id"] for row in live_rows(raw_path(lake, MAILS.name))} == {"a", "c"}
    assert states(run.registry) == {"v1.0": "released", "v1.1": "revoked", "v1.1.1": "revoked"}
    assert on_disk(run.settings.home, SECRET) == []
    with pytest.raises(MaverickError, match="cannot be read"):
        read_table(dataset_path(lake, "robbie"), 1)
    assert read_table(dataset_path(lake, "robbie"), 0) is not None  # what v1.0 was trained on
    run.registry.verify("robbie", "v1.1")


def test_a_contact_is_forgotten_and_the_steps_are_reported(run: RunContext, home: Path) -> None:
    assert on_disk(home, SECRET)
    forgetting = forget_dana(run)
    assert_forgotten(run, forgetting)
    assert forgetting.trace.datasets == {"robbie": [1]}
    learned = [str(manifest.version) for manifest in forgetting.trace.versions["robbie"]]
    assert learned == ["v1.1", "v1.1.1"]
    assert forgetting.trace.untraceable == {}
    current = forgetting.in_service["robbie"]
    assert current is not None
    assert str(current.version) == "v1.0"


def test_a_row_is_forgotten_in_the_same_order(run: RunContext, home: Path) -> None:
    forgetting = forget_rows(run.settings, [MAILS], RowRef("crm_emails", "b"), lambda: None)
    assert forgetting.rows == {"crm_emails": ["b"]}
    assert states(run.registry)["v1.1"] == "revoked"
    assert not read_forgotten(run.settings.lake).contacts


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_call_that_was_cut_short_at_a_step_is_completed_by_the_same_call(
    run: RunContext, home: Path, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    def crash(*arguments: Any) -> None:
        if after:
            real(*arguments)
        raise KeyboardInterrupt

    real = getattr(order, step)
    with monkeypatch.context() as patched:
        patched.setattr(order, step, crash)
        with pytest.raises(KeyboardInterrupt):
            forget_dana(run)
    assert_forgotten(run, forget_dana(run))


def test_a_rebuild_that_was_cut_short_leaves_the_versions_out_of_service(
    run: RunContext, home: Path
) -> None:
    def crash() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        forget_dana(run, crash)
    assert states(run.registry)["v1.1"] == "revoked"
    assert_forgotten(run, forget_dana(run))


def test_a_call_on_what_is_forgotten_already_changes_nothing(run: RunContext, home: Path) -> None:
    def lake_files() -> list[Path]:
        return sorted(path for path in run.settings.lake.rglob("*") if path.is_file())

    first = forget_dana(run)
    files = lake_files()
    assert_forgotten(run, forget_dana(run))
    assert lake_files() == files
    assert forget_dana(run).rows == first.rows


def test_a_list_of_an_earlier_release_loses_the_addresses_and_texts_lose_the_names(
    run: RunContext,
) -> None:
    lake = run.settings.lake
    said = mail("c", LEE, ME, f"Dana Cole said no. Ask {DANA}.")
    upsert_raw_rows(lake, MAILS.name, [said])
    listed = [
        ForgottenEntry(f"contact {DANA}", None, None, DANA, [DANA], said["sent_at"]),
        ForgottenEntry("crm_emails:b", "crm_emails", "b", DANA, [DANA, LEE], said["sent_at"]),
    ]
    rows = [asdict(entry) for entry in listed]
    sync_table(forgotten_path(lake), arrow_table(rows, FORGOTTEN_SCHEMA), "id")
    assert read_forgotten(lake).covers(MAILS, mail("d", DANA.upper(), ME, "Hello?"))
    for _ in range(2):
        migrate_list(run.settings, [MAILS])
        forgotten = read_forgotten(lake)
        assert forgotten.covers(MAILS, mail("d", DANA.upper(), ME, "Hello?"))
        assert (forgotten.rows, forgotten.people) == ({"crm_emails": {"b"}}, {LEE})
        [row] = live_rows(raw_path(lake, MAILS.name))
        assert row["body"] == "N. N. said no. Ask nn@invalid."
        assert on_disk(lake / "forgotten", DANA) == []


def write_list(run: RunContext, *entries: ForgottenEntry) -> None:
    rows = [asdict(entry) for entry in entries]
    sync_table(forgotten_path(run.settings.lake), arrow_table(rows, FORGOTTEN_SCHEMA), "id")


def test_a_raw_table_of_an_earlier_release_loses_names_without_the_columns_that_came_since(
    run: RunContext,
) -> None:
    lake = run.settings.lake
    feedback = TABLES["feedback"]
    before = replace(feedback, optional={"correction": "text"})
    said = {"id": "f", "prompt": f"Who is {DANA}?", "response": "Nobody.", "created_at": START}
    replace_raw_table_of(lake, before, [said])
    write_list(run, ForgottenEntry(f"contact {DANA}", None, None, DANA, [DANA], START))
    migrate_list(run.settings, [feedback])
    [row] = live_rows(raw_path(lake, "feedback"))
    assert (row["prompt"], "mood" in row) == ("Who is nn@invalid?", False)


def test_a_user_id_that_an_earlier_release_forgot_stays_forgotten(run: RunContext) -> None:
    lake = run.settings.lake
    write_list(
        run,
        ForgottenEntry("contact guest 7", None, None, "guest 7", ["guest 7"], START),
        ForgottenEntry("conversations:c", "conversations", "c", "guest 7", [], START),
    )
    for _ in range(3):
        forgotten = read_forgotten(lake)
        assert forgotten.covers(TABLES["conversations"], {"id": "d", "user_id": " Guest 7"})
        assert not forgotten.covers(TABLES["conversations"], {"id": "d", "user_id": "guest"})
        assert migrate_list(run.settings, [MAILS]) == []
    assert on_disk(lake / "forgotten", "guest") == []
    assert rows_forgotten_with(lake, [contact_digest(lake, "guest 7")]) == {"conversations": ["c"]}


def test_a_forgotten_contact_who_is_now_the_owner_is_named_and_stops_no_command(
    run: RunContext,
) -> None:
    lake = run.settings.lake
    upsert_raw_rows(lake, MAILS.name, [mail("c", LEE, ME, f"{DANA} said no.")])
    listed = [ForgottenEntry(f"contact {who}", None, None, who, [who], START) for who in (ME, DANA)]
    write_list(run, *listed)
    for _ in range(2):
        assert migrate_list(run.settings, [MAILS]) == [ME]
        [row] = live_rows(raw_path(lake, MAILS.name))
        assert (row["recipients"], row["body"]) == (ME, "nn@invalid said no.")
    assert read_forgotten(lake).covers(MAILS, mail("d", DANA, LEE, "Hello?"))
