"""Import of mail and rows into a real PostgreSQL: once, complete, and past what is broken."""

import json
import random
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import psycopg
import pytest

from maverick_assets.crm.html_text import html_to_text
from maverick_assets.crm.importers import (
    MailRow,
    Skipped,
    import_jsonl,
    import_mail,
    insert_rows,
    read_maildir,
    read_mbox,
)
from maverick_assets.crm.internet_mail import parse_message
from maverick_assets.errors import BadInput

MAILBOX = Path(__file__).parents[3] / "shared/data/mailbox-arnold/maildir.tar.xz"
NOTE = {
    "id": "n1",
    "user_id": "allan",
    "title": "Pricing",
    "content": "Never below 20%",
    "tags": ["pricing"],
    "created_at": "2025-06-02T09:00:00+02:00",
}


def message(body: str = "Hello Allan\n", **headers: str | None) -> bytes:
    """A plain message; a header given as None is left out."""
    fields = {
        "From": "Dana Cole <Dana@acme.example>",
        "To": "allan@testpilot.example",
        "Date": "Mon, 02 Jun 2025 09:00:00 +0200",
        "Message-ID": "<1@acme.example>",
        "Subject": "Pricing",
    }
    given = fields | {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in given.items() if value is not None]
    return "\n".join([*lines, "", body]).encode()


def row(data: bytes) -> MailRow:
    parsed = parse_message("m", data)
    assert isinstance(parsed, MailRow), parsed
    return parsed


def stored(crm: psycopg.Connection, query: str) -> list[tuple[object, ...]]:
    return crm.execute(query.encode()).fetchall()


def test_a_message_becomes_a_row() -> None:
    parsed = row(
        message(
            Cc='"Lee, I." <LEE@acme.example>, undisclosed-recipients:;',
            In_Reply_To="<0@x> (Allan)",
            References="<00@x> <0@x>",
            Subject="=?utf-8?q?Pr=C3=A4mie?=\n 30%",
            X_From="Somebody Else",
        )
    )
    assert parsed == MailRow(
        id=parsed.id,
        thread_id=None,
        message_id="<1@acme.example>",
        in_reply_to="<0@x>",
        sender_email="dana@acme.example",
        recipients="allan@testpilot.example, lee@acme.example",
        subject="Prämie 30%",
        body="Hello Allan",
        sent_at=parsed.sent_at,
    )
    assert parsed.sent_at == datetime(2025, 6, 2, 7, 0, tzinfo=UTC)


def test_without_in_reply_to_the_last_reference_counts() -> None:
    assert row(message(References="<00@x>\n <0@x>")).in_reply_to == "<0@x>"


def test_plain_text_is_preferred_and_html_alone_becomes_text() -> None:
    mail = EmailMessage()
    mail["From"], mail["Date"] = "dana@acme.example", "Mon, 02 Jun 2025 09:00:00 +0200"
    mail.set_content("plain words")
    mail.add_alternative("<p>html words</p>", subtype="html")
    mail.add_attachment("attached words", filename="a.txt")
    assert row(mail.as_bytes()).body == "plain words"
    mail.clear_content()
    mail.set_content("<p>html&nbsp;words<br>30 &lt; 40</p>", subtype="html")
    assert row(mail.as_bytes()).body == "html words\n30 < 40"


def test_html_keeps_lines_and_marks_quoted_blocks() -> None:
    html = """<html><head><title>t</title><style>p {color: red}</style></head><body>
      <div>Hi <b>Allan</b>,</div><div><br></div><ul><li>one</li><li>two</li></ul>
      <p>On Mon, Dana wrote:</p><blockquote><p>Can we?</p>
      <blockquote>No</blockquote></blockquote><script>x()</script></body></html>"""
    assert html_to_text(html) == (
        "Hi Allan,\n\none\ntwo\n\nOn Mon, Dana wrote:\n\n> Can we?\n>\n> > No"
    )
    assert html_to_text("") == html_to_text("<!-- nothing -->") == ""


@pytest.mark.parametrize(
    ("content_type", "payload", "expected"),
    [
        ("text/plain; charset=x-unknown", "Grüße".encode(), "Grüße"),
        ("text/plain; charset=us-ascii", b"Gr\xfc\xdfe", "Gr\ufffd\ufffde"),
        ("text/plain; charset=iso-8859-1", b"Gr\xfc\xdfe", "Grüße"),
        ("text/plain; charset=utf-8", b"nul\x00 byte\r\nline", "nul byte\nline"),
        ("text/plain; charset=\"'", b"words", "words"),
    ],
)
def test_odd_charsets_are_tolerated(content_type: str, payload: bytes, expected: str) -> None:
    data = message("", Content_Type=content_type, Content_Transfer_Encoding="8bit") + payload
    assert row(data).body == expected


def test_bytes_in_headers_are_read() -> None:
    data = message().replace(b"Subject: Pricing", b"Subject: Pr\xe4mie \xff")
    assert row(data).subject == "Prämie ÿ"


@pytest.mark.parametrize(
    "date", ["Tue, 01 Jan 1980 00:00:00 +0000", "Mon, 31 Dec 1979 16:00 -0800"]
)
def test_dates_of_1980_are_kept(date: str) -> None:
    assert row(message(Date=date)).sent_at == datetime(1980, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (message(From=None), "no sender address (From)"),
        (message(From="Dana"), "no sender address (From)"),
        (message(Date=None), "no Date"),
        (message(Date="yesterday"), "unreadable Date 'yesterday'"),
        (message(Date="Mon, 99 Jun 2025 99:00:00 +0200"), "unreadable Date"),
        (b"", "no sender address (From)"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "no sender address (From)"),
    ],
)
def test_a_broken_message_is_skipped_with_its_reason(data: bytes, reason: str) -> None:
    skipped = parse_message("inbox/7.", data)
    assert isinstance(skipped, Skipped)
    assert skipped.name == "inbox/7."
    assert skipped.reason.startswith(reason)


def test_an_mbox_is_split_at_its_separators_only(tmp_path: Path) -> None:
    separator = b"From dana@acme.example Mon Jun  2 09:00:00 2025\n"
    body = "Hello\n\nFrom here on we ship.\n>From now on, too.\n>>From x\n"
    mbox = tmp_path / "mail.mbox"
    mbox.write_bytes(
        separator + message(body) + b"\n" + separator + b"broken\n\n" + separator + message("two")
    )
    first, second, third = read_mbox(mbox)
    assert isinstance(first, MailRow)
    assert first.body == "Hello\n\nFrom here on we ship.\nFrom now on, too.\n>From x"
    assert second == Skipped("mail.mbox message 2", "no sender address (From)")
    assert isinstance(third, MailRow)


def test_a_maildir_and_a_folder_tree_are_read(tmp_path: Path) -> None:
    maildir, tree = tmp_path / "Maildir", tmp_path / "tree"
    for name in ("cur/1:2,S", "new/2", "tmp/3", ".Sent/cur/4", "dovecot.index"):
        file = maildir / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(message(name))
    for name in ("inbox/1.", "sent/old/2.", ".hidden"):
        file = tree / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(message(name) if name != "inbox/1." else b"no mail")
    assert [mail.body for mail in read_maildir(maildir) if isinstance(mail, MailRow)] == [
        ".Sent/cur/4",
        "cur/1:2,S",
        "new/2",
    ]
    assert [mail if isinstance(mail, Skipped) else mail.body for mail in read_maildir(tree)] == [
        Skipped("inbox/1.", "no sender address (From)"),
        "sent/old/2.",
    ]


def test_missing_or_wrong_mail_sources_are_bad_input(tmp_path: Path) -> None:
    file, empty = tmp_path / "file", tmp_path / "empty"
    file.write_text("just text\n")
    empty.mkdir()
    for read, message_part in (
        (read_mbox(tmp_path / "none"), "no such file"),
        (read_mbox(empty), "--maildir"),
        (read_mbox(file), "is no mbox"),
        (read_maildir(tmp_path / "none"), "no such folder"),
        (read_maildir(file), "--mbox"),
        (read_maildir(empty), "has no messages"),
    ):
        with pytest.raises(BadInput, match=message_part):
            list(read)


def test_importing_twice_imports_once_in_any_order(crm: psycopg.Connection) -> None:
    mails = [row(message(f"number {i}", Message_ID=f"<{i}@x>")) for i in range(1200)]
    first = import_mail(crm, [*mails, Skipped("inbox/9.", "no Date")])
    random.Random(7).shuffle(mails)
    second = import_mail(crm, iter(mails))
    assert (first.imported, first.unchanged) == (1200, 0)
    assert first.skipped == [Skipped("inbox/9.", "no Date")]
    assert (second.imported, second.unchanged, second.skipped) == (0, 1200, [])


def test_copies_under_several_message_ids_and_rewrapped_copies_are_one_row(
    crm: psycopg.Connection,
) -> None:
    copies = [
        row(message("Hello\nAllan")),
        row(message("Hello\nAllan", Message_ID="<copy@x>", Date="Mon, 02 Jun 2025 07:00:30 +0000")),
        row(message("Hello Allan ", Message_ID=None)),
        row(message("Hello Allan, with a list's footer")),
    ]
    assert import_mail(crm, copies).imported == 1
    assert import_mail(crm, reversed(copies)).imported == 0


def test_the_others_load_when_postgresql_refuses_a_mail(crm: psycopg.Connection) -> None:
    good = row(message())
    early = datetime.max.replace(tzinfo=UTC)
    broken = replace(good, id="b", message_id="<b@x>", sender_email=None)  # type: ignore[arg-type]
    assert import_mail(crm, [good, replace(good, id="c", message_id=None, sent_at=early)]).imported
    crm.execute("alter table crm_emails alter sender_email set not null")
    report = import_mail(crm, [row(message("x", Message_ID="<x@x>")), broken])
    assert report.imported == 1
    assert [skipped.name for skipped in report.skipped] == ["b"]


def test_a_failure_on_the_way_imports_nothing(crm: psycopg.Connection) -> None:
    def failing() -> Iterator[MailRow]:
        for i in range(700):
            yield row(message(f"number {i}", Message_ID=f"<{i}@x>"))
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        import_mail(crm, failing())
    assert stored(crm, "select count(*) from crm_emails") == [(0,)]


def write_lines(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(r if isinstance(r, str) else json.dumps(r) for r in rows))
    return path


def test_json_lines_are_imported_once(crm: psycopg.Connection, tmp_path: Path) -> None:
    without_id = {key: value for key, value in NOTE.items() if key != "id"}
    path = write_lines(tmp_path / "notes.jsonl", NOTE | {"unknown": 1}, "", without_id)
    assert import_jsonl(crm, "sticky_notes", path).imported == 2
    again = import_jsonl(crm, "sticky_notes", path)
    assert (again.imported, again.unchanged, again.skipped) == (0, 2, [])
    assert stored(crm, "select tags, created_at from sticky_notes where id = 'n1'") == [
        (["pricing"], datetime(2025, 6, 2, 7, 0, tzinfo=UTC))
    ]


def test_bad_lines_are_skipped_by_number_and_the_others_load(
    crm: psycopg.Connection, tmp_path: Path
) -> None:
    untitled = {key: value for key, value in NOTE.items() if key != "title"}
    path = write_lines(
        tmp_path / "notes.jsonl",
        NOTE,
        "{broken",
        "[1, 2]",
        untitled | {"id": "n2"},
        NOTE | {"id": "n3", "created_at": "not a date"},
        NOTE | {"id": "n4", "content": "nul \u0000 and half a pair \ud83d", "tags": "one"},
        "[" * 100_000,
    )
    report = import_jsonl(crm, "sticky_notes", path)
    assert report.imported == 2
    reasons = {skipped.name: skipped.reason for skipped in report.skipped}
    assert list(reasons) == [f"notes.jsonl:{line}" for line in (2, 3, 4, 7, 5)]
    assert reasons["notes.jsonl:4"] == "no column title"
    assert reasons["notes.jsonl:5"].startswith("invalid input syntax for type timestamp")
    assert stored(crm, "select content, tags from sticky_notes where id = 'n4'") == [
        ("nul  and half a pair ?", ["one"])
    ]


def test_json_values_fit_their_columns(crm: psycopg.Connection, tmp_path: Path) -> None:
    talks = write_lines(tmp_path / "c.jsonl", {"id": 7, "user_id": 1, "metadata": {"a": [1]}})
    deal = {"id": "d", "deal_name": "Oats", "stage": "Won", "amount": None, "notes": {"k": "ä"}}
    deals = write_lines(
        tmp_path / "d.jsonl", deal | {"owner_email": "a@x", "created_at": "2025-06-02"}
    )
    assert import_jsonl(crm, "conversations", talks).imported == 1
    assert import_jsonl(crm, "crm_deals", deals).imported == 1
    assert stored(crm, "select * from conversations") == [("7", "1", {"a": [1]})]
    assert stored(crm, "select amount, notes from crm_deals") == [(None, '{"k": "ä"}')]


def test_an_unknown_table_or_a_missing_file_is_bad_input(
    crm: psycopg.Connection, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=r"no table 'notes'.*sticky_notes"):
        import_jsonl(crm, "notes", tmp_path / "x")
    with pytest.raises(BadInput, match="no such file"):
        import_jsonl(crm, "sticky_notes", tmp_path / "x")


def test_insert_rows_counts_new_and_known_and_refuses_whole(crm: psycopg.Connection) -> None:
    rows = [NOTE | {"id": str(i)} for i in range(1100)]
    assert insert_rows(crm, "sticky_notes", iter(rows)) == (1100, 0)
    assert insert_rows(crm, "sticky_notes", [*rows[:3], NOTE]) == (1, 3)
    broken = [NOTE | {"id": "new"}, NOTE | {"id": "bad", "created_at": "never"}]
    with pytest.raises(BadInput, match="sticky_notes row bad"):
        insert_rows(crm, "sticky_notes", broken)
    assert stored(crm, "select count(*) from sticky_notes") == [(1101,)]


def test_a_table_without_unique_id_is_bad_input(crm: psycopg.Connection) -> None:
    crm.execute("alter table sticky_notes drop constraint sticky_notes_pkey")
    with pytest.raises(BadInput, match=r"sticky_notes.*unique id"):
        insert_rows(crm, "sticky_notes", [NOTE])


@pytest.mark.skipif(not MAILBOX.is_file(), reason="../shared/data/mailbox-arnold is not here")
def test_a_real_mailbox_is_imported_without_its_copies(
    crm: psycopg.Connection, tmp_path: Path
) -> None:
    with tarfile.open(MAILBOX) as archive:
        archive.extractall(tmp_path, filter="data")
    rows = list(read_maildir(tmp_path))
    report = import_mail(crm, rows)
    assert len(rows) == 4898
    assert report.skipped == []
    assert 2600 < report.imported < 2700
    again = import_mail(crm, reversed(rows))
    assert (again.imported, again.unchanged) == (0, 4898)
