"""What a source fetches becomes rows and tombstones of a raw table, with its state."""

from pathlib import Path

import pytest

from maverick_assets.crm.landing import LandingResult, land
from maverick_assets.crm.raw_table import live_rows, raw_schema
from maverick_assets.crm.sources.documents import DocumentsEntry, DocumentsSource
from maverick_assets.errors import BadInput
from maverick_assets.lake.delta import read_state, read_table
from maverick_assets.lake.paths import raw_path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "plan.md").write_text("# Plan\n\nStart small.")
    (folder / "list.txt").write_text("Oats, milk")
    return folder


def test_new_changed_and_removed_files_reach_the_lake(folder: Path, tmp_path: Path) -> None:
    entry = DocumentsEntry(kind="documents", name="papers", user="allan", folder=folder)
    source = DocumentsSource(entry)
    target = raw_path(tmp_path, source.tables[0].name)

    def run() -> LandingResult:
        return land(source, source.tables[0], tmp_path)

    assert run().commit.inserted == 2
    assert run().commit.changed == 0
    (folder / "plan.md").write_text("# Plan\n\nStart smaller.")
    (folder / "list.txt").unlink()
    (folder / "broken.pdf").write_bytes(b"no PDF")
    done = run()
    assert (done.commit.updated, done.tombstones) == (2, 1)
    assert [skipped.name for skipped in done.skipped] == ["broken.pdf"]
    assert {row["id"]: row["content"] for row in live_rows(target)} == {
        "plan.md": "# Plan\n\nStart smaller."
    }
    held = read_table(target, columns=["id", "_op"])
    assert held is not None
    assert {"id": "list.txt", "_op": "delete"} in held.to_pylist()
    (folder / "list.txt").write_text("Oats again")
    assert run().commit.updated == 1


def test_a_source_that_cannot_be_read_leaves_the_table_as_it_was(
    folder: Path, tmp_path: Path
) -> None:
    entry = DocumentsEntry(kind="documents", name="papers", user="allan", folder=folder)
    source = DocumentsSource(entry)
    [fills] = source.tables
    target, schema = raw_path(tmp_path, fills.name), raw_schema(fills.table)
    land(source, fills, tmp_path)
    state = read_state(target, schema)
    folder.rename(tmp_path / "elsewhere")
    with pytest.raises(BadInput, match="source papers"):
        land(source, fills, tmp_path)
    assert read_state(target, schema) == state
    assert len(live_rows(target)) == 2
