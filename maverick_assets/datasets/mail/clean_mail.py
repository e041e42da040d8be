"""One cleaned mail: a row of `clean/mails`, before threads are made of them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from maverick_assets.datasets.mail.cleaning import RemovedPart

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # of a row without a time: older than all others


@dataclass(frozen=True)
class CleanMail:
    """A mail's own words, and what links it to other mails."""

    id: str  # "<raw table>:<row id>"
    message_id: str | None
    in_reply_to: str | None
    thread_id: str | None  # the CRM's
    sender: str  # address in lower case
    recipients: tuple[str, ...]  # addresses in lower case
    subject: str
    sent_at: datetime  # with a time zone
    text: str
    quoted: str | None  # the words of the mail that it answers
    automatic: str | None = None  # why a program wrote it, None where a person did
    removed: tuple[RemovedPart, ...] = ()
