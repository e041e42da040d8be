"""A row keeps what headers, folder and mailbox say of a mail, decoded and bounded."""

import json
from pathlib import Path

import psycopg
import pytest

from maverick_assets.crm.importers import import_mail
from maverick_assets.crm.mail.headers import mailboxes
from maverick_assets.crm.mail.row import MailRow
from maverick_assets.crm.mailboxes.folders import read_mail
from maverick_assets_tests.crm.raw_messages import mail_row, raw_message


def test_the_headers_that_say_who_wrote_a_mail_are_kept() -> None:
    row = mail_row(
        raw_message(
            From="=?utf-8?q?K=C3=B6hler=2C_Ines?= <ines@bakery.example>",
            Sender="Office <office@bakery.example>",
            To='"Allan Reyes" <allan@testpilot.example>, "Team, the" <team@bakery.example>',
            References="<1@x>\n <2@x>",
            X_Gmail_Labels="=?UTF-8?Q?Gesendet,Ge=C3=B6ffnet?=",
            DKIM_Signature="v=1; a=rsa-sha256; d=bakery.example; s=mail; b=SoMe+SiGnAtUrE==",
            Received="from a.example by b.example;\n Mon, 2 Jun 2025 09:00:00 +0200",
            X_Nobody_Asked="for this",
        )
    )
    assert row.headers == {
        "from": ['"Köhler, Ines" <ines@bakery.example>'],
        "sender": ["Office <office@bakery.example>"],
        "to": ['Allan Reyes <allan@testpilot.example>, "Team, the" <team@bakery.example>'],
        "date": ["Mon, 02 Jun 2025 09:00:00 +0200"],
        "references": ["<1@x> <2@x>"],
        "x-gmail-labels": ["Gesendet,Geöffnet"],
        "dkim-signature": ["d=bakery.example; s=mail"],
        "received": ["from a.example by b.example; Mon, 2 Jun 2025 09:00:00 +0200"],
        "x-parts": ["text/plain"],
    }


def test_the_types_of_the_parts_are_kept() -> None:
    parts = (
        'Content-Type: multipart/mixed; boundary="b"\n\n'
        "--b\nContent-Type: text/plain; charset=utf-8\n\nHello\n"
        "--b\nContent-Type: text/calendar; method=request; charset=utf-8\n\nBEGIN:VCALENDAR\n"
        "--b\nContent-Type: application/pdf\n\nx\n--b--\n"
    )
    data = raw_message().partition(b"\n\n")[0] + b"\n" + parts.encode()
    headers = mail_row(data).headers
    assert headers["content-type"] == ['multipart/mixed; boundary="b"']
    assert headers["x-parts"] == [
        "text/plain",
        "text/calendar; method=REQUEST",
        "application/pdf",
    ]


def test_what_headers_may_cost_is_bounded() -> None:
    many = ", ".join(f"Person Number{i} <p{i}@x.example>" for i in range(2_000))
    received = "\n".join(f"Received: from {'a' * 3000} by host{i}" for i in range(500))
    data = received.encode() + b"\n" + raw_message(To=many)
    headers = mail_row(data).headers
    assert len(json.dumps(headers)) < 100_000
    assert len(headers["received"]) == 30
    assert mailboxes(headers["to"][0])[200] == ("Person Number200", "p200@x.example")
    assert mail_row(data).recipients.count("@") == 2_000


@pytest.mark.parametrize(
    ("written", "people"),
    [
        ("a@x.example; b@x.example", [("", "a@x.example"), ("", "b@x.example")]),
        ('"Cole, Dana" <d@x.example>', [("Cole, Dana", "d@x.example")]),
        ("Cole, Dana <d@x.example>", [("Cole, Dana", "d@x.example")]),
        ("=?utf-8?q?Cole,_Dana?= <d@x.example>", [("Cole, Dana", "d@x.example")]),
        ("d@x.example (Dana (D.) Cole)", [("Dana D. Cole", "d@x.example")]),
        ("Dana Cole d@x.example", [("Dana Cole", "d@x.example")]),
        ("undisclosed-recipients:;", []),
        ("Team: a@x.example, B <b@x.example>;", [("", "a@x.example"), ("B", "b@x.example")]),
        ("'Dana Cole' <d@x.example>", [("Dana Cole", "d@x.example")]),
        (r'"Dana \"DC\" Cole" <d@x.example>', [('Dana "DC" Cole', "d@x.example")]),
        ('"open <d@x.example>, e@x.example', [('"open', "d@x.example"), ("", "e@x.example")]),
        ('"Allan" </O=TP/OU=X (Y)/CN=ALLAN>', [("Allan", "/O=TP/OU=X (Y)/CN=ALLAN")]),
    ],
)
def test_people_are_read_however_a_header_writes_them(
    written: str, people: list[tuple[str, str]]
) -> None:
    assert mailboxes(written) == people


def test_folder_and_flags_of_a_maildir_are_kept(tmp_path: Path) -> None:
    for name in (
        "cur/1.host:2,RS",
        ".Sent.2025/cur/2.host:2,S",
        ".Drafts/cur/3.host:2,DS",
        "new/4",
    ):
        file = tmp_path / "Mail" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(raw_message(name))
    rows = [row for row in read_mail(tmp_path / "Mail") if isinstance(row, MailRow)]
    assert [(row.folder, list(row.flags)) for row in rows] == [
        ("Drafts", ["draft", "seen"]),
        ("Sent/2025", ["seen"]),
        ("Mail", ["replied", "seen"]),
        ("Mail", []),
    ]


def test_folder_and_flags_of_an_mbox_are_kept(tmp_path: Path) -> None:
    mbox = tmp_path / "Sent"
    separator = b"From dana@acme.example Mon Jun  2 09:00:00 2025\n"
    mbox.write_bytes(separator + raw_message(Status="RO", X_Status="AT"))
    [row] = read_mail(mbox)
    assert isinstance(row, MailRow)
    assert (row.folder, list(row.flags)) == ("Sent", ["seen", "replied", "draft"])
    assert row.headers["x-status"] == ["AT"]


def test_the_columns_are_stored(crm: psycopg.Connection, tmp_path: Path) -> None:
    file = tmp_path / "Archive" / "cur" / "1:2,S"
    file.parent.mkdir(parents=True)
    file.write_bytes(raw_message(List_Id="<news.x.example>"))
    import_mail(crm, read_mail(tmp_path))
    query = "select headers->'list-id', folder, flags, direction from crm_emails"
    assert crm.execute(query.encode()).fetchall() == [
        (["<news.x.example>"], "Archive", ["seen"], None)
    ]
