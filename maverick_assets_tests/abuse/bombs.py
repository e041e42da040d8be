"""Inputs of a few bytes or megabytes that cost much: each is set off in a process of its own.

`python -m maverick_assets_tests.abuse.bombs` prints what each cost, as JSON. It imports what the
bombs are thrown at once, and forks for each, so that processor time and memory are that bomb's.
"""

import json
import os
import resource
import sys
import tempfile
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from maverick_assets.crm.foreign_files import bounded_lines
from maverick_assets.crm.html_text import html_to_text
from maverick_assets.crm.importers import _json_rows
from maverick_assets.crm.mail.message import parse_message
from maverick_assets.crm.mail.row import Place
from maverick_assets.crm.mailboxes.folders import read_mail
from maverick_assets.crm.schema import TABLES
from maverick_assets.crm.sources.events import Calendar, EventReader
from maverick_assets.crm.sources.pdf_text import PdfReader
from maverick_assets.crm.sources.source import SourceTable
from maverick_assets.datasets.examples.repetition import long_sentences
from maverick_assets.datasets.mail.cleaning import clean_text
from maverick_assets.datasets.mail.table import clean_row, mail_rows
from maverick_assets.datasets.mail.threads import link_threads
from maverick_assets.datasets.pseudonyms.third_parties import ThirdParties
from maverick_assets.datasets.quality.leaked_secrets import secret_kinds
from maverick_assets.datasets.secrets.find import find_secrets
from maverick_assets.errors import BadInput

# Of processor time: ten times what a bomb costs on a quiet machine, so that a busy one kills none.
KILLED_AFTER_SECONDS = 20
Bomb = Callable[[], object]

HEADER = b"From: dana@x.example\nDate: Mon, 2 Jun 2025 09:00:00 +0000\n"
THIRD_PARTIES = ThirdParties(b"k" * 32, [], ["allan@x.example"])


def mail(content: bytes, tail: bytes = b"", repeated: int = 0) -> Bomb:
    """A mail; `tail` is repeated only when it is read, so that no other bomb carries it along."""
    return lambda: parse_message(Place("bomb"), HEADER + content + tail * repeated)


def html(content: str) -> Bomb:
    return lambda: html_to_text(content)


def body(text: str) -> Bomb:
    """A body on its way into a turn, through everything that reads it."""

    def read() -> None:
        row = dict.fromkeys(("message_id", "in_reply_to", "thread_id"), None) | {
            "id": "1",
            "sender_email": "dana@x.example",
            "recipients": "allan@x.example",
            "subject": text[:1_000],
            "body": text,
            "sent_at": datetime(2025, 6, 2, tzinfo=UTC),
        }
        cleaned = clean_row("crm_emails", row)
        link_threads([cleaned])
        mail_rows([cleaned])
        said = clean_text(text[:100_000])
        THIRD_PARTIES.protect(said, ["dana@x.example"])
        find_secrets(said)
        long_sentences(said)
        secret_kinds(said[:32_000])

    return read


def calendar(content: bytes) -> Bomb:
    text = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + content + b"END:VCALENDAR\r\n"
    reader = EventReader(SourceTable("home_events", "note"), "allan", (), ZoneInfo("UTC"))
    return lambda: list(reader.rows(Calendar("k", "home", None, lambda: [text])))


def event(content: bytes) -> Bomb:
    start = b"BEGIN:VEVENT\r\nUID:1\r\nDTSTART:20250101T000000Z\r\n"
    return calendar(start + content + b"END:VEVENT\r\n")


def json_line(content: bytes) -> Bomb:
    return lambda: list(_json_rows("bomb", [content], TABLES["sticky_notes"]))


def file_of(content: Sequence[bytes], read: Callable[[Path], object]) -> Bomb:
    """A file on disk; `content` is written piece by piece, so that it does not count as memory."""

    def run() -> None:
        with tempfile.NamedTemporaryFile() as file:
            for piece in content:
                file.write(piece)
            file.flush()
            read(Path(file.name))

    return run


def jsonl(path: Path) -> None:
    with path.open("rb") as stream:
        list(_json_rows("bomb", bounded_lines(stream, 4_000_000), TABLES["sticky_notes"]))


def pdf(data: bytes) -> Bomb:
    def read() -> None:
        with PdfReader() as reader:
            reader.read(data)

    return read


def pdf_file(objects: Sequence[bytes]) -> bytes:
    out, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\n" % (
        size, table, size
    ) + b"startxref\n%d\n%%%%EOF" % len(out)  # fmt: skip


def pdf_stream(data: bytes, extra: bytes = b"") -> bytes:
    packed = zlib.compress(data, 9)
    head = b"<</Length %d/Filter/FlateDecode%s>>" % (len(packed), extra)
    return head + b"stream\n" + packed + b"\nendstream"


def pdf_pages(content: bytes, pages: int = 1, forms: Sequence[bytes] = ()) -> Bomb:
    """A PDF with one content that is shown on many pages."""
    resources = b"<</Font<</F 5 0 R>>/XObject<</X 6 0 R>>>>"
    return pdf(
        pdf_file(
            [
                b"<</Type/Catalog/Pages 2 0 R>>",
                b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, b"3 0 R " * pages),
                b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources%s/Contents 4 0 R>>"
                % resources,
                pdf_stream(content),
                b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
                *forms,
            ]
        )
    )


SHOWN = b"BT /F 1 Tf (hello) Tj ET\n"
_FORM = (
    b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</Font<</F 5 0 R>>/XObject<</X %d 0 R>>>>"
)
FORMS = [pdf_stream(b"/X Do " * 10 if at < 8 else SHOWN, _FORM % (7 + at)) for at in range(9)]

# What one line may repeat: marks that expressions look for, and beginnings of what they find.
REPEATED = (
    *(">", "-", "_", "=", " ", "\n", "> \n", "1", "1 ", "12/", "a@", "a@b.", ".", "a", "Aa ", "<"),
    *("&#", '"', "(", "[", "http://", "www.", "=?", "\u0301", "password", "sk-", "secret_"),
    *("From: a\n", "On 3 Jun 2025, ", "wrote:", ">>> ", "-- \n", ">> x\n> ", "+1 ", "4111 "),
    *("de89 ", "-----BEGIN PRIVATE KEY-----", "eyJ", "Dana Cole ", "Mill St 12 ", "\u202e"),
)
SIZE = 64_000

BOMBS: dict[str, Bomb] = {
    **{f"a line of {unit!r}": body(unit * (SIZE // len(unit))) for unit in REPEATED},
    "a body of a megabyte": body("words " * 170_000),
    "MIME parts within parts": mail(
        b"".join(
            b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n)
            for n in range(2000)
        )
    ),
    "many MIME parts": mail(
        b"Content-Type: multipart/mixed; boundary=b\n\n"
        + b"--b\nContent-Type: text/html\n\n\n" * 100_000
    ),
    "a mail of nothing": mail(b"", b"\n", 39_000_000),
    "messages within messages": mail(b"Content-Type: message/rfc822\n\n" * 5000),
    "a type of semicolons": mail(b"Content-Type: text/plain; " + b";" * 32_000 + b"\n\nhi"),
    "a type of quotes": mail(b"Content-Type: text/plain; " + b'"' * 32_000 + b"\n\nhi"),
    "types of semicolons": mail(
        b"Content-Type: multipart/mixed; boundary=b\n\n"
        + b"".join(b"--b\nContent-Type: a/b; x=%d%s\n\n\n" % (n, b";" * 480) for n in range(600))
    ),
    "many headers": mail(b"".join(b"X-%d: a\n" % n for n in range(200_000)) + b"\nhi"),
    "a folded header": mail(b"Subject: a\n" + b" b\n" * 300_000 + b"\nhi"),
    "recipients of colons": mail(b"To: " + b":" * 90_000 + b"\n\nhi"),
    "recipients of brackets": mail(b"To: " + b"(" * 90_000 + b"\n\nhi"),
    "an encoded subject": mail(b"Subject: " + b"=?utf-8?q?a" * 9_000 + b"\n\nhi"),
    "a large attachment": mail(
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: application/zip\n"
        b"Content-Transfer-Encoding: base64\n\n",
        b"A" * 76 + b"\n",
        510_000,
    ),
    "quotes within quotes": html("<blockquote>" * 250 + "x<br>" * 200_000),
    "elements within elements": html("<div>" * 400_000),
    "many elements": html("<p>" * 660_000),
    "an attribute": html("<p " + "a=b " * 490_000 + ">hi"),
    "a second for ever": event(b"RRULE:FREQ=SECONDLY\r\n"),
    "attendees": event(b"ATTENDEE;CN=a:mailto:a@b.example\r\n" * 20_000),
    "events within events": calendar(b"BEGIN:VEVENT\r\n" * 20_000),
    "many events": calendar(b"BEGIN:VEVENT\r\nEND:VEVENT\r\n" * 400_000),
    "a description of tags": event(b"DESCRIPTION:" + b"<p" * 400_000 + b"\r\n"),
    "lists within lists": json_line(b'{"id": ' + b"[" * 1_000_000),
    "a huge number": json_line(b'{"id": ' + b"9" * 3_000_000 + b"}"),
    "a huge row": file_of([b'{"id": "'] + [b"a" * 1_000_000] * 100, jsonl),
    "a huge mail": file_of(
        [b"From a Mon Jun  2 09:00:00 2025\n", HEADER, b"\n", *[b"a" * 999_999 + b"\n"] * 100],
        lambda path: list(read_mail(path)),
    ),
    "lines of nothing": file_of(
        [b"From a Mon Jun  2 09:00:00 2025\n", HEADER, *[b"\n" * 1_000_000] * 3],
        lambda path: list(read_mail(path)),
    ),
    "a separator": file_of([b"From " + b"1" * 900_000], lambda path: list(read_mail(path))),
    "a page that unpacks": pdf_pages(SHOWN * 100_000),
    "a page of a third of a gigabyte": pdf_pages(b" " * 300_000_000),
    "one page 500 times": pdf_pages(SHOWN * 200, pages=500),
    "forms within forms": pdf_pages(b"/X Do " * 10, forms=FORMS),
    "pages that hold themselves": pdf(
        pdf_file([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 9/Kids[2 0 R 2 0 R]>>"])
    ),
    "dictionaries within dictionaries": pdf(pdf_file([b"<</Type/Catalog/A " * 50_000])),
}


def cost(bomb: Bomb) -> dict[str, float]:
    """Seconds of processor time, megabytes, and the exit status of a process that sets it off."""
    process = os.fork()
    if process == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (KILLED_AFTER_SECONDS, KILLED_AFTER_SECONDS))
        try:
            bomb()
        except (ValueError, BadInput):  # refused with a reason
            os._exit(0)
        except BaseException as error:
            print(repr(error)[:200], file=sys.stderr)
            os._exit(1)
        os._exit(0)
    _, status, used = os.wait4(process, 0)
    return {
        "seconds": used.ru_utime + used.ru_stime,
        "megabytes": used.ru_maxrss / 1024,
        "status": os.waitstatus_to_exitcode(status),
    }


if __name__ == "__main__":
    find_secrets("warm"), secret_kinds("warm"), html_to_text("<p>warm")
    print(json.dumps({name: cost(bomb) for name, bomb in BOMBS.items()}))
