"""A folder of documents as a source: files become notes, and changes arrive."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fpdf import FPDF

from maverick_assets.crm.foreign_input import SkippedInput
from maverick_assets.crm.sources import documents
from maverick_assets.crm.sources.documents import DocumentsEntry, DocumentsSource
from maverick_assets.errors import BadInput
from maverick_assets_tests.crm.sources.fetched_table import FetchedTable


def write_pdf(path: Path, *pages: str, title: str = "", password: str = "") -> None:
    pdf = FPDF()
    pdf.set_font("Helvetica")
    if title:
        pdf.set_title(title)
    if password:
        pdf.set_encryption(owner_password="owner", user_password=password)
    for text in pages:
        pdf.add_page()
        pdf.multi_cell(0, text=text)
    pdf.output(str(path))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    (folder / "clients" / "oat bars").mkdir(parents=True)
    return folder


@pytest.fixture
def papers(folder: Path) -> FetchedTable:
    entry = DocumentsEntry(kind="documents", name="papers", user="allan", folder=folder)
    return FetchedTable(DocumentsSource(entry), "papers_documents")


def test_a_file_is_a_note_with_its_folders_as_tags(folder: Path, papers: FetchedTable) -> None:
    path = folder / "clients" / "oat bars" / "plan.md"
    path.write_text("Draft\n\n## The plan ##\n\nStart *small*.\n")
    os.utime(path, (1_767_225_600, 1_767_225_600))
    papers.fetch()
    assert papers.rows == {
        "clients/oat bars/plan.md": {
            "id": "clients/oat bars/plan.md",
            "user_id": "allan",
            "title": "The plan",
            "content": "Draft\n\n## The plan ##\n\nStart *small*.\n",
            "tags": ["clients", "oat bars"],
            "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        }
    }


def test_a_text_is_titled_by_its_name_and_a_pdf_by_its_title(
    folder: Path, papers: FetchedTable
) -> None:
    (folder / "shopping list.txt").write_text("# Oats")
    write_pdf(folder / "a.pdf", "First page.", "Second page.", title="Retail terms")
    write_pdf(folder / "b.PDF", "No title.")
    papers.fetch()
    assert papers.titles == {
        "a.pdf": "Retail terms",
        "b.PDF": "b",
        "shopping list.txt": "shopping list",
    }
    assert papers.rows["a.pdf"]["content"] == "First page.\n\nSecond page."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_usual_encodings_are_read(folder: Path, papers: FetchedTable, encoding: str) -> None:
    (folder / "a.txt").write_bytes("Grüße €\r\nAllan".encode(encoding))
    papers.fetch()
    assert papers.rows["a.txt"]["content"] == "Grüße €\nAllan"


def test_unreadable_files_are_named_and_the_others_load(
    folder: Path, papers: FetchedTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "MAX_BYTES", 20_000)
    write_pdf(folder / "locked.pdf", "secret", password="1234")
    (folder / "torn.pdf").write_bytes(b"%PDF-1.7 and no more")
    (folder / "scan.pdf").write_bytes(b"")
    write_pdf(folder / "scan.pdf", "")
    (folder / "image.txt").write_bytes(b"\x89PNG\0\0")
    (folder / "log.txt").write_text("x" * 20_001)
    (folder / "good.txt").write_text("words")
    reasons = {skip.name: skip.reason for skip in papers.fetch().skipped}
    assert list(papers.rows) == ["good.txt"]
    assert reasons.pop("torn.pdf").startswith("not a readable PDF: ")
    assert reasons == {
        "locked.pdf": "encrypted with a password",
        "scan.pdf": "no text in it",
        "image.txt": "not text",
        "log.txt": "larger than 0 MB",
    }


def test_hidden_files_and_other_kinds_are_left_alone_and_links_out_of_the_folder_are_named(
    folder: Path, papers: FetchedTable, tmp_path: Path
) -> None:
    (tmp_path / "private.txt").write_text("not yours")
    (folder / "link.txt").symlink_to(tmp_path / "private.txt")
    (folder / "up").symlink_to(tmp_path)
    (folder / ".git").mkdir()
    for name in (".git/note.txt", ".hidden.md", "photo.jpg", "mine.txt"):
        (folder / name).write_text("words")
    fetched = papers.fetch()
    skipped = [SkippedInput("link.txt", "a link that leads out of the folder")]
    assert (list(papers.rows), fetched.skipped) == (["mine.txt"], skipped)


def test_only_changed_files_are_read_again_and_removed_ones_are_deleted(
    folder: Path, papers: FetchedTable
) -> None:
    for name in ("kept", "touched", "changed", "removed"):
        (folder / f"{name}.txt").write_text(name)
    assert papers.fetch().complete
    os.utime(folder / "touched.txt", (1, 1))
    (folder / "changed.txt").write_text("other words")
    (folder / "removed.txt").unlink()
    fetched = papers.source.fetch("papers_documents", papers.state)
    assert [row["id"] for row in fetched.rows] == ["changed.txt"]
    assert (fetched.deleted, fetched.complete) == (["removed.txt"], False)


def test_the_last_readable_version_of_a_file_stays_while_it_is_broken(
    folder: Path, papers: FetchedTable
) -> None:
    path = folder / "a.pdf"
    write_pdf(path, "First.")
    papers.fetch()
    path.write_bytes(b"half written")
    for _ in range(2):
        assert [skip.name for skip in papers.fetch().skipped] == ["a.pdf"]
        assert papers.rows["a.pdf"]["content"] == "First."
    write_pdf(path, "Second.")
    papers.fetch()
    assert papers.rows["a.pdf"]["content"] == "Second."
    path.write_bytes(b"broken again")
    papers.fetch()
    path.unlink()
    papers.fetch()
    assert papers.rows == {}


def test_a_folder_that_is_not_there_is_bad_input(folder: Path, papers: FetchedTable) -> None:
    folder.rename(folder.with_name("moved"))
    with pytest.raises(BadInput, match=r"source papers: .*papers is not a folder; correct it"):
        papers.fetch()
