"""Folders of Markdown, text and PDF files: one note per file."""

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from maverick_assets.crm.foreign_files import files_below, read_foreign
from maverick_assets.crm.foreign_input import SkippedInput, storable
from maverick_assets.crm.sources.pdf_text import PdfReader
from maverick_assets.crm.sources.source import (
    AbsolutePath,
    Deleted,
    FetchResult,
    FetchState,
    SourceEntry,
    SourceRow,
    SourceTable,
)
from maverick_assets.errors import BadInput

MAX_BYTES = 20_000_000  # of a file
SUFFIXES = (".md", ".txt", ".pdf")
# "## Oat bars ##"
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)


class DocumentsEntry(SourceEntry):
    """A folder of documents; `user` counts as the author of every file in it."""

    libraries: ClassVar[tuple[str, ...]] = ("pypdf",)

    kind: Literal["documents"] = Field(description="what kind of source it is")
    folder: AbsolutePath = Field(description="folder of .md, .txt and .pdf files, at any depth")

    def source(self) -> "DocumentsSource":
        return DocumentsSource(self)


@dataclass(frozen=True)
class DocumentsSource:
    """Reads a file again when its bytes have changed.

    The id of a row is the file's path in the folder; its tags are the folders on that path. The
    state of a fetch holds time, size and digest of each file by its path.
    """

    entry: DocumentsEntry

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def tables(self) -> tuple[SourceTable, ...]:
        table = f"{self.name}_documents"
        return (SourceTable(table, "note", sensitivity=self.entry.sensitivity),)

    def fetch(self, table: str, state: FetchState | None) -> FetchResult:  # noqa: ARG002
        """The changed files of the only table.

        A file that cannot be read is skipped and tried again next time; its row stays as it was.
        """
        folder = self.entry.folder
        if not folder.is_dir():
            raise BadInput(f"source {self.name}: {folder} is not a folder; correct it")
        next_state: FetchState = {}
        items = self._items(state or {}, next_state)
        return FetchResult(items, complete=state is None, state=next_state)

    def _items(
        self, state: FetchState, next_state: FetchState
    ) -> Iterator[SourceRow | Deleted | SkippedInput]:
        """Rows of the files that differ from those in `state`. Fills `next_state` on the way."""
        files = dict(_files(self.entry.folder))
        yield from (Deleted(name) for name in state if name not in files)
        with PdfReader() as pdfs:
            yield from self._changed(files, state, next_state, pdfs)

    def _changed(
        self,
        files: Mapping[str, tuple[Path, str | None]],
        state: FetchState,
        next_state: FetchState,
        pdfs: PdfReader,
    ) -> Iterator[SourceRow | SkippedInput]:
        for name, (path, refusal) in files.items():
            before = state.get(name, [0, 0, ""])
            try:
                if refusal:
                    raise ValueError(refusal)
                info = path.stat()
                # A file of the same time and size is not even read.
                if before[:2] == [info.st_mtime_ns, info.st_size]:
                    next_state[name] = before
                    continue
                data = read_foreign(path, MAX_BYTES)
                digest = sha256(data).hexdigest()
                if before[2] != digest:
                    is_pdf = name.lower().endswith(".pdf")
                    title, text = pdfs.read(data) if is_pdf else (None, _decoded(data))
                    yield self._row(name, title, text, datetime.fromtimestamp(info.st_mtime, UTC))
                next_state[name] = [info.st_mtime_ns, info.st_size, digest]
            except (OSError, ValueError) as error:
                yield SkippedInput(name, str(error))
                if name in state:  # without time and size, the next fetch reads it in any case
                    next_state[name] = [0, 0, before[2]]

    def _row(self, name: str, title: str | None, text: str, changed_at: datetime) -> SourceRow:
        """The note of a file. Raises `ValueError` with the reason when there is no text in it."""
        if not text.strip():
            raise ValueError("no text in it")
        heading = _HEADING.search(text) if name.lower().endswith(".md") else None
        *folders, file = name.split("/")
        return self.tables[0].row(
            id=name,
            user_id=self.entry.user,
            title=title or (heading.group(1) if heading else Path(file).stem),
            content=text,
            tags=folders,
            created_at=changed_at,
        )


def _files(folder: Path) -> Iterator[tuple[str, tuple[Path, str | None]]]:
    """Files of the kinds that can be read, by relative path, with why one is not read.

    Hidden files are left out.
    """
    for path, refusal in files_below(folder):
        relative = path.relative_to(folder)
        is_hidden = any(part.startswith(".") for part in relative.parts)
        if not is_hidden and path.suffix.lower() in SUFFIXES:
            yield storable(relative.as_posix()), (path, refusal)


def _decoded(data: bytes) -> str:
    """Text with `\\n` newlines. Bytes that are neither UTF-16 nor UTF-8 are read as Windows-1252.

    Raises `ValueError` when the bytes are no text.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = data.decode("utf-16")
    elif b"\0" in data:
        raise ValueError("not text")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")
