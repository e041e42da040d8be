"""Messages of a folder: a Maildir, or any tree of files with one message each."""

from collections.abc import Iterator
from pathlib import Path

from maverick_assets.crm.foreign_files import files_below, read_foreign
from maverick_assets.crm.foreign_input import SkippedInput
from maverick_assets.crm.mail.bounded_policy import MAX_MAIL_BYTES
from maverick_assets.crm.mail.flags import maildir_flags
from maverick_assets.crm.mail.message import parse_message
from maverick_assets.crm.mail.row import MailRow, Place
from maverick_assets.errors import BadInput


def read_maildir(path: Path) -> Iterator[MailRow | SkippedInput]:
    """The messages of a Maildir, or of any folder tree with one message per file, by path.

    Raises `BadInput` when there is no such folder, or no file in it.
    """
    if path.is_file():
        raise BadInput(f"{path} is a file; give it with --mbox")
    if not path.is_dir():
        raise BadInput(f"{path}: no such folder; give a Maildir or a folder of messages")
    files = _message_files(path)
    if not files:
        raise BadInput(f"{path} has no messages; give a Maildir or a folder of messages")
    for file, refusal in files:
        place = _place(file, path)
        try:
            if refusal:
                raise ValueError(refusal)
            data = read_foreign(file, MAX_MAIL_BYTES)
        except OSError as error:
            yield SkippedInput(place.name, f"unreadable: {error.strerror}")
        except ValueError as error:
            yield SkippedInput(place.name, str(error))
        else:
            yield parse_message(place, data)


def _message_files(path: Path) -> list[tuple[Path, str | None]]:
    """Files in folders `cur` and `new` where there are any, else all files that are not hidden.

    Each comes with why it is not read.
    """
    files = list(files_below(path))
    delivered = [file for file in files if file[0].parent.name in ("cur", "new")]
    return delivered or [file for file in files if not file[0].name.startswith(".")]


def _place(file: Path, root: Path) -> Place:
    """Where a file lies: `.Sent.2025/cur/1:2,RS` in `Sent/2025`, replied and seen."""
    folder = file.parent
    if folder.name in ("cur", "new"):
        folder = folder.parent
    parts = folder.relative_to(root).parts
    names = [name for part in parts for name in _maildir_names(part)]
    names = names or _maildir_names(root.resolve().name)
    return Place(str(file.relative_to(root)), "/".join(names), maildir_flags(file))


def _maildir_names(part: str) -> list[str]:
    """The folders that a Maildir++ folder's name stands for: `.Sent.2025` is `2025` in `Sent`."""
    return part[1:].split(".") if part.startswith(".") and len(part) > 1 else [part]
