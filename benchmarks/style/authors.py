"""People of the Enron mailboxes, with the texts that each wrote, masked.

Texts are cleaned as an ingest cleans them. A thread is a subject of one person: what he wrote under
one subject is never both learnt from and tested.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maverick_assets.crm.people.folding import fold
from maverick_assets.datasets.mail.links.subjects import normal_subject
from maverick_assets.datasets.mail.table import clean_row
from maverick_assets.datasets.pseudonyms.name_lists import given_names
from maverick_assets.errors import BadInput
from maverick_assets.evaluation.style.blocks import StyleText
from maverick_assets.evaluation.style.masking import Masking
from maverick_assets_tests.corpora.real_data import read_rows

MAILBOXES = ("mailbox-arnold", "mailbox-crandall", "mailbox-others")
_MOST_CHARACTERS = 2_000  # as in the panel: longer ones are rarely somebody's own words
# "john.arnold@enron.com", "h..lewis@enron.com"; the surname is the last word
_ADDRESS = re.compile(r"[a-z'-]+(?:\.[a-z'-]*)?\.([a-z'-]+)@enron\.com")
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True)
class Author:
    """A person who wrote from an address of the company."""

    name: str
    texts: Sequence[StyleText]

    @property
    def length(self) -> int:
        """Characters of all texts."""
        return sum(len(text.text) for text in self.texts)


def enron_authors(data: Path) -> list[Author]:
    """Everybody who is recognisably a person, those who wrote most first.

    Raises `BadInput` where the mailboxes are not in `data`.
    """
    rows = [row for name in MAILBOXES for row in _rows(name, data)]
    masking = Masking({word for row in rows for word in _words(row["sender_name"])})
    texts: dict[str, dict[str, StyleText]] = {}
    for row in rows:
        author = _author(row)
        mail = clean_row("crm_emails", _as_imported(row)) if author else None
        if author is None or mail is None or mail.automatic or mail.no_answer == "forward":
            continue
        if mail.text and len(mail.text) <= _MOST_CHARACTERS:
            thread = f"{author}: {normal_subject(row['subject']) or row['message_id']}"
            # A text that was sent twice counts once, in the thread that it was first sent in.
            own = texts.setdefault(author, {})
            own.setdefault(mail.text, StyleText(masking(mail.text), thread))
    authors = [Author(name, list(own.values())) for name, own in texts.items()]
    return sorted(authors, key=lambda author: (-author.length, author.name))


def halves(authors: Sequence[Author]) -> tuple[list[Author], list[Author]]:
    """The half that settings are chosen on, and the locked one: every second of all authors."""
    return list(authors[::2]), list(authors[1::2])


def _rows(mailbox: str, data: Path) -> list[dict[str, Any]]:
    if not (data / mailbox).is_dir():
        raise BadInput(f"{data / mailbox} is missing; say with --data where the real texts are")
    return list(read_rows(f"{mailbox}/emails", data))


def _author(row: Mapping[str, Any]) -> str | None:
    """Who wrote a mail, by the words of his displayed name; None for programs and strangers.

    One person has several addresses and forms of his name: "Peter F Keavey", "Keavey, Peter F.".
    """
    match = _ADDRESS.fullmatch(row["sender_email"])
    words = _words(row["sender_name"])
    if not match or fold(match.group(1)) not in words or not words & given_names():
        return None
    return " ".join(sorted(words))


def _words(displayed: str) -> frozenset[str]:
    """The words of a displayed name, without what an address book writes behind it."""
    return frozenset(fold(word) for word in _WORD.findall(displayed.partition("<")[0]))


def _as_imported(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{"id": row["message_id"], "sender_email": row["sender_email"]},
        **{"subject": row["subject"], "body": row["body"], "sent_at": None, "thread_id": None},
        **{"message_id": row["message_id"], "in_reply_to": None, "updated_at": None},
        **{"recipients": ", ".join([*row["recipients"], *row["cc"]]), "headers": None},
        "folder": None,
    }
