"""Mail as programs keep and export it: a file, or a folder of files of any of their kinds.

An mbox, a message, Apple Mail's exported `.mbox` folder or its own store of `.emlx` files,
Thunderbird's profile, a Maildir with its folders: each file is read as what it is.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from maverick_assets.crm.foreign_files import files_below, read_foreign
from maverick_assets.crm.foreign_input import SkippedInput
from maverick_assets.crm.mail.bounded_policy import MAX_MAIL_BYTES
from maverick_assets.crm.mail.message import parse_message
from maverick_assets.crm.mail.row import MailRow, Place
from maverick_assets.crm.mailboxes.emlx import split_emlx
from maverick_assets.crm.mailboxes.kinds import HEAD_BYTES, kind_of
from maverick_assets.crm.mailboxes.mbox import read_mbox
from maverick_assets.errors import BadInput

_DELIVERED = ("cur", "new")
# Maildir, "1717312800.M1P2.host:2,RS"; where ":" cannot stand in a name, ";2,RS" or "!2,RS"
_INFO = re.compile(r"[:;!]2,([A-Za-z]+)$")
_FLAGS = {
    **{"D": "draft", "F": "flagged", "P": "passed"},
    **{"R": "replied", "S": "seen", "T": "trashed"},
}
_DELIVERED_AT = re.compile(r"(\d{9,10})\.")
# What programs add to the names of folders: Thunderbird "Clients.sbd", Apple Mail "Sent.mbox"
_ENDING = re.compile(r"\.(?:sbd|mbox|mbx|imapmbox)$", re.IGNORECASE)
# Between a folder of Apple Mail and its messages: "Sent.mbox/6F9C.../Data/3/1/Messages"
_STORE = re.compile(r"Data|Messages|\d|[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}")


def read_mail(path: Path) -> Iterator[MailRow | SkippedInput]:
    """The messages of a file or folder, by path.

    Raises `BadInput` when it does not exist, or when there is no mail in it.
    """
    if path.is_dir():
        files = list(files_below(path))
    elif path.exists():
        files = [(path, None)]
    else:
        raise BadInput(f"{path}: no such file or folder; give a mailbox")
    has_mail = False
    for file, refusal in files:
        for item in _read(file, path, refusal):
            has_mail = True
            yield item
    if not has_mail:
        raise BadInput(
            f"{path} has no messages; give an mbox file, a message, a Maildir or another folder of "
            "a mail program"
        )


def _read(file: Path, root: Path, refusal: str | None) -> Iterator[MailRow | SkippedInput]:
    """The messages of one file; nothing for a file that its program keeps beside the mail."""
    name = str(file.relative_to(root)) if file != root else file.name
    try:
        if refusal:
            raise ValueError(refusal)
        with file.open("rb") as stream:
            kind = kind_of(file.name, stream.read(HEAD_BYTES))
        if kind == "unknown" and file == root:
            raise BadInput(f"{file} is no mail: it begins with no header; give a mailbox")
        if kind == "program" or (file != root and file.parent.name == "tmp"):
            return
        if kind == "mbox":
            yield from read_mbox(file, name, _folder(file, root, is_mbox=True))
            return
        data = read_foreign(file, MAX_MAIL_BYTES)
    except OSError as error:
        yield SkippedInput(name, f"unreadable: {error.strerror}")
    except ValueError as error:
        yield SkippedInput(name, str(error))
    else:
        yield _message(file, Place(name, _folder(file, root)), data, kind == "emlx")


def _message(file: Path, place: Place, data: bytes, is_emlx: bool) -> MailRow | SkippedInput:
    stored = _DELIVERED_AT.match(file.name)
    seconds = int(stored[1]) if stored else file.stat().st_mtime
    flags = _maildir_flags(file)
    stored_at: datetime | None = datetime.fromtimestamp(seconds, UTC)
    if is_emlx:
        data, flags, received_at = split_emlx(data)
        stored_at = received_at or stored_at
    return parse_message(Place(place.name, place.folder, flags, stored_at), data)


def _maildir_flags(file: Path) -> tuple[str, ...]:
    """The flags in the name of a file of a Maildir."""
    info = _INFO.search(file.name)
    letters = info[1] if info else ""
    return tuple(dict.fromkeys(_FLAGS[letter] for letter in letters if letter in _FLAGS))


def _folder(file: Path, root: Path, is_mbox: bool = False) -> str:
    """The folder that a file's mail lies in, as its program shows it.

    `.Sent.2025/cur/1:2,RS`: "Sent/2025"; `Clients.sbd/Acme`: "Clients/Acme"; `Sent.mbox/mbox`:
    "Sent". What lies in no folder below `root` lies in `root`.
    """
    if file == root:
        # A message alone lies in the folder that it was taken from: nothing says which.
        return _ENDING.sub("", file.name) if is_mbox else ""
    folder = file if is_mbox and file.name.lower() != "mbox" else file.parent
    if folder.name in _DELIVERED and folder != root:
        folder = folder.parent
    parts = folder.relative_to(root).parts
    in_store = any(_ENDING.search(part) for part in (*parts, root.resolve().name))
    kept = [part for part in parts if not (in_store and _STORE.fullmatch(part))]
    names = [name for part in kept for name in _names(part)]
    return "/".join(names or _names(root.resolve().name))


def _names(part: str) -> list[str]:
    """The folders that a folder's name stands for: `.Sent.2025` (Maildir++) is `2025` in `Sent`."""
    if part.startswith(".") and len(part) > 1:
        return part[1:].split(".")
    return [_ENDING.sub("", part)]
