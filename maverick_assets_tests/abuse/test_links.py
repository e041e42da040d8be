"""Links, FIFOs and devices in folders of mails, documents and calendars are named, not read."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from maverick_assets.crm.foreign_input import SkippedInput
from maverick_assets.crm.mailboxes.folders import read_mail
from maverick_assets.crm.sources.calendar import CalendarEntry
from maverick_assets.crm.sources.documents import DocumentsEntry
from maverick_assets_tests.crm.raw_messages import raw_message

CANARY = "grizzlecanary"
EVENT = (
    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nDTSTART:20250101T000000Z\r\nSUMMARY:{title}\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)
Read = Callable[[Path], tuple[str, list[SkippedInput]]]  # everything that was read, and what not


def maildir(folder: Path) -> tuple[str, list[SkippedInput]]:
    items = list(read_mail(folder))
    return repr([item for item in items if not isinstance(item, SkippedInput)]), [
        item for item in items if isinstance(item, SkippedInput)
    ]


def documents(folder: Path) -> tuple[str, list[SkippedInput]]:
    entry = DocumentsEntry(kind="documents", name="papers", user="allan", folder=folder)
    fetched = entry.source().fetch("papers_documents", None)
    return repr(list(fetched.rows)), fetched.skipped


def calendars(folder: Path) -> tuple[str, list[SkippedInput]]:
    entry = CalendarEntry(kind="calendar", name="home", user="allan", files=(folder,))
    fetched = entry.source().fetch("home_events", None)
    return repr(list(fetched.rows)), fetched.skipped


KINDS: dict[str, tuple[Read, str, Callable[[str], bytes]]] = {
    "maildir": (maildir, "cur/{}", lambda word: raw_message(f"{word}\n")),
    "documents": (documents, "{}.txt", str.encode),
    "calendars": (calendars, "{}.ics", lambda word: EVENT.format(uid=word, title=word).encode()),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_of_the_folder_is_named_and_not_read(kind: str, tmp_path: Path) -> None:
    read, name, content = KINDS[kind]
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    for place in (folder / name.format("x"), outside / name.format("private")):
        place.parent.mkdir(parents=True)
    private = outside / name.format("private")
    private.write_bytes(content(CANARY))
    mine = folder / name.format("mine")
    mine.write_bytes(content("hello"))
    bad = {word: folder / name.format(word) for word in ("out", "up", "nowhere", "circle", "fifo")}
    bad["out"].symlink_to(private)
    bad["up"].symlink_to(Path(os.path.relpath(private, bad["up"].parent)))
    bad["nowhere"].symlink_to(folder / "nothing")
    bad["circle"].symlink_to(bad["circle"])
    os.mkfifo(bad["fifo"])
    (folder / name.format("device")).symlink_to("/dev/zero")
    (folder / name.format("inside")).symlink_to(mine)
    text, skipped = read(folder)
    assert "hello" in text
    assert CANARY not in text
    reasons = {Path(skip.name).stem: skip.reason for skip in skipped}
    assert reasons == {
        "out": "a link that leads out of the folder",
        "up": "a link that leads out of the folder",
        "device": "a link that leads out of the folder",
        "nowhere": "a link that leads nowhere",
        "circle": "a link that leads nowhere",
        "fifo": "no regular file",
    }
