"""Which mails belong to one conversation, and which mail a mail answers."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from maverick_assets.datasets.mail.cleaning import Removed

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # of a row without a time: older than all others


@dataclass(frozen=True)
class Mail:
    """`text`, `quoted` and `removed` as `clean_mail` gives them; `sent_at` with a time zone.
    `automatic`: why it is a program's mail."""

    id: str
    message_id: str | None
    in_reply_to: str | None
    thread_id: str | None
    sender: str
    recipients: tuple[str, ...]
    subject: str
    sent_at: datetime
    text: str
    quoted: str | None
    automatic: str | None = None
    removed: tuple[Removed, ...] = ()


@dataclass(frozen=True)
class Link:
    """`parent_id`: the mail that is answered: earlier, by another author, in the same thread."""

    thread_id: str
    parent_id: str | None


_WINDOW = timedelta(days=30)
_PREFIXES = re.compile(
    r"^(?:\s*(?:re|fwd?|aw|antw|wg|sv|vs|vb|tr|rv|res|enc|rif|odp|pd|ynt|doorst|回复|答复|转发)"
    r"\s*(?:\[\d+\]|\(\d+\))?\s*[:\uff1a])+",
    re.IGNORECASE,
)
_MESSAGE_ID = re.compile(r"<[^<>]+>")
_WORDS = re.compile(r"\W+")
_FINGERPRINT_CHARACTERS = 200
_TELLING_CHARACTERS = 20


def link_threads(mails: Sequence[Mail]) -> dict[str, Link]:
    """Thread and parent of each mail, by mail id; the order of `mails` does not matter.

    Evidence, strongest first: the CRM's thread id, In-Reply-To, the quoted words of a recipient's
    mail, the same subject between the same two people (the last two within 30 days). Threads with
    different CRM ids are never joined. The parent is the mail that In-Reply-To names, else the one
    whose words are quoted, else None.
    """
    ordered = sorted(mails, key=lambda mail: (mail.sent_at, mail.id))
    replied = _replied_mails(ordered)
    threads = _Threads(ordered)
    for mail in ordered:
        if mail.id in replied:
            threads.join(mail, replied[mail.id])
    for mail, original in _quoted_originals(ordered, None):
        if not mail.thread_id and mail.id not in replied:
            threads.join(mail, original)
    _join_by_subject(ordered, replied, threads)
    names = threads.names()
    parents = {mail.id: original.id for mail, original in _quoted_originals(ordered, names)}
    for mail in ordered:
        named = replied.get(mail.id)
        if named and names[named.id] == names[mail.id] and _may_answer(mail, named):
            parents[mail.id] = named.id
    return {mail.id: Link(names[mail.id], parents.get(mail.id)) for mail in mails}


def link_keys(mail: Mail) -> list[str]:
    """What can link a mail with others. Mails that no chain of shared keys connects do not
    influence each other's thread or parent, so each connected set can be linked alone."""
    keys = {f"thread {mail.thread_id}"} if mail.thread_id else set()
    keys.update(f"id {_bare(name)}" for name in (mail.message_id, mail.in_reply_to) if name)
    subject = normal_subject(mail.subject)
    if subject:
        keys.update(f"subject {' '.join(sorted(pair))} {subject}" for pair in _pairs(mail))
    words = (_fingerprint(mail.text), _fingerprint(mail.quoted or ""))
    keys.update(f"words {each}" for each in words if len(each) >= _TELLING_CHARACTERS)
    return sorted(keys)


def normal_subject(subject: str) -> str:
    """A subject without reply and forward prefixes, for comparison; empty for none."""
    return " ".join(_PREFIXES.sub("", subject).casefold().split())


def has_reply_prefix(subject: str) -> bool:
    """Whether a subject says that its mail answers or forwards another."""
    return _PREFIXES.match(subject) is not None


def telling_words(text: str) -> str | None:
    """What a text and a quote of it have in common; None when it is too short to tell."""
    words = _fingerprint(text)
    return words if len(words) >= _TELLING_CHARACTERS else None


class _Threads:
    """Disjoint sets of mails (union-find); a set has at most one CRM thread id."""

    def __init__(self, ordered: Sequence[Mail]) -> None:
        self._rank = {mail.id: i for i, mail in enumerate(ordered)}
        self._leader = {mail.id: mail.id for mail in ordered}
        self._crm = {mail.id: mail.thread_id for mail in ordered if mail.thread_id}
        first: dict[str, Mail] = {}
        for mail in ordered:
            if mail.thread_id:
                self.join(first.setdefault(mail.thread_id, mail), mail)

    def join(self, one: Mail, other: Mail) -> None:
        """Unite two sets under the earlier mail, unless their CRM thread ids differ."""
        early, late = sorted((self._find(one.id), self._find(other.id)), key=self._rank.__getitem__)
        crm = {self._crm[leader] for leader in (early, late) if leader in self._crm}
        if early == late or len(crm) > 1:
            return
        self._leader[late] = early
        self._crm.update((early, thread) for thread in crm)

    def names(self) -> dict[str, str]:
        """Mail id -> thread id: the CRM's, else one made of the thread's first mail."""
        leaders = {mail_id: self._find(mail_id) for mail_id in self._leader}
        return {mail: self._crm.get(leader, f"mail:{leader}") for mail, leader in leaders.items()}

    def _find(self, mail_id: str) -> str:
        while self._leader[mail_id] != mail_id:
            self._leader[mail_id] = self._leader[self._leader[mail_id]]
            mail_id = self._leader[mail_id]
        return mail_id


def _replied_mails(ordered: Sequence[Mail]) -> dict[str, Mail]:
    """Mail id -> the mail that its In-Reply-To names, where we have it."""
    by_message_id: dict[str, Mail] = {}
    for mail in ordered:
        if mail.message_id:
            by_message_id.setdefault(_bare(mail.message_id), mail)
    found = {m.id: by_message_id.get(_bare(m.in_reply_to)) for m in ordered if m.in_reply_to}
    return {mail_id: mail for mail_id, mail in found.items() if mail and mail.id != mail_id}


def _bare(message_id: str) -> str:
    match = _MESSAGE_ID.search(message_id)
    return match.group() if match else f"<{message_id.strip()}>"


def _join_by_subject(ordered: Sequence[Mail], replied: dict[str, Mail], threads: _Threads) -> None:
    """Join mails without better evidence to the last mail of that subject between two people."""
    last: dict[tuple[str, frozenset[str]], Mail] = {}
    for mail in ordered:
        subject = normal_subject(mail.subject)
        if not subject:
            continue
        for pair in _pairs(mail):
            earlier = last.get((subject, pair))
            near = earlier and mail.sent_at - earlier.sent_at <= _WINDOW
            if earlier and near and not mail.thread_id and mail.id not in replied:
                threads.join(earlier, mail)
            last[subject, pair] = mail


def _pairs(mail: Mail) -> Iterator[frozenset[str]]:
    """Sender and recipient, for each recipient; the direction does not matter."""
    sender = mail.sender.lower()
    for recipient in sorted({address.lower() for address in mail.recipients} - {sender}):
        yield frozenset((sender, recipient))


def _quoted_originals(
    ordered: Sequence[Mail], threads: dict[str, str] | None
) -> Iterator[tuple[Mail, Mail]]:
    """Mails with the last earlier mail, by another author, whose words they quote.

    With `threads` the original is one of the same thread; without, the quote must be long enough
    to tell mails apart, and the original recent and written by a recipient.
    """
    seen: dict[tuple[str, str], dict[str, Mail]] = defaultdict(dict)
    for _, same_time in groupby(ordered, key=lambda mail: mail.sent_at):
        group = list(same_time)  # mails of one moment do not answer each other
        for mail in group:
            quoted = _fingerprint(mail.quoted or "")
            found = seen.get((threads[mail.id] if threads else "", quoted), {}) if quoted else {}
            originals = [one for one in found.values() if _may_answer(mail, one)]
            if threads is None:
                long = len(quoted) >= _TELLING_CHARACTERS
                originals = [one for one in originals if long and _wrote_recently(one, mail)]
            if originals:
                yield mail, originals[-1]
        for mail in group:
            authors = seen[threads[mail.id] if threads else "", _fingerprint(mail.text)]
            authors.pop(mail.sender.lower(), None)  # so that the last author is the last key
            authors[mail.sender.lower()] = mail


def _wrote_recently(original: Mail, mail: Mail) -> bool:
    addressed = original.sender.lower() in (address.lower() for address in mail.recipients)
    return addressed and mail.sent_at - original.sent_at <= _WINDOW


def _fingerprint(text: str) -> str:
    """Letters and digits of the beginning: quoting rewraps lines and may cut the end."""
    return _WORDS.sub("", text.casefold())[:_FINGERPRINT_CHARACTERS]


def _may_answer(mail: Mail, original: Mail) -> bool:
    earlier = original.sent_at < mail.sent_at
    return earlier and original.sender.lower() != mail.sender.lower()
