"""Messages of an mbox file: one after the other, each below a separator line."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from maverick_assets.crm.foreign_input import SkippedInput
from maverick_assets.crm.mail.bounded_policy import MAX_MAIL_BYTES, TOO_LARGE
from maverick_assets.crm.mail.message import parse_message
from maverick_assets.crm.mail.row import MailRow, Place
from maverick_assets.crm.mailboxes.separators import is_separator, separator_time
from maverick_assets.errors import BadInput

_LINE_BYTES = 1_000_000
_BOM = b"\xef\xbb\xbf"
_HEADER_BYTES = 200_000  # in which a length is looked for
_LENGTH = re.compile(rb"^Content-Length:[ \t]*(\d{1,9})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
# In a body, mail programs write ">From " for "From ", and ">>From " for ">From ".
_ESCAPED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_QUOTED = re.compile(rb">(?!>*From )")


@dataclass
class _Message:
    """A message that is being read."""

    separator: bytes
    data: bytearray
    size: int = 0

    def add(self, line: bytes) -> None:
        self.size += len(line)
        self.data += line if self.size <= MAX_MAIL_BYTES else b""


def read_mbox(path: Path, name: str, folder: str) -> Iterator[MailRow | SkippedInput]:
    """The messages of an mbox file, in its order, named `name message 7`.

    Raises `BadInput` when it is no mbox.
    """
    with path.open("rb") as stream:
        for number, message in enumerate(_messages(stream, path), start=1):
            place = Place(
                f"{name} message {number}", folder, stored_at=separator_time(message.separator)
            )
            if message.size > MAX_MAIL_BYTES:
                yield SkippedInput(place.name, TOO_LARGE)
            else:
                yield parse_message(place, _unescaped(bytes(message.data)))


def _messages(stream: IO[bytes], path: Path) -> Iterator[_Message]:
    """The messages of a stream, each below its separator."""
    message: _Message | None = None
    in_headers, starts_line, after_blank = False, True, True
    protected = 0  # up to where the file says that the message goes
    end = 0  # of the line, in the file
    line = stream.readline(_LINE_BYTES)
    while line:
        end += len(line)
        next_line = stream.readline(_LINE_BYTES)
        may_begin = starts_line and end - len(line) >= protected
        start = line.removeprefix(_BOM) if message is None else line
        if may_begin and is_separator(start, next_line, after_blank):
            if message is not None:
                yield message
            message, in_headers = _Message(start, bytearray()), True
        elif message is not None:
            message.add(line)
            if in_headers and not line.strip():
                in_headers = False
                protected = _end_by_length(stream, bytes(message.data[:_HEADER_BYTES]), end)
        elif line.strip():
            raise BadInput(f"{path} is no mbox: it does not begin with a 'From ' line")
        after_blank = starts_line and not line.strip()
        starts_line = line.endswith(b"\n")
        line = next_line
    if message is not None:
        yield message


def _end_by_length(stream: IO[bytes], headers: bytes, start: int) -> int:
    """Where a body ends by its Content-Length, if a separator or nothing follows there; else 0.

    Some programs do not escape "From " in a body, and write its length instead.
    """
    length = _LENGTH.search(headers)
    if length is None:
        return 0
    here = stream.tell()
    end = start + int(length[1])
    stream.seek(end)
    behind = stream.read(8)
    size = stream.seek(0, 2)
    stream.seek(here)
    follows = behind.lstrip(b"\r\n")
    return end if end <= size and (not follows or follows.startswith(b"From ")) else 0


def _unescaped(data: bytes) -> bytes:
    """A message without the marks that keep its lines from being separators.

    Where other lines beside it are marked, the mark is that of a quote.
    """
    if b">From " not in data:
        return data

    def restored(match: re.Match[bytes]) -> bytes:
        end = data.find(b"\n", match.start()) + 1
        start = data.rfind(b"\n", 0, max(match.start() - 1, 0)) + 1
        is_quoted = _QUOTED.match(data, start) or (end and _QUOTED.match(data, end))
        return match[0] if is_quoted else match[1]

    return _ESCAPED_FROM.sub(restored, data)
