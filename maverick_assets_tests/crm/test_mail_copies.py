"""Mails that differ are all kept, copies are one row, and what was read wrongly is repaired."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from maverick_assets.crm.foreign_input import SkippedInput
from maverick_assets.crm.importers import ImportReport, import_mail, insert_rows
from maverick_assets.crm.mail.row import MailRow
from maverick_assets.crm.mailboxes.folders import read_mail
from maverick_assets_tests.crm.raw_messages import mail_row, raw_message

SEPARATOR = b"From ines@bakery.example Mon Jun  2 09:00:00 2025\n"


def column(crm: psycopg.Connection, name: str) -> list[Any]:
    rows = crm.execute(f"select {name} from crm_emails order by sent_at, body".encode())
    return [row[0] for row in rows]


def counts(report: ImportReport) -> tuple[int, int, int]:
    assert report.skipped == []
    return report.imported, report.repaired, report.unchanged


def as_imported_before(row: MailRow, **wrong: Any) -> dict[str, Any]:
    """A row as the release before imported it: without the columns that came since."""
    values = asdict(replace(row, **wrong))
    return {name: values[name] for name in values if name not in ("headers", "folder", "flags")}


@pytest.mark.parametrize(
    "other",
    [
        {
            "Date": "Mon, 02 Jun 2025 09:05:00 +0200",
            "body": "The second tray is burnt, throw it.\n",
        },
        {"Subject": "Tray two", "body": "Second tray: please taste.\n"},
        {"Date": "Tue, 03 Jun 2025 09:00:00 +0200"},
        {"To": "femi@kitchen.example", "body": "Dear Femi, your share of May is 40 euros.\n"},
        {"From": "Femi <femi@kitchen.example>", "body": "Fine with me, go on.\n"},
    ],
)
def test_mails_that_share_a_message_id_and_differ_are_kept(
    crm: psycopg.Connection, other: dict[str, str]
) -> None:
    body = "Dear Dana, the first tray is good, sell it for thirty euros.\n"
    headers = {name: value for name, value in other.items() if name != "body"}
    mails = [
        mail_row(raw_message(body, Message_ID="<scan@localhost>")),
        mail_row(raw_message(other.get("body", body), Message_ID="<scan@localhost>", **headers)),
    ]
    assert counts(import_mail(crm, mails)) == (2, 0, 0)
    assert counts(import_mail(crm, reversed(mails))) == (0, 0, 2)
    assert len(column(crm, "body")) == 2


def test_a_mail_that_lies_in_several_folders_is_one_row_that_names_them(
    crm: psycopg.Connection, tmp_path: Path
) -> None:
    for name in ("Inbox/cur/1:2,", "Archive/cur/2:2,S", "Trash/cur/3:2,ST"):
        file = tmp_path / name
        file.parent.mkdir(parents=True)
        file.write_bytes(raw_message(X_Keywords=name))
    assert counts(import_mail(crm, read_mail(tmp_path))) == (1, 0, 2)
    assert column(crm, "folder") == ["Archive\nInbox\nTrash"]
    assert column(crm, "flags") == [["seen"]]
    assert counts(import_mail(crm, read_mail(tmp_path))) == (0, 0, 3)


def test_a_copy_that_was_thrown_away_does_not_take_the_kept_one_along(
    crm: psycopg.Connection,
) -> None:
    gone = replace(mail_row(raw_message(X_Mozilla_Status="0009")), folder="Inbox")
    kept = replace(mail_row(raw_message(X_Mozilla_Status="0001")), folder="Sent")
    assert counts(import_mail(crm, [gone, kept])) == (1, 0, 1)
    assert column(crm, "headers->'x-mozilla-status'->>0") == ["0001"]
    assert column(crm, "folder") == ["Inbox\nSent"]


def test_a_mail_that_was_deleted_since_is_known_as_deleted(crm: psycopg.Connection) -> None:
    row = replace(mail_row(raw_message()), folder="Sent", flags=("seen",))
    import_mail(crm, [row])
    assert counts(import_mail(crm, [replace(row, flags=("seen", "trashed"))])) == (0, 1, 0)
    assert column(crm, "flags") == [["seen", "trashed"]]


@pytest.mark.parametrize(
    "wrong",
    [
        {
            "body": "Gr\u00c3\u00bc\u00c3\u0178e aus K\u00c3\u00b6ln, Ines"
        },  # UTF-8 read as Windows-1252
        {"body": "Gr\ufffd\ufffde aus K\ufffdln, Ines", "subject": "Preise f\ufffdr Brot"},
        {"body": ""},
        {"body": "Minutes by Petra: we stop all tests."},  # an attachment's
        {"sent_at": "2025-06-02T11:00:00+02:00"},  # a zone that was not understood
        {"sender_email": "office@bakery.example"},
    ],
)
def test_what_was_read_wrongly_is_repaired_under_its_id(
    crm: psycopg.Connection, wrong: dict[str, Any]
) -> None:
    right = mail_row(raw_message("Grüße aus Köln, Ines\n", Subject="Preise für Brot"))
    before = as_imported_before(right) | wrong | {"id": "old"}
    insert_rows(crm, "crm_emails", [before])
    assert counts(import_mail(crm, [right])) == (0, 1, 0)
    assert column(crm, "id") == ["old"]
    assert column(crm, "body") == ["Grüße aus Köln, Ines"]
    assert column(crm, "subject") == ["Preise für Brot"]
    assert column(crm, "sent_at") == [right.sent_at]
    assert column(crm, "sender_email") == ["dana@acme.example"]
    assert column(crm, "headers->'from'->>0") == ["Dana Cole <Dana@acme.example>"]
    assert counts(import_mail(crm, [right])) == (0, 0, 1)


def test_a_mail_without_a_message_id_is_repaired(crm: psycopg.Connection) -> None:
    right = mail_row(raw_message("Grüße\n", Message_ID=None))
    insert_rows(crm, "crm_emails", [as_imported_before(right, id="old", body="Gr\ufffd\ufffde")])
    assert counts(import_mail(crm, [right])) == (0, 1, 0)
    assert counts(import_mail(crm, [right])) == (0, 0, 1)
    assert column(crm, "body") == ["Grüße"]


def test_a_mailbox_that_was_imported_as_one_mail_is_repaired(
    crm: psycopg.Connection, tmp_path: Path
) -> None:
    mails = [
        raw_message(
            f"Tray {i}.\n", Message_ID=f"<{i}@x>", Date=f"Mon, 02 Jun 2025 09:0{i}:00 +0000"
        )
        for i in range(3)
    ]
    mbox = b"\n".join(SEPARATOR + mail for mail in mails)
    first = mail_row(mails[0])
    whole = mbox.partition(b"\n\n")[2].decode()
    insert_rows(crm, "crm_emails", [as_imported_before(first, id="old", body=whole)])
    (tmp_path / "mbox").write_bytes(mbox)
    assert counts(import_mail(crm, read_mail(tmp_path))) == (2, 1, 0)
    assert column(crm, "body") == ["Tray 0.", "Tray 1.", "Tray 2."]


def test_mails_that_an_earlier_release_took_for_copies_are_added(crm: psycopg.Connection) -> None:
    mails = [
        mail_row(raw_message(f"Tray {n}.\n", Message_ID="<scan@localhost>", Subject=f"Tray {n}"))
        for n in ("one", "two", "three")
    ]
    mails = [replace(m, sent_at=m.sent_at.replace(minute=i)) for i, m in enumerate(mails)]
    insert_rows(crm, "crm_emails", [as_imported_before(mails[0])])
    assert counts(import_mail(crm, mails)) == (2, 1, 0)
    assert column(crm, "subject") == ["Tray one", "Tray two", "Tray three"]


def test_rows_of_another_programs_table_stay_as_they_are(crm: psycopg.Connection) -> None:
    crm.execute("alter table crm_emails drop headers, drop folder, drop flags, drop direction")
    right = mail_row(raw_message("Grüße\n"))
    insert_rows(crm, "crm_emails", [as_imported_before(right, id="old", body="Gr\ufffd\ufffde")])
    other = mail_row(raw_message("Another one\n", Message_ID="<2@x>"))
    assert counts(import_mail(crm, [right, other])) == (1, 0, 1)
    assert column(crm, "body") == ["Another one", "Gr\ufffd\ufffde"]


def test_what_cannot_be_read_is_named_beside_what_was_repaired(crm: psycopg.Connection) -> None:
    skipped = SkippedInput("inbox/9", "no Date")
    report = import_mail(crm, [mail_row(raw_message()), skipped])
    assert (report.imported, report.repaired, report.skipped) == (1, 0, [skipped])
