"""Each file of a mailbox is read as what it is, and an mbox is cut at its separators only."""

from pathlib import Path

import pytest

from maverick_assets.crm.foreign_input import SkippedInput
from maverick_assets.crm.mail.row import MailRow
from maverick_assets.crm.mailboxes.folders import read_mail
from maverick_assets_tests.crm.raw_messages import raw_message

DATED = "From ines@bakery.example Mon Jun  2 09:00:00 2025\n"
PLIST = '<?xml version="1.0"?>\n<plist version="1.0"><dict>{}</dict></plist>\n'


def rows(path: Path) -> list[MailRow]:
    items = list(read_mail(path))
    assert [item for item in items if isinstance(item, SkippedInput)] == []
    return [item for item in items if isinstance(item, MailRow)]


def write(path: Path, data: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def mail(body: str, **headers: str | None) -> str:
    return raw_message(body, Message_ID=f"<{abs(hash(body))}@x>", **headers).decode()


@pytest.mark.parametrize(
    "separator",
    [
        *("From \n", "From - Mon Jun 02 10:00:00 2025\n", DATED, "From ines@bakery.example\n"),
        "From 1834567890@xxx Mon Jun 02 06:00:00 +0000 2025\n",
        'From "Ines Lang" Mon Jun  2 09:00:00 2025\n',
        "From ines@bakery.example Mon, 02 Jun 2025 09:00:00 +0200\n",
        "From MAILER-DAEMON Mon Jun  2 09:00:00 CEST 2025\n",
    ],
)
def test_every_mail_of_an_mbox_is_read(tmp_path: Path, separator: str) -> None:
    mails = [separator + mail(f"tray {n}\n") for n in range(3)]
    path = write(tmp_path / "box", "\n".join(mails))
    assert [row.body for row in rows(path)] == ["tray 0", "tray 1", "tray 2"]


@pytest.mark.parametrize(
    "sentence",
    [
        *("From 9:30 to 10:00 we bake.", "From Monday on, 9:30: bread.", "From here on we ship"),
        *("From \n\nDana:", "From Mon to Fri 2025 we bake\nNote: not on Sunday", "From: Ines"),
        "From ines@bakery.example Mon Jun  2 09:00:00 2025\n\nis what the log says",
    ],
)
def test_a_sentence_is_no_separator(tmp_path: Path, sentence: str) -> None:
    path = write(tmp_path / "box", DATED + mail(f"Hello\n\n{sentence}\n\nInes\n"))
    assert [row.body for row in rows(path)] == [f"Hello\n\n{sentence}\n\nInes"]


def test_a_separator_needs_no_blank_line_above_it(tmp_path: Path) -> None:
    path = write(tmp_path / "box", DATED + mail("tray 0\n") + DATED + mail("tray 1\n"))
    assert [row.body for row in rows(path)] == ["tray 0", "tray 1"]


def test_a_body_may_say_how_long_it_is(tmp_path: Path) -> None:
    inner = f"as he wrote:\n\n{DATED}{mail('tray 9')}\n"
    first = mail(inner, Content_Length=str(len(inner)))
    path = write(tmp_path / "box", f"{DATED}{first}\n{DATED}{mail('tray 1')}")
    assert [row.body for row in rows(path)] == [inner.strip("\n"), "tray 1"]
    wrong = mail("tray 0\n", Content_Length="9999")
    path = write(tmp_path / "wrong", f"{DATED}{wrong}\n{DATED}{mail('tray 1')}")
    assert [row.body for row in rows(path)] == ["tray 0", "tray 1"]


def test_escapes_go_and_quotes_stay(tmp_path: Path) -> None:
    body = ">From now on\n>>From then\n\n> he said\n>From the oven\n"
    path = write(tmp_path / "box", DATED + mail(body))
    assert rows(path)[0].body == "From now on\n>From then\n\n> he said\n>From the oven"


def test_the_separator_gives_the_time_that_the_mail_lacks(tmp_path: Path) -> None:
    path = write(tmp_path / "box", DATED + mail("tray", Date="soon"))
    assert rows(path)[0].sent_at.isoformat() == "2025-06-02T09:00:00+00:00"


def test_folders_of_apple_mail_are_read(tmp_path: Path) -> None:
    write(tmp_path / "Sent.mbox" / "mbox", DATED + mail("tray 0\n") + "\n" + DATED + mail("tray 1"))
    write(tmp_path / "Sent.mbox" / "table_of_contents", b"\0\1\0\x10")
    assert [(row.body, row.folder) for row in rows(tmp_path / "Sent.mbox")] == [
        ("tray 0", "Sent"),
        ("tray 1", "Sent"),
    ]
    assert [row.folder for row in rows(tmp_path)] == ["Sent", "Sent"]


@pytest.mark.parametrize(
    ("length", "properties", "flags"),
    [
        (None, "<key>flags</key><integer>8590195713</integer>", ("seen",)),
        (None, "<key>flags</key><integer>67</integer>", ("seen", "trashed", "draft")),
        (5, "<key>flags</key><integer>5</integer>", ("seen", "replied")),
        (9_999, "<key>flags</key><integer>1</integer>", ("seen",)),
        (None, "<key>flags</key>", ()),
        (None, "<key>date-received</key><integer>1748847600</integer>", ()),
    ],
)
def test_emlx_files_are_read_with_their_flags(
    tmp_path: Path, length: int | None, properties: str, flags: tuple[str, ...]
) -> None:
    store = (
        tmp_path / "Sent.mbox" / "6F9C1B2A-0000-4000-8000-0123456789AB" / "Data" / "3" / "Messages"
    )
    text = mail("tray\n")
    size = len(text) if length is None else length
    write(store / "513.partial.emlx", f"{size}      \n{text}{PLIST.format(properties)}")
    write(store.parent / "Attachments" / "513" / "2.emlxpart", b"%PDF")
    [row] = rows(tmp_path)
    assert (row.body, row.folder, row.flags) == ("tray", "Sent", flags)


def test_an_emlx_without_a_date_has_that_of_its_receipt(tmp_path: Path) -> None:
    text = mail("tray\n", Date=None)
    received = PLIST.format("<key>date-received</key><integer>1748847600</integer>")
    [row] = rows(write(tmp_path / "1.emlx", f"{len(text)}\n{text}{received}"))
    assert row.sent_at.timestamp() == 1748847600


def test_a_profile_of_thunderbird_is_read(tmp_path: Path) -> None:
    write(tmp_path / "Inbox", "From \n" + mail("tray 0\n"))
    write(tmp_path / "Inbox.msf", "// <!-- <mdb:mork:z -->")
    write(tmp_path / "Clients.sbd" / "Acme", "From \n" + mail("tray 1\n"))
    write(tmp_path / "Clients.sbd" / "Acme.msf", "// <!-- <mdb:mork:z -->")
    write(tmp_path / "msgFilterRules.dat", 'version="9"')
    assert [(row.body, row.folder) for row in rows(tmp_path)] == [
        ("tray 1", "Clients/Acme"),
        ("tray 0", "Inbox"),
    ]


def test_an_mbox_beside_messages_is_never_one_mail(tmp_path: Path) -> None:
    write(tmp_path / "a.eml", DATED + mail("tray 0\n") + "\n" + DATED + mail("tray 1\n"))
    write(tmp_path / "b.eml", mail("tray 2\n"))
    assert [row.body for row in rows(tmp_path)] == ["tray 0", "tray 1", "tray 2"]
    assert [row.body for row in rows(tmp_path / "b.eml")] == ["tray 2"]


def test_what_exports_of_outlook_write_for_a_sender_is_kept(tmp_path: Path) -> None:
    named = mail("tray 0\n", From='"Ines Lang" <MAILER-DAEMON>')
    exchange = mail("tray 1\n", From='"Ines Lang" </O=BAKERY/OU=EXCHANGE/CN=RECIPIENTS/CN=INES>')
    path = write(tmp_path / "Sent", f"{DATED}{named}\n{DATED}{exchange}")
    assert [row.sender_email for row in rows(path)] == [
        "Ines Lang",
        "/o=bakery/ou=exchange/cn=recipients/cn=ines",
    ]
