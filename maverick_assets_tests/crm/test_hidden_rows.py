"""Rows that the CRM hides look like deleted ones: they are not taken for such."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from maverick_assets.crm.extraction import ExtractionResult, extract
from maverick_assets.crm.raw_table import live_rows, raw_schema
from maverick_assets.crm.schema import TABLES
from maverick_assets.errors import BadInput
from maverick_assets.lake.delta import read_state, sync_table
from maverick_assets.lake.paths import raw_path
from maverick_assets.pipeline.ingest import extract_table
from maverick_assets.pipeline.run_context import RunContext
from maverick_assets.settings import Settings
from maverick_assets_tests.recording_log import RecordingLog

NOTES = TABLES["sticky_notes"]
SECURITY_ON = "alter table sticky_notes enable row level security, force row level security"
INSERT = (
    "insert into {} (id, user_id, title, created_at) select 'n' || i, 'allan', 'Note ' || i, "
    "timestamptz '2026-01-01' + i * interval '1 day' from generate_series(1, 30) i"
)
Extract = Callable[[], ExtractionResult]


@pytest.fixture
def notes(crm: psycopg.Connection, crm_url: str, tmp_path: Path) -> Extract:
    crm.execute(INSERT.format("sticky_notes").encode())

    def committed() -> ExtractionResult:
        crm.commit()
        return extract(crm_url, NOTES, tmp_path)

    return committed


def n_live(lake: Path) -> int:
    return len(live_rows(raw_path(lake, "sticky_notes")))


@pytest.mark.parametrize(
    "change",
    [
        SECURITY_ON,
        f"{SECURITY_ON}; create policy mine on sticky_notes using (user_id = 'dana')",
        f"{SECURITY_ON}; create policy recent on sticky_notes using (created_at < '2026-01-30')",
        f"{SECURITY_ON}; create policy hers on sticky_notes using (id <> 'n7')",
    ],
)
def test_row_security_that_hides_rows_since_the_last_night_is_refused(
    notes: Extract, crm: psycopg.Connection, tmp_path: Path, change: str
) -> None:
    notes()
    crm.execute(change.encode())
    for _ in range(2):
        with pytest.raises(BadInput, match=r"of 30 rows no longer to the role .* row security"):
            notes()
        assert n_live(tmp_path) == 30
    crm.execute("create policy everything on sticky_notes using (true)")
    assert notes().tombstones == 0


def test_row_security_that_shows_all_rows_is_read_with_a_warning(
    crm: psycopg.Connection, crm_url: str, tmp_path: Path
) -> None:
    crm.execute(INSERT.format("sticky_notes").encode())
    crm.execute(SECURITY_ON.encode())
    crm.execute("create policy everything on sticky_notes using (true)")
    crm.commit()
    log = RecordingLog()
    run = RunContext(Settings(home=tmp_path, crm_url=crm_url), "ingest", log)
    for read in (30, 0):
        done = extract_table(run, NOTES)
        assert (done.read, done.has_row_security) == (read, True)
    warnings = log.of_level("warning")
    assert len(warnings) == 2
    assert all("row security is on for the CRM's table sticky_notes" in line for line in warnings)


def test_rows_deleted_under_an_unchanged_policy_are_tombstones(
    notes: Extract, crm: psycopg.Connection
) -> None:
    crm.execute(SECURITY_ON.encode())
    crm.execute("create policy everything on sticky_notes using (true)")
    notes()
    crm.execute("delete from sticky_notes where id in ('n1', 'n2')")
    assert notes().tombstones == 2
    crm.execute("alter policy everything on sticky_notes using (id <> 'n3')")
    with pytest.raises(BadInput, match="1 of 28 rows no longer"):
        notes()


def test_row_security_that_a_release_before_did_not_look_at_is_refused(
    notes: Extract, crm: psycopg.Connection, tmp_path: Path
) -> None:
    notes()
    target = raw_path(tmp_path, "sticky_notes")
    state = read_state(target, raw_schema(NOTES))
    assert state is not None
    old = {key: value for key, value in state.items() if key not in ("visibility", "skipped")}
    nothing = raw_schema(NOTES).empty_table()
    sync_table(target, nothing, "id", scope=(), state=old)
    crm.execute(SECURITY_ON.encode())
    with pytest.raises(BadInput, match="30 of 30 rows no longer"):
        notes()


@pytest.mark.parametrize(
    "hiding",
    [
        "create or replace view sticky_notes as select * from stored where id <> 'n1'",
        "create or replace view sticky_notes as select * from stored limit 3",
        "create or replace view sticky_notes as select s.* from stored s join shown using (id)",
        "alter table stored enable row level security, force row level security",
        "alter view inner_notes rename to old_notes; "
        "create or replace view sticky_notes as select * from old_notes where title <> 'Note 2'",
    ],
)
def test_a_view_that_shows_fewer_rows_than_before_is_refused(
    notes: Extract, crm: psycopg.Connection, tmp_path: Path, hiding: str
) -> None:
    crm.execute("alter table sticky_notes rename to stored")
    crm.execute("create table shown (id text)")
    crm.execute("insert into shown values ('n5')")
    crm.execute("create view inner_notes as select * from stored")
    crm.execute("create view sticky_notes as select * from inner_notes")
    notes()
    crm.execute(hiding.encode())
    with pytest.raises(BadInput, match="of 30 rows no longer to the role"):
        notes()
    assert n_live(tmp_path) == 30


def test_a_view_loses_the_rows_that_were_deleted(notes: Extract, crm: psycopg.Connection) -> None:
    crm.execute("alter table sticky_notes rename to stored")
    crm.execute("create view sticky_notes as select * from stored")
    notes()
    crm.execute("delete from stored where id in ('n1', 'n2', 'n3')")
    assert notes().tombstones == 3
    crm.execute("delete from stored where id <> 'n9'")  # a view that hides, or a CRM emptied
    with pytest.raises(BadInput, match=r"26 of 27 rows no longer.*the view shows other rows"):
        notes()


@pytest.mark.parametrize("rows", [0, 1, 12])
def test_another_table_of_that_name_does_not_empty_the_lake(
    notes: Extract, crm: psycopg.Connection, tmp_path: Path, rows: int
) -> None:
    notes()
    crm.execute("alter table sticky_notes rename to kept")
    crm.execute("create table sticky_notes (like kept)")
    crm.execute(f"insert into sticky_notes select * from kept limit {rows}".encode())
    if rows < 10:
        with pytest.raises(BadInput, match="it is another table, or of another database"):
            notes()
        assert n_live(tmp_path) == 30
    else:
        assert notes().tombstones == 18  # not more than half: a restored backup, say


def test_a_table_that_was_emptied_gives_tombstones(notes: Extract, crm: psycopg.Connection) -> None:
    notes()
    crm.execute("delete from sticky_notes")
    assert notes().tombstones == 30


@pytest.mark.parametrize(
    ("revoked", "complaint"),
    [
        ("revoke select on sticky_notes from current_user", "may not read its column id; grant"),
        (
            "revoke select on sticky_notes from current_user; "
            "grant select (id, user_id, title, tags, created_at) on sticky_notes to current_user",
            "may not read its column content; grant select on it",
        ),
    ],
)
def test_a_right_that_was_lost_is_named(
    notes: Extract, crm: psycopg.Connection, tmp_path: Path, revoked: str, complaint: str
) -> None:
    notes()
    crm.execute(revoked.encode())
    with pytest.raises(BadInput, match=complaint):
        notes()
    assert n_live(tmp_path) == 30


def test_a_right_on_an_optional_column_that_was_lost_is_named(
    crm: psycopg.Connection, crm_url: str, tmp_path: Path
) -> None:
    crm.execute("insert into feedback (id, correction) values ('1', 'better')")
    crm.commit()
    extract(crm_url, TABLES["feedback"], tmp_path)
    columns = ", ".join(name for name in TABLES["feedback"].columns if name != "correction")
    crm.execute("revoke select on feedback from current_user")
    crm.execute(f"grant select ({columns}) on feedback to current_user".encode())
    crm.commit()
    with pytest.raises(BadInput, match="lost its column correction, or the role the right"):
        extract(crm_url, TABLES["feedback"], tmp_path)


def test_a_right_of_the_view_that_was_lost_is_named(
    notes: Extract, crm: psycopg.Connection, tmp_path: Path
) -> None:
    crm.execute("alter table sticky_notes rename to stored")
    crm.execute("create view sticky_notes as select * from stored")
    notes()
    crm.execute("revoke select on stored from current_user")
    with pytest.raises(BadInput, match="may not be read: permission denied for table stored"):
        notes()
    assert n_live(tmp_path) == 30
