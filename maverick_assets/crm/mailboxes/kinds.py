"""What a file of a mailbox is: decided by what stands in it, not by its name."""

import re
from typing import Literal

from maverick_assets.crm.mailboxes.separators import is_separator

Kind = Literal["mbox", "emlx", "message", "program", "unknown"]

HEAD_BYTES = 4_000
# "310      ": how long the message is that follows, in a file of Apple Mail
_LENGTH = re.compile(rb"\d{1,10}[ \t]*\r?\n")
_HEADER = re.compile(rb"[!-9;-~]{1,80}[ \t]*:")
# Files that mail programs keep beside the mail: indexes, rules, lists of folders, attachments that
# were taken out of their mail
_PROGRAM_FILES = re.compile(
    r"table_of_contents|dovecot.*|courier.*|maildirsize|maildirfolder|subscriptions|cyrus\..*"
    r"|.*\.(?:msf|dat|plist|index|lock|emlxpart|sbd|toc|idx|db|sqlite(?:-\w+)?|wdseml)",
    re.IGNORECASE,
)


def kind_of(name: str, head: bytes) -> Kind:
    """What a file is, by its name and its first `HEAD_BYTES`."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    first, _, rest = start.partition(b"\n")
    if is_separator(first + b"\n", rest.partition(b"\n")[0], after_blank=True):
        return "mbox"
    if _PROGRAM_FILES.fullmatch(name) or name.startswith("."):
        return "program"
    length = _LENGTH.match(start)
    if length and _HEADER.match(start, length.end()):
        return "emlx"
    # "From x" above a single message, as MH has it
    return "message" if _HEADER.match(start) or first.startswith(b"From ") else "unknown"
