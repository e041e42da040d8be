"""One cleaned mail: a row of `clean/mails`. Threads are linked later, when turns are built."""

from dataclasses import dataclass
from datetime import UTC, datetime

from maverick_assets.datasets.mail.cleaning import RemovedPart
from maverick_assets.datasets.mail.programs.line_keys import LineKeys

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # stands for a missing time, older than all others


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
    automatic: str | None = None  # why it counts as machine mail; None where a person wrote it
    removed: tuple[RemovedPart, ...] = ()
    references: tuple[str, ...] = ()  # Message-IDs of the conversation, the answered one last
    # `forward`, or `own words` that it quotes: why it answers nobody; None where it may
    no_answer: str | None = None
    # By which lines that recur are counted: of its own words and of the quoted ones, as the rules
    # alone divide them
    lines: tuple[LineKeys, ...] = ()
    evidence: str | None = None  # of who wrote it (`authorship.evidence`); None: the row itself
    # Why it is not taken for the words of its sender (`authorship.judgement`); None where it is
    authorship: str | None = None

    @property
    def parent_name(self) -> str | None:
        """The Message-ID of the mail that it answers, according to its headers."""
        return self.in_reply_to or (self.references[-1] if self.references else None)
