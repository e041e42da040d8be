"""base.json: which base model was prepared, and how its files looked at that time.

The files are large, so a start compares only their sizes and dates. A copy has other dates: it is
read once, compared by its SHA-256, and its new dates are recorded. Whoever loads the weights reads
them whole and compares their SHA-256.
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from maverick_assets.files import sha256_of, write_atomically

RECORD_FILE = "base.json"


@dataclass(frozen=True)
class FileRecord:
    """One file as it was when the base was prepared."""

    sha256: str
    size: int  # bytes
    mtime_ns: int

    @classmethod
    def of(cls, path: Path) -> "FileRecord":
        return cls(sha256_of(path), *_size_and_mtime(path))

    def looks_unchanged(self, path: Path) -> bool:
        """Whether size and date are the same. Raises `FileNotFoundError` for a missing file."""
        return _size_and_mtime(path) == (self.size, self.mtime_ns)

    def has_same_content(self, path: Path) -> bool:
        """Whether the file exists and has the same SHA-256. Reads all of it."""
        return path.is_file() and sha256_of(path) == self.sha256

    def renewed(self, path: Path) -> "FileRecord | None":
        """This record with the file's date of today; None when its content is another."""
        if self.looks_unchanged(path):
            return self
        size, mtime_ns = _size_and_mtime(path)
        if size != self.size or not self.has_same_content(path):
            return None
        return replace(self, mtime_ns=mtime_ns)


@dataclass(frozen=True)
class BaseRecord:
    """Content of base.json in a directory of the run home."""

    directory: Path | None  # the user's own model directory; None: the model lies beside base.json
    digest: str  # pins the weights
    gguf: Path | None  # the same model as GGUF, where one exists
    files: dict[str, FileRecord]  # by name
    hub: str | None = None  # org/name@commit, where it was pulled from the hub
    checked: str | None = None  # `export_check.check_version` of the check that it passed

    @classmethod
    def read(cls, home: Path) -> "BaseRecord":
        """Read the record in `home`.

        Raises `FileNotFoundError` when `home` has no record, and `ValueError`, `KeyError` or
        `TypeError` when the file is damaged.
        """
        content: dict[str, Any] = json.loads((home / RECORD_FILE).read_text(encoding="utf-8"))
        return cls(
            # A pulled one lies below the same folder, and is copied with it.
            directory=home.parent / content["directory"] if content["directory"] else None,
            digest=content["digest"],
            gguf=Path(content["gguf"]) if content["gguf"] else None,
            files={name: FileRecord(**entry) for name, entry in content["files"].items()},
            hub=content.get("hub"),
            checked=content.get("checked"),
        )

    def write(self, home: Path) -> None:
        """Write the record to `home`; a reader sees the old one or the new one."""
        content = asdict(self)
        if self.directory and self.directory.is_relative_to(home.parent):
            content["directory"] = self.directory.relative_to(home.parent)
        text = json.dumps(content, indent=2, default=str)  # paths become strings
        write_atomically(home / RECORD_FILE, text)


def _size_and_mtime(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns
