"""Messages and mailbox files become rows, past what is broken."""

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from maverick_assets.crm.foreign_input import SkippedInput
from maverick_assets.crm.mail.message import parse_message
from maverick_assets.crm.mail.row import MailRow, Place
from maverick_assets.crm.mailboxes.folders import read_mail
from maverick_assets.errors import BadInput
from maverick_assets_tests.crm.raw_messages import mail_row, raw_message


def test_a_message_becomes_a_row() -> None:
    parsed = mail_row(
        raw_message(
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
        headers=parsed.headers,
    )
    assert parsed.sent_at == datetime(2025, 6, 2, 7, 0, tzinfo=UTC)


def test_without_in_reply_to_the_last_reference_counts() -> None:
    assert mail_row(raw_message(References="<00@x>\n <0@x>")).in_reply_to == "<0@x>"


def test_plain_text_is_preferred_and_html_alone_becomes_text() -> None:
    mail = EmailMessage()
    mail["From"], mail["Date"] = "dana@acme.example", "Mon, 02 Jun 2025 09:00:00 +0200"
    mail.set_content("plain words")
    mail.add_alternative("<p>html words</p>", subtype="html")
    mail.add_attachment("attached words", filename="a.txt")
    assert mail_row(mail.as_bytes()).body == "plain words"
    mail.clear_content()
    mail.set_content("<p>html&nbsp;words<br>30 &lt; 40</p>", subtype="html")
    assert mail_row(mail.as_bytes()).body == "html words\n30 < 40"


@pytest.mark.parametrize(
    ("content_type", "payload", "expected"),
    [
        ("text/plain; charset=x-unknown", "Grüße".encode(), "Grüße"),
        ("text/plain; charset=iso-8859-1", b"Gr\xfc\xdfe", "Grüße"),
        ("text/plain; charset=utf-8", b"nul\x00 byte\r\nline", "nul byte\nline"),
        ("text/plain; charset=\"'", b"words", "words"),
    ],
)
def test_odd_charsets_are_tolerated(content_type: str, payload: bytes, expected: str) -> None:
    data = raw_message("", Content_Type=content_type, Content_Transfer_Encoding="8bit") + payload
    assert mail_row(data).body == expected


def test_bytes_in_headers_are_read() -> None:
    data = raw_message().replace(b"Subject: Pricing", b"Subject: Pr\xe4mie \xff")
    assert mail_row(data).subject == "Prämie ÿ"


@pytest.mark.parametrize(
    "date", ["Tue, 01 Jan 1980 00:00:00 +0000", "Mon, 31 Dec 1979 16:00 -0800"]
)
def test_dates_of_1980_are_kept(date: str) -> None:
    assert mail_row(raw_message(Date=date)).sent_at == datetime(1980, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (raw_message(From=None), "no sender address (From)"),
        (raw_message(Date=None), "no Date"),
        (raw_message(Date="yesterday"), "unreadable Date 'yesterday'"),
        (raw_message(Date="Mon, 99 Jun 2025 99:00:00 +0200"), "unreadable Date"),
        (b"", "no sender address (From)"),
        (b"\x89PNG\r\n\x1a\n\x00\xff", "no sender address (From)"),
    ],
)
def test_a_broken_message_is_skipped_with_its_reason(data: bytes, reason: str) -> None:
    skipped = parse_message(Place("inbox/7."), data)
    assert isinstance(skipped, SkippedInput)
    assert skipped.name == "inbox/7."
    assert skipped.reason.startswith(reason)


def test_an_mbox_is_split_at_its_separators_only(tmp_path: Path) -> None:
    separator = b"From dana@acme.example Mon Jun  2 09:00:00 2025\n"
    body = "Hello\n\nFrom here on we ship.\n>From now on, too.\n>>From x\n"
    mbox = tmp_path / "mail.mbox"
    mbox.write_bytes(
        separator
        + raw_message(body)
        + b"\n"
        + separator
        + b"X-Broken: yes\n\n"
        + separator
        + raw_message("two")
    )
    first, second, third = read_mail(mbox)
    assert isinstance(first, MailRow)
    assert first.body == "Hello\n\nFrom here on we ship.\nFrom now on, too.\n>From x"
    assert second == SkippedInput("mail.mbox message 2", "no sender address (From)")
    assert isinstance(third, MailRow)


def test_a_maildir_and_a_folder_tree_are_read(tmp_path: Path) -> None:
    maildir, tree = tmp_path / "Maildir", tmp_path / "tree"
    for name in ("cur/1:2,S", "new/2", "tmp/3", ".Sent/cur/4", "dovecot.index"):
        file = maildir / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(raw_message(name))
    for name in ("inbox/1.", "sent/old/2.", ".hidden"):
        file = tree / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(raw_message(name) if name != "inbox/1." else b"no mail")
    assert [mail.body for mail in read_mail(maildir) if isinstance(mail, MailRow)] == [
        ".Sent/cur/4",
        "cur/1:2,S",
        "new/2",
    ]
    assert [mail if isinstance(mail, SkippedInput) else mail.body for mail in read_mail(tree)] == [
        SkippedInput("inbox/1.", "no sender address (From)"),
        "sent/old/2.",
    ]


def test_missing_or_wrong_mail_sources_are_bad_input(tmp_path: Path) -> None:
    file, empty = tmp_path / "file", tmp_path / "empty"
    file.write_text("just text\n")
    empty.mkdir()
    for path, reason in (
        (tmp_path / "none", "no such file"),
        (empty, "has no messages"),
        (file, "is no mail"),
    ):
        with pytest.raises(BadInput, match=reason):
            list(read_mail(path))
