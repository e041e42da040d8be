"""Threads: which mails belong to one conversation, and which mail each of them answers."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby

from maverick_assets.datasets.mail.clean_mail import CleanMail
from maverick_assets.datasets.mail.languages import any_of


@dataclass(frozen=True)
class ThreadLink:
    """Where a mail stands in its conversation."""

    thread_id: str
    parent_id: str | None  # the mail that it answers: earlier, by another author, same thread


_WINDOW = timedelta(days=30)  # a subject or a quote is too weak to link a mail to an older one
# Outlook, German: "AW: WG: Öfen"; The Bat: "Re[2]: ovens". Chinese programs write a wide colon.
_PREFIXES = re.compile(
    r"^(?:\s*(?:"
    + any_of(lambda language: (*language.subjects.reply, *language.subjects.forward))
    + r")\s*(?:\[\d+\]|\(\d+\))?\s*[:\uff1a])+",
    re.IGNORECASE,
)
# "<1@x.example> (Dana Cole)"
_MESSAGE_ID = re.compile(r"<[^<>]+>")
_NO_LETTER = re.compile(r"\W+")
_KEY_CHARACTERS = 200
_SHORTEST_KEY = 20  # letters; "yes please" is no evidence, because many mails say it


def link_threads(mails: Sequence[CleanMail]) -> dict[str, ThreadLink]:
    """Thread and parent of each mail, by mail id; the order of `mails` does not matter.

    Evidence, strongest first: the CRM's thread id, In-Reply-To, the quoted words of a recipient's
    mail, the same subject between the same two people (the last two within 30 days). Threads with
    different CRM ids are never joined. The parent is the mail that In-Reply-To names, else the one
    whose words are quoted, else None.
    """
    ordered = sorted(mails, key=lambda mail: (mail.sent_at, mail.id))
    reply_targets = _reply_targets(ordered)
    threads = _Threads(ordered)
    for mail in ordered:
        if mail.id in reply_targets:
            threads.join(mail, reply_targets[mail.id])
    for mail, original in _quoted_originals(ordered, None):
        if not mail.thread_id and mail.id not in reply_targets:
            threads.join(mail, original)
    _join_by_subject(ordered, reply_targets, threads)
    thread_ids = threads.thread_ids()
    parents = {mail.id: original.id for mail, original in _quoted_originals(ordered, thread_ids)}
    for mail in ordered:
        target = reply_targets.get(mail.id)
        same_thread = target and thread_ids[target.id] == thread_ids[mail.id]
        if target and same_thread and _may_answer(mail, target):
            parents[mail.id] = target.id
    return {mail.id: ThreadLink(thread_ids[mail.id], parents.get(mail.id)) for mail in mails}


def link_keys(mail: CleanMail) -> list[str]:
    """What can link a mail with others.

    Mails that no chain of shared keys connects have no influence on each other's thread or parent,
    so each connected set can be linked by itself.
    """
    keys = {f"thread {mail.thread_id}"} if mail.thread_id else set()
    keys.update(f"id {_bare(name)}" for name in (mail.message_id, mail.in_reply_to) if name)
    subject = normal_subject(mail.subject)
    if subject:
        keys.update(f"subject {' '.join(sorted(pair))} {subject}" for pair in _pairs(mail))
    words = (quote_key(mail.text), quote_key(mail.quoted or ""))
    keys.update(f"words {key}" for key in words if key)
    return sorted(keys)


def normal_subject(subject: str) -> str:
    """A subject without reply and forward prefixes, for comparison; may be empty."""
    return " ".join(_PREFIXES.sub("", subject).casefold().split())


def has_reply_prefix(subject: str) -> bool:
    """Whether a subject says that its mail answers or forwards another."""
    return _PREFIXES.match(subject) is not None


def quote_key(text: str) -> str | None:
    """A key that a text and a quote of it share; None for a text too short to be identified."""
    key = _opening_letters(text)
    return key if len(key) >= _SHORTEST_KEY else None


class _Threads:
    """Disjoint sets of mails (union-find); a set has at most one CRM thread id."""

    def __init__(self, ordered: Sequence[CleanMail]) -> None:
        self._rank = {mail.id: i for i, mail in enumerate(ordered)}
        self._leader = {mail.id: mail.id for mail in ordered}
        self._crm = {mail.id: mail.thread_id for mail in ordered if mail.thread_id}
        first: dict[str, CleanMail] = {}
        for mail in ordered:
            if mail.thread_id:
                self.join(first.setdefault(mail.thread_id, mail), mail)

    def join(self, one: CleanMail, other: CleanMail) -> None:
        """Unite two sets under the earlier mail, unless their CRM thread ids differ."""
        early, late = sorted((self._find(one.id), self._find(other.id)), key=self._rank.__getitem__)
        crm = {self._crm[leader] for leader in (early, late) if leader in self._crm}
        if early == late or len(crm) > 1:
            return
        self._leader[late] = early
        self._crm.update((early, thread) for thread in crm)

    def thread_ids(self) -> dict[str, str]:
        """Mail id -> thread id: the CRM's, else one made of the thread's first mail."""
        leaders = {mail_id: self._find(mail_id) for mail_id in self._leader}
        return {mail: self._crm.get(leader, f"mail:{leader}") for mail, leader in leaders.items()}

    def _find(self, mail_id: str) -> str:
        while self._leader[mail_id] != mail_id:
            self._leader[mail_id] = self._leader[self._leader[mail_id]]
            mail_id = self._leader[mail_id]
        return mail_id


def _reply_targets(ordered: Sequence[CleanMail]) -> dict[str, CleanMail]:
    """Mail id -> the mail that its In-Reply-To names, where that mail is at hand."""
    by_message_id: dict[str, CleanMail] = {}
    for mail in ordered:
        if mail.message_id:
            by_message_id.setdefault(_bare(mail.message_id), mail)
    reply_targets = {
        m.id: by_message_id.get(_bare(m.in_reply_to)) for m in ordered if m.in_reply_to
    }
    return {mail_id: mail for mail_id, mail in reply_targets.items() if mail and mail.id != mail_id}


def _bare(message_id: str) -> str:
    """A Message-ID in its brackets, without the comment that some programs add."""
    match = _MESSAGE_ID.search(message_id)
    return match.group() if match else f"<{message_id.strip()}>"


def _join_by_subject(
    ordered: Sequence[CleanMail], reply_targets: dict[str, CleanMail], threads: _Threads
) -> None:
    """Join each mail without better evidence to the last one of its subject between two people."""
    last: dict[tuple[str, frozenset[str]], CleanMail] = {}
    for mail in ordered:
        subject = normal_subject(mail.subject)
        if not subject:
            continue
        for pair in _pairs(mail):
            earlier = last.get((subject, pair))
            recent = earlier and mail.sent_at - earlier.sent_at <= _WINDOW
            if earlier and recent and not mail.thread_id and mail.id not in reply_targets:
                threads.join(earlier, mail)
            last[subject, pair] = mail


def _pairs(mail: CleanMail) -> Iterator[frozenset[str]]:
    """Sender and recipient, for each recipient; the direction does not matter."""
    sender = mail.sender.lower()
    for recipient in sorted({address.lower() for address in mail.recipients} - {sender}):
        yield frozenset((sender, recipient))


def _quoted_originals(
    ordered: Sequence[CleanMail], threads: dict[str, str] | None
) -> Iterator[tuple[CleanMail, CleanMail]]:
    """Mails with the last earlier mail, by another author, whose words they quote.

    With `threads` (mail id -> thread id) the original is one of the same thread. Without, the quote
    must be long enough to identify a mail, and the original recent and written by a recipient.
    """

    def thread_of(mail: CleanMail) -> str:
        return threads[mail.id] if threads else ""

    # Thread and opening of a text -> its authors, each with the last mail that says it
    seen: dict[tuple[str, str], dict[str, CleanMail]] = defaultdict(dict)
    for _, same_time in groupby(ordered, key=lambda mail: mail.sent_at):
        group = list(same_time)  # mails of one moment do not answer each other
        for mail in group:
            quoted = _opening_letters(mail.quoted or "")
            if not quoted or (threads is None and len(quoted) < _SHORTEST_KEY):
                continue
            said = seen.get((thread_of(mail), quoted), {})
            originals = [
                original
                for original in said.values()
                if _may_answer(mail, original)
                and (threads is not None or _is_recent_recipient(original, mail))
            ]
            if originals:
                yield mail, originals[-1]
        for mail in group:
            authors = seen[thread_of(mail), _opening_letters(mail.text)]
            authors.pop(mail.sender.lower(), None)  # so that the last author is the last key
            authors[mail.sender.lower()] = mail


def _is_recent_recipient(original: CleanMail, mail: CleanMail) -> bool:
    """Whether `original` is recent and its author a recipient of `mail`."""
    addressed = original.sender.lower() in (address.lower() for address in mail.recipients)
    return addressed and mail.sent_at - original.sent_at <= _WINDOW


def _opening_letters(text: str) -> str:
    """The first letters and digits of a text: quoting wraps lines anew and may cut the end."""
    return _NO_LETTER.sub("", text.casefold())[:_KEY_CHARACTERS]


def _may_answer(mail: CleanMail, original: CleanMail) -> bool:
    """Whether `original` is earlier and by another author."""
    earlier = original.sent_at < mail.sent_at
    return earlier and original.sender.lower() != mail.sender.lower()
