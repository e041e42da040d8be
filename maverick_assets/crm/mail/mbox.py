"""Messages of an mbox file: one after the other, each below a separator line."""

import re
from collections.abc import Iterator
from pathlib import Path

from maverick_assets.crm.foreign_files import bounded_lines
from maverick_assets.crm.foreign_input import SkippedInput
from maverick_assets.crm.mail.bounded_policy import MAX_MAIL_BYTES, TOO_LARGE
from maverick_assets.crm.mail.message import parse_message
from maverick_assets.crm.mail.row import MailRow, Place
from maverick_assets.errors import BadInput

_LINE_BYTES = 1_000_000
# Between messages of an mbox: "From dana@x.example Mon Jun  2 09:00:00 2025". Lines of a body have
# none: "From here on we ship."
_FROM_LINE = re.compile(rb"From .*\d{1,2}:\d{2}")
# In a body, mail programs write ">From " for "From ", and ">>From " for ">From ".
_ESCAPED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)


def read_mbox(path: Path) -> Iterator[MailRow | SkippedInput]:
    """The messages of an mbox file, in its order.

    Raises `BadInput` when there is no such file, or it is no mbox.
    """
    if path.is_dir():
        raise BadInput(f"{path} is a folder; give it with --maildir")
    if not path.is_file():
        raise BadInput(f"{path}: no such file; give an mbox file")
    for number, data in enumerate(_mbox_messages(path), start=1):
        place = Place(f"{path.name} message {number}", folder=path.name)
        if data is None:
            yield SkippedInput(place.name, TOO_LARGE)
        else:
            yield parse_message(place, data)


def _mbox_messages(path: Path) -> Iterator[bytes | None]:
    """The messages between separator lines, each the first line or below a blank one.

    None stands for a message larger than `MAX_MAIL_BYTES`.
    """
    message: bytearray | None = None
    size = 0
    after_blank = starts_line = True
    with path.open("rb") as stream:
        for line in bounded_lines(stream, _LINE_BYTES):
            if starts_line and after_blank and _FROM_LINE.match(line):
                if message is not None:
                    yield _unescaped(message, size)
                message, size = bytearray(), 0
            elif message is not None:
                size += len(line)
                message += line if size <= MAX_MAIL_BYTES else b""
            elif line.strip():
                raise BadInput(f"{path} is no mbox: it does not begin with a 'From ' line")
            after_blank = starts_line and not line.strip()
            starts_line = line.endswith(b"\n")
    if message is not None:
        yield _unescaped(message, size)


def _unescaped(message: bytearray, size: int) -> bytes | None:
    return None if size > MAX_MAIL_BYTES else _ESCAPED_FROM.sub(rb"\1", bytes(message))
