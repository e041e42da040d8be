"""Lines between the messages of an mbox.

"From dana@x.example Mon Jun  2 09:00:00 2025", "From - Mon Jun 30 10:00:00 2025", and "From " alone
as Thunderbird writes it today. A sentence of a mail may begin with the word, too: "From 9:30 to
10:00 we set up the booths."
"""

import re
from datetime import datetime

from maverick_assets.crm.mail.dates import parse_date

_DAY = rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_MONTH = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
# As C's asctime writes it, with a zone before or behind the year
_ASCTIME = re.compile(
    rb"From .{0,500}?" + _DAY + rb" +" + _MONTH + rb" +\d{1,2} +\d{1,2}:\d{2}(?::\d{2})?"
    rb"(?: +[A-Z+-][\w+:-]{0,9}){0,2} +(?:19|20)\d{2}\b"
)
# "Mon, 02 Jun 2025 09:00:00 +0200", in any order
_WEEKDAY_AND_YEAR = re.compile(rb"From .{0,300}?\b" + _DAY + rb"\b.{0,60}?\b(?:19|20)\d{2}\b")
_ADDRESS_ALONE = re.compile(rb"From +(?:<?[^\s@<>]{1,200}@[^\s@<>]{1,200}>?|-)\s*$")
_BARE = re.compile(rb"From\s*$")
_HEADER = re.compile(rb"([!-9;-~]{1,80})[ \t]*:")
# Headers that messages begin with; in a sentence, "Note:" may stand below one that begins with From
_FIRST_HEADERS = re.compile(
    rb"(?:x-|arc-|dkim-|list-|resent-|content-)[\w-]+|from|to|cc|date|subject|sender|reply-to"
    rb"|received|received-spf|return-path|message-id|mime-version|delivered-to|delivery-date"
    rb"|envelope-to|status|authentication-results|in-reply-to|references|user-agent|organization"
    rb"|thread-topic|thread-index|importance|priority|path|newsgroups|domainkey-signature|lines",
    re.IGNORECASE,
)


def is_separator(line: bytes, next_line: bytes, after_blank: bool) -> bool:
    """Whether a line begins a message.

    Header lines follow it. It has the date of an mbox, or it stands below a blank line and has an
    address, a weekday and a year, or nothing.
    """
    if not line.startswith(b"From "):
        return False
    header = _HEADER.match(next_line)
    if header is None and not next_line.startswith(b">From "):  # a separator that was escaped
        return False
    if _ASCTIME.match(line):
        return True
    if not after_blank or header is None or not _FIRST_HEADERS.fullmatch(header[1]):
        return False
    return bool(_BARE.match(line) or _ADDRESS_ALONE.match(line) or _WEEKDAY_AND_YEAR.match(line))


def separator_time(line: bytes) -> datetime | None:
    """The time that a separator names, which programs write without a zone."""
    text = line.decode("ascii", "replace")
    return parse_date(" ".join(text.split()[2:])) or parse_date(text)
