"""What a mailbox says of a message beside it: words for the letters that each kind writes."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

# Maildir, "1717312800.M1P2.host:2,RS"; where ":" cannot stand in a name, ";2,RS" or "!2,RS"
_INFO = re.compile(r"[:;!]2,([A-Za-z]+)$")
_MAILDIR = {
    **{"D": "draft", "F": "flagged", "P": "passed"},
    **{"R": "replied", "S": "seen", "T": "trashed"},
}
# mbox, in Status and X-Status: "RO", "A"
_MBOX = {"R": "seen", "A": "replied", "F": "flagged", "T": "draft", "D": "trashed"}


def maildir_flags(file: Path) -> tuple[str, ...]:
    """The flags in the name of a file of a Maildir."""
    info = _INFO.search(file.name)
    return _words(info[1] if info else "", _MAILDIR)


def mbox_flags(headers: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The flags that a message of an mbox carries in headers of its own."""
    letters = [value for name in ("status", "x-status") for value in headers.get(name, ())]
    return _words("".join(letters), _MBOX)


def _words(letters: str, meaning: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(meaning[letter] for letter in letters if letter in meaning))
